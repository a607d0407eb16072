"""Makes the golden vectors beside this file: Grad-CAM heat maps by PyTorch 2.13 in float64, with hooks and autograd.

Run: python3 make-grad-cam.py   (pip install torch==2.13.0)

Weights and pictures are not stored: both sides draw them from `values(name, count)` of the golden vectors of
@tidecast/models. A picture has the values 255·(v + 1)/2, and the network sees (value / 255 − mean) / std.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
FOLDER = pathlib.Path(__file__).parent
WORD = 0xFFFFFFFF
MEAN, STD = [0.4, 0.5, 0.6], [0.25, 0.5, 0.75]


def values(name, shape):
    """As in make-golden.py of @tidecast/models."""
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


class Network(torch.nn.Module):
    """The config's layers as modules with their names in this package."""

    def __init__(self, config):
        super().__init__()
        height, width, channels = config["input"]
        x = torch.zeros(1, channels, height, width)
        self.steps = torch.nn.ModuleDict()
        for index, layer in enumerate(config["layers"]):
            kind = layer["type"]
            name = f"{index}.{kind}"
            if kind == "cnn2d":
                kernel = 0.5 * values(f"{name}.kernel", (3, 3, x.shape[1], layer["filters"]))
                step = torch.nn.Conv2d(x.shape[1], layer["filters"], 3, padding=1 if layer.get("padding") == "same" else 0)
                step.weight.data = kernel.permute(3, 2, 0, 1).contiguous()
                step.bias.data = 0.5 * values(f"{name}.bias", (layer["filters"],))
                step = torch.nn.Sequential(step, torch.nn.ReLU())
            elif kind == "maxPool2d":
                step = torch.nn.MaxPool2d(2)
            elif kind == "globalPool2d":
                step = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())
            elif kind == "flatten":
                # Channels last, as the package has them.
                step = ChannelsLast()
            elif kind == "dense":
                step = torch.nn.Linear(x.shape[1], layer["units"])
                step.weight.data = (0.5 * values(f"{name}.kernel", (x.shape[1], layer["units"]))).T.contiguous()
                step.bias.data = 0.5 * values(f"{name}.bias", (layer["units"],))
            self.steps[name.replace(".", "_")] = step
            x = step(x)

    def forward(self, x):
        for step in self.steps.values():
            x = step(x)
        return x


class ChannelsLast(torch.nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def grad_cam(network, x, layer, target):
    kept = {}
    module = network.steps[layer.replace(".", "_")]
    hooks = [
        module.register_forward_hook(lambda _m, _i, output: kept.update(maps=output)),
        module.register_full_backward_hook(lambda _m, _i, output: kept.update(slopes=output[0])),
    ]
    output = network(x)
    output[0, target].backward()
    for hook in hooks:
        hook.remove()
    weights = kept["slopes"].mean((2, 3), keepdim=True)
    seen = F.relu((weights * kept["maps"]).sum(1, keepdim=True))
    seen = F.interpolate(seen, x.shape[2:], mode="bilinear", align_corners=False)
    return seen[0, 0].detach(), output[0].detach()


def case(name, config, layer):
    height, width, channels = config["input"]
    network = Network(config)
    image = 255 * (values("image", (height, width, channels)) + 1) / 2
    x = (image / 255 - torch.tensor(MEAN[:channels])) / torch.tensor(STD[:channels])
    x = x.permute(2, 0, 1)[None].requires_grad_()
    maps = []
    for target in range(config["layers"][-1]["units"]):
        seen, output = grad_cam(network, x, layer, target)
        maps.append(numbers(seen))
    return {
        "name": name,
        "config": config,
        "layer": layer,
        "output": numbers(output),
        "maps": maps,
    }


def numbers(tensor):
    return [float(f"{value:.8g}") for value in tensor.reshape(-1).tolist()]


first, second = {"type": "cnn2d", "filters": 4, "padding": "same"}, {"type": "cnn2d", "filters": 6}
pool, head = {"type": "maxPool2d"}, {"type": "dense", "units": 3}
classifier = {"input": [13, 10, 3], "layers": [first, pool, second, {"type": "flatten"}, head]}
mean = {"input": [9, 8, 1], "layers": [second, {"type": "globalPool2d"}, head]}
cases = [
    case("the last convolution", classifier, "2.cnn2d"),
    case("a pooling", classifier, "1.maxPool2d"),
    case("the first convolution, as large as the picture", classifier, "0.cnn2d"),
    case("under a global average pooling", mean, "0.cnn2d"),
]
head = {"source": f"PyTorch {torch.__version__}, float64, make-grad-cam.py", "mean": MEAN, "std": STD}
body = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
(FOLDER / "grad-cam.json").write_text(json.dumps(head)[:-1] + ',\n"cases":[\n' + body + "\n]}\n")
