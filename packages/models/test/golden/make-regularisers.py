"""Makes regularisers.json beside this file: cells with layer norm, recurrent dropout and zoneout, step by step in PyTorch 2.13
in float64, with outputs, last states and the gradient of everything that has one.

Run: python3 make-regularisers.py   (pip install torch==2.13.0 numpy)

Inputs, weights, masks and the probe are not stored: both sides draw them from `values(name, count)`. Masks are where such a
value is below the rate. The loss is sum(output * probe) + sum(last h * probe h).
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
WORD = 0xFFFFFFFF


def values(name, shape):
    """As in make-golden.py."""
    seed = 0x811C9DC5
    for character in name:
        seed = ((seed ^ ord(character)) * 0x01000193) & WORD
    count = 1
    for size in shape:
        count *= size
    drawn = []
    for i in range(count):
        x = (seed + (i + 1) * 0x9E3779B9) & WORD
        x = ((x ^ (x >> 16)) * 0x85EBCA6B) & WORD
        x = ((x ^ (x >> 13)) * 0xC2B2AE35) & WORD
        x ^= x >> 16
        drawn.append((x >> 8) / 2**23 - 1)
    return torch.tensor(drawn).reshape(shape)


def bernoulli(name, shape, rate):
    """1 with probability `rate`."""
    return ((values(name, shape) + 1) / 2 < rate).double()


class LayerNormCell(torch.nn.Module):
    """One step of a cell; layer norms are torch's own, without their shift."""

    def __init__(self, kind, units, norm):
        super().__init__()
        self.kind, self.units, self.norm = kind, units, norm

    def normed(self, value, gain):
        return F.layer_norm(value, (value.shape[1],), weight=gain) if self.norm else value

    def gates(self, value, gain):
        """A gru's r and z together, and its candidate."""
        gain = gain if gain is not None else torch.ones(3 * self.units)
        parts = zip(value.split([2 * self.units, self.units], 1), gain.split([2 * self.units, self.units]))
        return torch.cat([self.normed(part, own) for part, own in parts], 1)

    def forward(self, x, h, c, entering, w):
        units = self.units
        if self.kind == "rnn":
            return torch.tanh(self.normed(x @ w["kernel"] + entering @ w["recurrent"], w.get("gain")) + w["bias"]), c
        if self.kind == "lstm":
            sums = (
                self.normed(x @ w["kernel"], w.get("inputGain"))
                + self.normed(entering @ w["recurrent"], w.get("recurrentGain"))
                + w["bias"]
            )
            i, f, g, o = sums.chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            shaped = self.normed(c, w.get("cellGain"))
            return o.sigmoid() * torch.tanh(shaped + w["cellShift"] if self.norm else shaped), c
        xs = (self.gates(x @ w["kernel"], w.get("inputGain")) if self.norm else x @ w["kernel"]) + w["bias"]
        if self.kind == "gru":
            product = entering @ w["recurrent"]
            hs = (self.gates(product, w.get("recurrentGain")) if self.norm else product) + w["recurrentBias"]
            r = (xs[:, :units] + hs[:, :units]).sigmoid()
            z = (xs[:, units : 2 * units] + hs[:, units : 2 * units]).sigmoid()
            n = (xs[:, 2 * units :] + r * hs[:, 2 * units :]).tanh()
        else:
            gain = w.get("recurrentGain")
            both = self.normed(entering @ w["recurrent"][:, : 2 * units], gain[: 2 * units] if self.norm else None)
            r, z = (xs[:, : 2 * units] + both).sigmoid().chunk(2, 1)
            product = (r * entering) @ w["recurrent"][:, 2 * units :]
            n = (xs[:, 2 * units :] + self.normed(product, gain[2 * units :] if self.norm else None)).tanh()
        return (1 - z) * n + z * h, c


GATES = {"rnn": 1, "lstm": 4, "gru": 3, "gruBefore": 3}


def case(kind, units, steps, batch, channels, norm=False, factors=0.0, keep=(0.0, 0.0), expected=False):
    n = GATES[kind] * units
    shapes = {"kernel": (channels, n), "recurrent": (units, n), "bias": (n,)}
    if kind == "gru":
        shapes["recurrentBias"] = (n,)
    if norm:
        own = {"gain": (units,)} if kind == "rnn" else {"inputGain": (n,), "recurrentGain": (n,)}
        shapes |= own | ({"cellGain": (units,), "cellShift": (units,)} if kind == "lstm" else {})
    leaves = {"x": values("x", (batch, steps, channels)).requires_grad_()}
    for name, shape in shapes.items():
        shift = 1 if name.lower().endswith("gain") else 0
        leaves[name] = (values(name, shape) / 2 + shift).requires_grad_()
    for name in ["h0", "c0"] if kind == "lstm" else ["h0"]:
        leaves[name] = values(name, (batch, units)).requires_grad_()
    cell = LayerNormCell(kind, units, norm)
    mask = (1 - bernoulli("factors", (batch, units), factors)) / (1 - factors)
    h, c = leaves["h0"], leaves.get("c0", torch.zeros(batch, units))
    outputs = []
    for t in range(steps):
        new_h, new_c = cell(leaves["x"][:, t], h, c, h * mask, leaves)
        kept = [
            torch.full((batch, units), rate) if expected else bernoulli(f"keep {state} {t}", (batch, units), rate)
            for state, rate in zip("hc", keep)
        ]
        h = kept[0] * h + (1 - kept[0]) * new_h
        c = kept[1] * c + (1 - kept[1]) * new_c
        outputs.append(h)
    output = torch.stack(outputs, 1)
    ((output * values("probe", output.shape)).sum() + (h * values("probe h", h.shape)).sum()).backward()
    numbers = lambda tensor: [float(f"{value:.8g}") for value in tensor.detach().reshape(-1).tolist()]
    return {
        "cell": kind,
        "sizes": {"B": batch, "T": steps, "C": channels, "H": units},
        "norm": norm,
        "factors": factors,
        "keep": list(keep),
        "expected": expected,
        "output": numbers(output),
        "gradients": {name: numbers(leaf.grad) for name, leaf in leaves.items()},
    }


cases = []
for kind in GATES:
    # Sizes whose draws leave no deviation near 0: layer norm divides by it, and in float32 not even PyTorch keeps 1e-5 there.
    for sizes in [(3, 2, 2, 2), (7, 7, 3, 2), (4, 1, 1, 3)]:
        cases.append(case(kind, *sizes, norm=True))
    zones = (0.3, 0.5) if kind == "lstm" else (0.3, 0.0)
    cases.append(case(kind, 5, 7, 3, 2, factors=0.4))
    cases.append(case(kind, 5, 7, 3, 2, keep=zones))
    cases.append(case(kind, 5, 7, 3, 2, keep=zones, expected=True))
    cases.append(case(kind, 7, 7, 3, 2, norm=True, factors=0.4, keep=zones))
cases.append(case("lstm", 5, 7, 3, 2, keep=(0.0, 0.5)))
head = {"source": f"PyTorch {torch.__version__}, float64, make-regularisers.py"}
body = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
path = pathlib.Path(__file__).parent / "regularisers.json"
path.write_text(json.dumps(head)[:-1] + ',\n"cases":[\n' + body + "\n]}\n")
print(len(cases), "cases", path.stat().st_size, "bytes")
