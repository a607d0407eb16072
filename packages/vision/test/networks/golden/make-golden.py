"""Makes golden.json: a residual network and a MobileNet of PyTorch 2.13.0, their counts of parameters and their outputs.

    python make-golden.py   (pip install torch==2.13.0)

Run it in this folder. Weights and inputs are not stored: both sides draw them from `values(name, shape)`, whose numbers
are exact in float32, as packages/models/test/golden/make-golden.py does.
"""

import json

import torch
import torch.nn.functional as F
from torch import nn

WORD = 0xFFFFFFFF


def values(name, shape):
    seed = 0x811C9DC5
    for character in name:
        seed = ((seed ^ ord(character)) * 0x01000193) & WORD
    drawn = []
    for i in range(torch.Size(shape).numel()):
        x = (seed + (i + 1) * 0x9E3779B9) & WORD
        x = ((x ^ (x >> 16)) * 0x85EBCA6B) & WORD
        x = ((x ^ (x >> 13)) * 0xC2B2AE35) & WORD
        x ^= x >> 16
        drawn.append((x >> 8) / 2**23 - 1)
    return torch.tensor(drawn).reshape(shape)


def fill(model):
    """Kernels below 1, other weights below a half, statistics that could be those of activations."""
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        drawn = values(name, tensor.shape)
        if name.endswith("running_var"):
            drawn = 0.25 + drawn / 8
        tensor.copy_(drawn if tensor.ndim > 1 or name.endswith("running_var") else drawn / 2)
    return model.eval()


def conv(inputs, filters, size=3, stride=1, groups=1):
    return nn.Conv2d(inputs, filters, size, stride, size // 2, groups=groups, bias=False)


class Block(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1, self.norm1 = conv(inputs, filters, 3, stride), nn.BatchNorm2d(filters)
        self.conv2, self.norm2 = conv(filters, filters), nn.BatchNorm2d(filters)
        self.shortcut = nn.Sequential()
        if stride > 1 or inputs != filters:
            self.shortcut = nn.Sequential(conv(inputs, filters, 1, stride), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class Mean(nn.Module):
    def forward(self, x):
        return x.mean((2, 3))


def resnet(channels, filters, blocks, classes):
    layers = [conv(channels, filters[0]), nn.BatchNorm2d(filters[0]), nn.ReLU()]
    inputs = filters[0]
    for stage, each in enumerate(filters):
        for block in range(blocks):
            layers.append(Block(inputs, each, 2 if stage > 0 and block == 0 else 1))
            inputs = each
    return nn.Sequential(*layers, Mean(), nn.Linear(inputs, classes))


def mobilenet(channels, stem, blocks, classes):
    filters, stride = stem
    layers = [conv(channels, filters, 3, stride), nn.BatchNorm2d(filters), nn.ReLU6()]
    for out, stride in blocks:
        layers += [conv(filters, filters, 3, stride, groups=filters), nn.BatchNorm2d(filters), nn.ReLU6()]
        layers += [conv(filters, out, 1), nn.BatchNorm2d(out), nn.ReLU6()]
        filters = out
    return nn.Sequential(*layers, Mean(), nn.Linear(filters, classes))


PAPER = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + [(512, 1)] * 5 + [(1024, 2), (1024, 1)]


def count(model):
    return sum(each.numel() for each in model.parameters())


def outputs(model, name, shape):
    with torch.no_grad():
        fill(model)
        return model(values(name, shape).permute(0, 3, 1, 2)).flatten().double().tolist()


golden = {
    "source": f"PyTorch {torch.__version__}",
    "parameters": {
        "resnet20": count(resnet(3, [16, 32, 64], 3, 10)),
        "mobilenet": count(mobilenet(3, (32, 2), PAPER, 1000)),
        "mobilenetHalf": count(mobilenet(3, (16, 2), [(f // 2, s) for f, s in PAPER], 10)),
    },
    "resnet": outputs(resnet(2, [3, 5], 2, 4), "x", (2, 9, 7, 2)),
    "mobilenet": outputs(mobilenet(2, (4, 1), [(6, 2), (5, 1)], 3), "x", (2, 9, 7, 2)),
}
with open("golden.json", "w") as file:
    json.dump(golden, file)
    file.write("\n")
