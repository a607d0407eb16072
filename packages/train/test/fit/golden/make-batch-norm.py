# Ten training losses, final weights and running statistics of a small residual network with batch norm, whole and with its first
# layers frozen, computed by PyTorch 2.13.0 in float64 from float32 starting values.
# Run: python make-batch-norm.py > batch-norm.json     (pip install torch==2.13.0)
# Kernels are [height, width, in, out], as Tidecast stores them; images have their channels last.
import json

import torch
import torch.nn.functional as F

torch.manual_seed(20260102)


def draw(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).to(torch.float32)


x = draw(12, 5, 4, 2)
y = F.one_hot(torch.arange(12) % 3, 3).to(torch.float32)
names = ["1.batchNorm", "2.residual.layers.1.batchNorm"]
weights = {
    "0.cnn2d.kernel": draw(3, 3, 2, 4, scale=0.4),
    "1.batchNorm.gamma": 1 + draw(4, scale=0.2),
    "1.batchNorm.beta": draw(4, scale=0.2),
    "2.residual.layers.0.cnn2d.kernel": draw(3, 3, 4, 4, scale=0.3),
    "2.residual.layers.1.batchNorm.gamma": 1 + draw(4, scale=0.2),
    "2.residual.layers.1.batchNorm.beta": draw(4, scale=0.2),
    "4.dense.kernel": draw(4, 3, scale=0.5),
    "4.dense.bias": draw(3, scale=0.5),
}
statistics = {}
for name in names:
    statistics[f"{name}.mean"] = draw(4, scale=0.3)
    statistics[f"{name}.variance"] = (1 + draw(4, scale=0.2)).abs()


def network(w, s, image, frozen):
    """`frozen`: names of the batch norms that run by their statistics."""

    def convolution(name, h):
        return F.conv2d(h, w[f"{name}.kernel"].permute(3, 2, 0, 1), padding=1)

    def norm(name, h):
        return F.batch_norm(h, s[f"{name}.mean"], s[f"{name}.variance"], w[f"{name}.gamma"], w[f"{name}.beta"],
                            training=name not in frozen)

    h = F.relu(norm(names[0], convolution("0.cnn2d", image.permute(0, 3, 1, 2))))
    h = F.relu(h + norm(names[1], convolution("2.residual.layers.0.cnn2d", h)))
    return h.mean((2, 3)) @ w["4.dense.kernel"] + w["4.dense.bias"]


def train(freeze):
    cold = [name for name in weights if any(name.startswith(prefix + ".") for prefix in freeze)]
    frozen = [name for name in names if name in freeze]
    w = {name: value.double().requires_grad_(name not in cold) for name, value in weights.items()}
    s = {name: value.double().clone() for name, value in statistics.items()}
    optimizer = torch.optim.SGD([each for each in w.values() if each.requires_grad], lr=0.1, momentum=0.9, weight_decay=0.01)
    losses = []
    for _ in range(10):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(w, s, x.double(), frozen), y.double())
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    after = network(w, s, x.double(), names)
    flat = lambda values: {name: value.detach().reshape(-1).tolist() for name, value in values.items()}
    return {"freeze": freeze, "losses": losses, "values": flat({**w, **s}), "output": after.detach().reshape(-1).tolist()}


array = lambda value: {"data": value.reshape(-1).tolist(), "shape": list(value.shape)}
print(json.dumps({
    "source": f"PyTorch {torch.__version__}, float64, make-batch-norm.py",
    "x": array(x),
    "y": array(y),
    "values": {name: array(value) for name, value in {**weights, **statistics}.items()},
    "cases": [train([]), train(["0.cnn2d", "1.batchNorm"])],
}))
