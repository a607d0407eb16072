# Values and gradients by the outputs of every loss beyond the pointwise ones, with and without weights, computed by
# PyTorch 2.13.0 in float64 from float32 inputs.
# Run: python make-golden.py > golden.json     (pip install torch==2.13.0)
import json
import math
import torch
import torch.nn.functional as F

torch.manual_seed(20260202)
B, K = 6, 4


def draw(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).to(torch.float32)


y = draw(B, K)
weight = torch.tensor([[1, 0, 2, 1], [0.5, 1, 1, 1], [0, 0, 3, 0.25]] * 2, dtype=torch.float32)
# Classes: known ones in the first half, probabilities in the second.
probabilities = torch.softmax(draw(B, K, scale=2), dim=1)
probabilities[:3] = F.one_hot(probabilities[:3].argmax(1), K).to(torch.float32)
labels = torch.cat([F.one_hot(torch.randint(0, 2, (B, K)), 2)[..., 1][:4].to(torch.float32), torch.rand(2, K)])


def mean(each, w):
    return each.mean() if w is None else (each * w).sum() / w.sum()


def gaussian(o, t, w, floor=1e-3, beta=0.0):
    sd = F.softplus(o[..., 1]) + floor
    each = F.gaussian_nll_loss(o[..., 0], t, sd**2, full=True, eps=1e-12, reduction="none")
    return mean((sd**2).detach() ** beta * each, w)


def student(o, t, w, floor=1e-3, degreesOfFreedom=None):
    nu = torch.tensor(float(degreesOfFreedom)) if degreesOfFreedom else 2.01 + F.softplus(o[..., 2])
    law = torch.distributions.StudentT(nu, o[..., 0], F.softplus(o[..., 1]) + floor)
    return mean(-law.log_prob(t), w)


def quantile(o, t, w, levels):
    m = min(range(len(levels)), key=lambda k: (abs(levels[k] - 0.5), k))
    z = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(levels, dtype=o.dtype))
    step = lambda k, before: (z[k] - z[before]).abs() / math.log(2) * F.softplus(o[..., k])
    q = [None] * len(levels)
    q[m] = o[..., m]
    for k in range(m + 1, len(levels)):
        q[k] = q[k - 1] + step(k, k - 1)
    for k in range(m - 1, -1, -1):
        q[k] = q[k + 1] - step(k, k + 1)
    pinball = [torch.maximum(l * (t - each), (l - 1) * (t - each)) for l, each in zip(levels, q)]
    return mean(2 * torch.stack(pinball).mean(0), w)


def binary(o, t, w, positiveWeight=1.0):
    pos = torch.tensor(positiveWeight, dtype=o.dtype)
    return mean(F.binary_cross_entropy_with_logits(o, t, reduction="none", pos_weight=pos), w)


def binary_focal(o, t, w, gamma=2.0, alpha=None):
    # Written out from the paper; torchvision's sigmoid_focal_loss agrees for targets 0 and 1.
    p = torch.sigmoid(o)
    a, b = (1, 1) if alpha is None else (alpha, 1 - alpha)
    return mean(-a * t * (1 - p) ** gamma * F.logsigmoid(o) - b * (1 - t) * p**gamma * F.logsigmoid(-o), w)


def cross_entropy(o, t, w, classWeights=None, labelSmoothing=0.0):
    c = torch.ones(K, dtype=o.dtype) if classWeights is None else torch.tensor(classWeights, dtype=o.dtype)
    if w is None and classWeights is None:
        return F.cross_entropy(o, t, label_smoothing=labelSmoothing)
    mass = c * ((1 - labelSmoothing) * t + labelSmoothing / K) * (1 if w is None else w)
    return -(mass * torch.log_softmax(o, 1)).sum() / mass.sum()


def focal(o, t, w, gamma=2.0, alpha=None):
    a = torch.ones(K, dtype=o.dtype) if alpha is None else torch.tensor(alpha, dtype=o.dtype)
    mass = t if w is None else t * w
    log_p = torch.log_softmax(o, 1)
    return -(a * mass * (1 - log_p.exp()) ** gamma * log_p).sum() / mass.sum()


cases = [
    ("gaussianNll", gaussian, 2, {}),
    ("gaussianNll", gaussian, 2, {"floor": 0.1}),
    ("betaNll", gaussian, 2, {"beta": 0.5}),
    ("betaNll", gaussian, 2, {"beta": 1.0}),
    ("studentTNll", student, 3, {}),
    ("studentTNll", student, 2, {"degreesOfFreedom": 3}),
    ("studentTNll", student, 2, {"degreesOfFreedom": 0.7}),
    ("quantileLoss", quantile, 5, {"levels": [0.05, 0.25, 0.5, 0.75, 0.95]}),
    ("quantileLoss", quantile, 2, {"levels": [0.1, 0.9]}),
    ("quantileLoss", quantile, 1, {"levels": [0.3]}),
    ("binaryCrossEntropy", binary, 0, {}),
    ("binaryCrossEntropy", binary, 0, {"positiveWeight": 3.5}),
    ("binaryFocal", binary_focal, 0, {}),
    ("binaryFocal", binary_focal, 0, {"gamma": 0.5, "alpha": 0.25}),
    ("crossEntropy", cross_entropy, -1, {}),
    ("crossEntropy", cross_entropy, -1, {"classWeights": [1, 2, 0.5, 4]}),
    ("crossEntropy", cross_entropy, -1, {"labelSmoothing": 0.1}),
    ("crossEntropy", cross_entropy, -1, {"classWeights": [1, 2, 0.5, 4], "labelSmoothing": 0.1}),
    ("focal", focal, -1, {}),
    ("focal", focal, -1, {"gamma": 0.5, "alpha": [1, 2, 0.5, 4]}),
    ("focal", focal, -1, {"gamma": 0}),
]


def array(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}


def run(kind, loss, parameters, settings, weighted):
    output = draw(B, K, parameters, scale=1.5) if parameters > 0 else draw(B, K, scale=2)
    t = {-1: probabilities, 0: labels}.get(parameters, y).double()
    o = output.double().requires_grad_()
    value = loss(o, t, weight.double() if weighted else None, **settings)
    value.backward()
    return {
        "config": {"type": kind, **settings},
        "targets": {-1: "probabilities", 0: "labels"}.get(parameters, "y"),
        "weighted": weighted,
        "output": array(output),
        "value": float(f"{value.item():.12g}"),
        "gradient": [float(f"{v:.9g}") for v in o.grad.flatten().tolist()],
    }


result = {
    "torch": torch.__version__,
    "y": array(y),
    "weight": array(weight),
    "probabilities": array(probabilities),
    "labels": array(labels),
    "cases": [run(*case, weighted) for case in cases for weighted in (False, True)],
}
# One line per case keeps changes readable.
print(json.dumps(result, separators=(",", ":")).replace('{"config"', '\n{"config"'))
