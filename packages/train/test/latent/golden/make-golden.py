"""Makes vae-loss.json beside this file: values and gradients of the loss, from PyTorch 2.13's distributions in float64.

Run: python3 make-golden.py   (pip install torch==2.13.0 numpy)
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from torch.distributions import Normal, kl_divergence

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)


def numbers(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]


def rounded(tensor):
    return tensor.to(torch.float32).to(torch.float64)


def case(name, settings, batch, shape, weighted=False):
    latent, classes = settings["latent"], settings.get("classes", 0)
    size = 1
    for each in shape:
        size *= each
    size -= classes
    output = rounded(torch.randn(batch, size + 2 * latent + classes)).requires_grad_()
    bernoulli = settings.get("reconstruction") == "bernoulli"
    given = torch.rand(batch, size) if bernoulli else torch.randn(batch, size)
    if classes == 1:
        labels = torch.randint(0, 2, (batch, 1)).to(torch.float64)
    else:
        labels = F.one_hot(torch.randint(0, max(classes, 1), (batch,)), max(classes, 1)).to(torch.float64)[:, :classes]
    y = rounded(torch.cat([given, labels], 1))
    weight = torch.ones_like(y)
    if weighted:
        weight[:, :size] = torch.randint(0, 3, (batch, size)) / 2
        weight[0, :size] = 0
        weight[:, size:] = torch.randint(0, 3, (batch, 1)).to(torch.float64)
        weight[0, size:] = 1
    own = weight[:, :size]
    if settings.get("only") == "positives":
        own = own * y[:, size:]
    mean, log_variance = output[:, size : size + latent], output[:, size + latent : size + 2 * latent]
    if bernoulli:
        likelihood = F.binary_cross_entropy_with_logits(output[:, :size], y[:, :size], reduction="none")
    else:
        likelihood = -Normal(output[:, :size], settings.get("sigma", 1.0)).log_prob(y[:, :size])
    divergence = kl_divergence(Normal(mean, torch.exp(log_variance / 2)), Normal(0.0, 1.0)).sum(1)
    each = (own * likelihood).sum(1) + settings.get("beta", 1.0) * own.amax(1) * divergence
    if classes:
        logits, target = output[:, size + 2 * latent :], y[:, size:]
        if classes == 1:
            entropy = (weight[:, size:] * F.binary_cross_entropy_with_logits(logits, target, reduction="none")).sum(1)
        else:
            entropy = F.cross_entropy(logits, target, reduction="none") * weight[:, size]
        each = each + settings.get("classWeight", 1.0) * entropy
    loss = each.sum() / weight.mean(1).sum()
    loss.backward()
    return {
        "name": name,
        "settings": settings,
        "output": {"data": numbers(output), "shape": list(output.shape)},
        "y": {"data": numbers(y), "shape": [batch, *shape]},
        **({"weight": {"data": numbers(weight), "shape": [batch, *shape]}} if weighted else {}),
        "value": float(f"{loss.item():.9g}"),
        "gradient": numbers(output.grad),
    }


cases = [
    case("gaussian", {"latent": 2}, 3, [5]),
    case("gaussian, sigma 0.3, beta 4, images", {"latent": 3, "sigma": 0.3, "beta": 4}, 2, [3, 2, 1]),
    case("bernoulli", {"latent": 1, "reconstruction": "bernoulli"}, 4, [7]),
    case("one class", {"latent": 2, "classes": 1, "classWeight": 5}, 4, [6]),
    case("three classes, weighted", {"latent": 2, "classes": 3, "classWeight": 0.5, "beta": 0.1}, 5, [8], True),
    case("one class, weighted", {"latent": 2, "classes": 1, "reconstruction": "bernoulli"}, 5, [6], True),
    case("positives only", {"latent": 2, "classes": 1, "only": "positives", "beta": 2}, 6, [5]),
    case("positives only, weighted", {"latent": 2, "classes": 1, "only": "positives"}, 6, [5], True),
]
head = {"source": f"PyTorch {torch.__version__}, float64, make-golden.py"}
body = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
(pathlib.Path(__file__).parent / "vae-loss.json").write_text(json.dumps(head)[:-1] + ',\n"cases":[\n' + body + "\n]}\n")
