"""Integrated gradients of a small LSTM, summed step by step in float64: writes golden.json.

    python make-golden.py        # PyTorch 2.13

Weights are written in the layout of Tidecast: kernels [in, out], LSTM gates i, f, g, o.
"""

import json
import pathlib

import torch

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)

T, C, H, K, B = 6, 3, 4, 2, 3
STEPS = 20_000


def rounded(*shape):
    """Random numbers that float32 holds exactly."""
    return torch.randn(*shape).mul(0.7).float().double()


kernel, recurrent, bias = rounded(C, 4 * H), rounded(H, 4 * H), rounded(4 * H)
head, head_bias = rounded(H, K), rounded(K)
x, baseline = rounded(B, T, C), rounded(T, C)


def network(inputs):
    h = torch.zeros(inputs.shape[0], H)
    c = torch.zeros(inputs.shape[0], H)
    for t in range(T):
        i, f, g, o = (inputs[:, t] @ kernel + h @ recurrent + bias).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h @ head + head_bias


attributions = []
for example in x:
    # The midpoint rule, so fine that its error is below 1e-8.
    alpha = ((torch.arange(STEPS) + 0.5) / STEPS).reshape(-1, 1, 1)
    rows = (baseline + alpha * (example - baseline)).requires_grad_()
    network(rows)[:, 1].sum().backward()
    attributions.append((example - baseline) * rows.grad.mean(dim=0))

array = lambda tensor: {"data": tensor.reshape(-1).tolist(), "shape": list(tensor.shape)}
golden = {
    "weights": {
        "0.lstm.kernel": array(kernel),
        "0.lstm.recurrent": array(recurrent),
        "0.lstm.bias": array(bias),
        "1.dense.kernel": array(head),
        "1.dense.bias": array(head_bias),
    },
    "x": array(x),
    "baseline": array(baseline),
    "output": network(x)[:, 1].tolist(),
    "baselineOutput": network(baseline.unsqueeze(0))[0, 1].item(),
    "attributions": array(torch.stack(attributions)),
}
pathlib.Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
