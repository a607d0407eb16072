"""Makes autoencoders.json beside this file: outputs and gradients of autoencoders' networks, from PyTorch 2.13 in float64.

Run: python3 make-golden.py   (pip install torch==2.13.0 numpy)

Weights, inputs and the probe are drawn by `values(name, count)`, as in ../../golden/make-golden.py; the loss is
sum(output * probe). The variational networks run without noise: z is the mean.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
WORD = 0xFFFFFFFF


def values(name, shape):
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


ACTIVATIONS = {"linear": lambda x: x, "tanh": torch.tanh, "relu": F.relu}


def run(layers, x, weight, prefix=""):
    for index, layer in enumerate(layers):
        kind = layer["type"]
        name = f"{prefix}{index}.{kind}"
        if kind == "dense":
            kernel = weight(f"{name}.kernel", x.shape[-1], layer["units"])
            x = ACTIVATIONS[layer.get("activation", "linear")](x @ kernel + weight(f"{name}.bias", layer["units"]))
        elif kind == "cnn2d":
            kernel = weight(f"{name}.kernel", 3, 3, x.shape[3], layer["filters"]).permute(3, 2, 0, 1).contiguous()
            bias = weight(f"{name}.bias", layer["filters"])
            image = F.conv2d(x.permute(0, 3, 1, 2), kernel, bias, padding=1)
            x = ACTIVATIONS[layer.get("activation", "relu")](image.permute(0, 2, 3, 1))
        elif kind == "lstm":
            units = layer["units"]
            module = torch.nn.LSTM(x.shape[2], units, batch_first=True)
            parameters = {
                "weight_ih_l0": weight(f"{name}.kernel", x.shape[2], 4 * units).T,
                "weight_hh_l0": weight(f"{name}.recurrent", units, 4 * units).T,
                "bias_ih_l0": weight(f"{name}.bias", 4 * units),
                "bias_hh_l0": torch.zeros(4 * units),
            }
            sequence, (last, _) = torch.func.functional_call(module, parameters, (x,))
            x = sequence if layer.get("returnSequences") else last[0]
        elif kind == "upsample1d":
            x = x.repeat_interleave(layer.get("size", 2), 1)
        elif kind == "upsample2d":
            down, across = layer["size"] if isinstance(layer.get("size", 2), list) else [layer.get("size", 2)] * 2
            x = F.interpolate(x.permute(0, 3, 1, 2), scale_factor=(down, across), mode="nearest").permute(0, 2, 3, 1)
        elif kind == "repeat":
            x = x.unsqueeze(1).expand(-1, layer["steps"], -1)
        elif kind == "sampling":
            x = x[:, : layer["latent"]]
        elif kind == "branches":
            parts = [run(each, x, weight, f"{name}.{i}.") for i, each in enumerate(layer["branches"])]
            x = torch.cat(parts, 1)
        elif kind == "reshape":
            x = x.reshape(x.shape[0], *layer["shape"])
        elif kind == "flatten":
            x = x.flatten(1)
        elif kind != "bottleneck":
            raise ValueError(kind)
    return x


def numbers(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().reshape(-1).tolist()]


def case(name, batch, layers, shape):
    x = values("x", (batch, *shape)).requires_grad_()
    weights = {}

    def weight(full, *size):
        weights[full] = (values(full, size) * 0.5).requires_grad_()
        return weights[full]

    output = run(layers, x, weight)
    (output * values("probe", output.shape)).sum().backward()
    return {
        "name": name,
        "config": {"input": shape, "layers": layers},
        "batch": batch,
        "shape": list(output.shape),
        "output": numbers(output),
        "gradients": {key: numbers(leaf.grad) for key, leaf in {"x": x, **weights}.items()},
    }


def dense(units, activation="linear"):
    return {"type": "dense", "units": units, "activation": activation}


flatten = {"type": "flatten"}
image_decoder = [
    dense(12, "relu"),
    {"type": "reshape", "shape": [2, 3, 2]},
    {"type": "upsample2d"},
    {"type": "cnn2d", "filters": 1, "padding": "same", "activation": "linear"},
]


def branches(*lists):
    return {"type": "branches", "branches": list(lists)}


cases = [
    case("upsample1d", 3, [{"type": "upsample1d"}], [5, 2]),
    case("upsample1d, size 3", 2, [{"type": "upsample1d", "size": 3}], [1, 3]),
    case("upsample2d", 3, [{"type": "upsample2d"}], [3, 5, 2]),
    case("upsample2d, size [3, 1]", 2, [{"type": "upsample2d", "size": [3, 1]}], [2, 3, 1]),
    case("repeat", 3, [{"type": "repeat", "steps": 5}], [3]),
    case("two branches and the input", 3, [dense(5, "relu"), branches([dense(3, "tanh")], [dense(1)], [])], [4]),
    case(
        "branches first, within branches, and behind a ReLU",
        3,
        [branches([dense(5, "relu"), branches([dense(2)], [])], [dense(3, "relu")])],
        [4],
    ),
    case("autoencoder of images", 2, [flatten, dense(5, "tanh"), dense(3), {"type": "bottleneck"}, *image_decoder], [4, 6, 1]),
    case(
        "vae of images, one class",
        2,
        [flatten, dense(5, "tanh"), dense(7), branches([{"type": "sampling", "latent": 3}, *image_decoder, flatten], [])],
        [4, 6, 1],
    ),
    case(
        "vae of sequences",
        3,
        [
            {"type": "lstm", "units": 5},
            dense(4),
            branches(
                [
                    {"type": "sampling", "latent": 2},
                    {"type": "repeat", "steps": 6},
                    {"type": "lstm", "units": 3, "returnSequences": True},
                    dense(2),
                    flatten,
                ],
                [],
            ),
        ],
        [6, 2],
    ),
]

head = {"source": f"PyTorch {torch.__version__}, float64, make-golden.py"}
body = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
text = json.dumps(head)[:-1] + ',\n"cases":[\n' + body + "\n]}\n"
(pathlib.Path(__file__).parent / "autoencoders.json").write_text(text)
print(len(cases), "cases", len(text), "bytes")
