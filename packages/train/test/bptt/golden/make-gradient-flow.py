"""Makes gradient-flow.json beside this file: the gradients by every state of small recurrent nets, by retain_grad of PyTorch 2.13
in float64.

Run: python3 make-gradient-flow.py   (pip install torch==2.13.0 numpy)
"""

import json
import pathlib

import torch

torch.set_default_dtype(torch.float64)
B, T, C = 3, 7, 2
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]


def leaf(*shape):
    """Exact in float32, so that both sides begin with the same numbers."""
    return (torch.randn(*shape).float().double() * 0.5).requires_grad_()


def step(kind, x, h, c, w):
    gates = x @ w["kernel"] + w["bias"]
    product = h @ w["recurrent"]
    if kind == "rnn":
        return torch.tanh(gates + product), None
    if kind == "lstm":
        i, f, g, o = (gates + product).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        # h is made of the very tensor whose gradient is kept.
        c.retain_grad()
        return o.sigmoid() * c.tanh(), c
    product = product + w["recurrentBias"]
    (xr, xz, xn), (hr, hz, hn) = gates.chunk(3, 1), product.chunk(3, 1)
    r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()
    return (1 - z) * (xn + r * hn).tanh() + z * h, None


def case(kinds):
    """Recurrent layers on each other, a dense one on the last state; mean squared error."""
    torch.manual_seed(len(kinds) + sum(map(ord, kinds[0])))
    x, y = torch.randn(B, T, C).float().double(), torch.randn(B, 2).float().double()
    weights, states, sequence, units = {}, {}, x, 3
    for index, kind in enumerate(kinds):
        channels, units = sequence.shape[2], 3 + index
        n = GATES[kind] * units
        own = {"kernel": leaf(channels, n), "recurrent": leaf(units, n), "bias": leaf(n)}
        if kind == "gru":
            own["recurrentBias"] = leaf(n)
        weights |= {f"{index}.{kind}.{name}": value for name, value in own.items()}
        h, c, outputs = torch.zeros(B, units), torch.zeros(B, units), []
        for t in range(T):
            h, c = step(kind, sequence[:, t], h, c, own)
            h.retain_grad()
            if c is not None:
                states.setdefault(f"{index}.{kind}.c", []).append(c)
            states.setdefault(f"{index}.{kind}.h", []).append(h)
            outputs.append(h)
        sequence = torch.stack(outputs, 1)
    head = {"kernel": leaf(units, 2), "bias": leaf(2)}
    weights |= {f"{len(kinds)}.dense.{name}": value for name, value in head.items()}
    ((h @ head["kernel"] + head["bias"] - y) ** 2).mean().backward()
    return {
        "layers": kinds,
        "x": numbers(x),
        "y": numbers(y),
        "weights": {name: {"data": numbers(value), "shape": list(value.shape)} for name, value in weights.items()},
        "norms": {name: [float(f"{each.grad.norm().item():.9g}") for each in all] for name, all in states.items()},
    }


cases = [case(kinds) for kinds in (["rnn"], ["lstm"], ["gru"], ["lstm", "gru", "rnn"])]
text = json.dumps({"source": f"PyTorch {torch.__version__}, float64, make-gradient-flow.py"})[:-1]
body = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
path = pathlib.Path(__file__).parent / "gradient-flow.json"
path.write_text(text + f', "shape": [{B}, {T}, {C}],\n"cases":[\n' + body + "\n]}\n")
print(len(cases), "cases", path.stat().st_size, "bytes")
