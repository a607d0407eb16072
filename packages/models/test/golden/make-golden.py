"""Makes the golden vectors beside this file: outputs and gradients of every weight, from PyTorch 2.13 in float64.

Run: python3 make-golden.py   (pip install torch==2.13.0 numpy)

Weights, inputs and the probe are not stored: both sides draw them from `values(name, count)`, whose numbers are
exact in float32. The loss is sum(output * probe), so that every output counts differently.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
FOLDER = pathlib.Path(__file__).parent
WORD = 0xFFFFFFFF


def values(name, shape):
    """Numbers in [-1, 1) on a grid of 2**-23, from the FNV-1a hash of the name and the MurmurHash3 mixer."""
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


ACTIVATIONS = {
    "linear": lambda x: x,
    "tanh": torch.tanh,
    "relu": F.relu,
    "sigmoid": torch.sigmoid,
    "elu": F.elu,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.01),
    "softplus": F.softplus,
    "swish": F.silu,
    "softmax": lambda x: F.softmax(x, -1),
}


class Weights:
    """Leaves in the layout of this package (kernels [in, out]), by full name."""

    def __init__(self):
        self.all = {}

    def get(self, name, *shape):
        leaf = (values(name, shape) * 0.5).requires_grad_()
        self.all[name] = leaf
        return leaf


def recurrent(module_type, gates, layer, name, x, weights):
    units, channels, both = layer["units"], x.shape[2], layer.get("bidirectional", False)
    options = {"nonlinearity": layer["activation"]} if layer["type"] == "rnn" else {}
    module = module_type(channels, units, batch_first=True, bidirectional=both, **options)
    parameters = {}
    for suffix, prefix in (("", "forward."), ("_reverse", "backward.")) if both else (("", ""),):
        full = f"{name}.{prefix}"
        parameters[f"weight_ih_l0{suffix}"] = weights.get(full + "kernel", channels, gates * units).T
        parameters[f"weight_hh_l0{suffix}"] = weights.get(full + "recurrent", units, gates * units).T
        parameters[f"bias_ih_l0{suffix}"] = weights.get(full + "bias", gates * units)
        parameters[f"bias_hh_l0{suffix}"] = (
            weights.get(full + "recurrentBias", gates * units)
            if layer["type"] == "gru"
            else torch.zeros(gates * units)
        )
    output, state = torch.func.functional_call(module, parameters, (x,))
    if layer.get("returnSequences", False):
        return output
    last = state[0] if layer["type"] == "lstm" else state
    return torch.cat(list(last), 1)


def cnn1d(layer, name, x, weights):
    size, stride, dilation = layer.get("kernelSize", 2), layer.get("stride", 1), layer.get("dilation", 1)
    kernel = weights.get(f"{name}.kernel", size, x.shape[2], layer["filters"]).permute(2, 1, 0)
    bias = weights.get(f"{name}.bias", layer["filters"])
    signal, padding = x.transpose(1, 2), layer.get("padding", "valid")
    if padding == "causal":
        signal, padding = F.pad(signal, (dilation * (size - 1), 0)), "valid"
    result = F.conv1d(signal, kernel, bias, stride=stride, dilation=dilation, padding=padding)
    return ACTIVATIONS[layer.get("activation", "relu")](result.transpose(1, 2))


def pool(function, layer, x):
    size = layer.get("poolSize", 2)
    return function(x.transpose(1, 2), size, stride=layer.get("stride", size)).transpose(1, 2)


def both(value):
    """A number for both axes as (height, width)."""
    return tuple(value) if isinstance(value, list) else (value, value)


def cnn2d(layer, name, x, weights):
    size, stride, dilation = (both(layer.get(key, default)) for key, default in
                              (("kernelSize", 3), ("stride", 1), ("dilation", 1)))
    kernel = weights.get(f"{name}.kernel", *size, x.shape[3], layer["filters"]).permute(3, 2, 0, 1)
    bias = weights.get(f"{name}.bias", layer["filters"])
    image = x.permute(0, 3, 1, 2)
    if layer.get("padding", "valid") == "same":
        # By hand, because F.conv2d takes "same" with stride 1 only: an odd zero at the bottom and on the right.
        down, across = (d * (s - 1) for d, s in zip(dilation, size))
        image = F.pad(image, (across // 2, across - across // 2, down // 2, down - down // 2))
    result = F.conv2d(image, kernel, bias, stride=stride, dilation=dilation)
    return ACTIVATIONS[layer.get("activation", "relu")](result.permute(0, 2, 3, 1))


def pool2d(function, layer, x):
    size = both(layer.get("poolSize", 2))
    stride = both(layer["stride"]) if "stride" in layer else size
    return function(x.permute(0, 3, 1, 2), size, stride=stride).permute(0, 2, 3, 1)


def global_pool2d(layer, x):
    return x.amax((1, 2)) if layer.get("mode") == "max" else x.mean((1, 2))


def dense(layer, name, x, weights):
    kernel = weights.get(f"{name}.kernel", x.shape[-1], layer["units"])
    bias = weights.get(f"{name}.bias", layer["units"])
    return ACTIVATIONS[layer.get("activation", "linear")](F.linear(x, kernel.T, bias))


def embedding(layer, name, x, weights):
    kernel = weights.get(f"{name}.kernel", layer["inputs"], layer["units"])
    # Codes have no gradient: a zero keeps them in the graph.
    return F.embedding(x.detach().long().reshape(x.shape[0], -1), kernel) + 0 * x.sum()


def run(config, x, weights):
    for index, layer in enumerate(config["layers"]):
        kind = layer["type"]
        name = f"{index}.{kind}"
        if kind == "rnn":
            x = recurrent(torch.nn.RNN, 1, layer, name, x, weights)
        elif kind == "lstm":
            x = recurrent(torch.nn.LSTM, 4, layer, name, x, weights)
        elif kind == "gru":
            x = recurrent(torch.nn.GRU, 3, layer, name, x, weights)
        elif kind == "cnn1d":
            x = cnn1d(layer, name, x, weights)
        elif kind == "maxPool1d":
            x = pool(F.max_pool1d, layer, x)
        elif kind == "averagePool1d":
            x = pool(F.avg_pool1d, layer, x)
        elif kind == "cnn2d":
            x = cnn2d(layer, name, x, weights)
        elif kind == "maxPool2d":
            x = pool2d(F.max_pool2d, layer, x)
        elif kind == "averagePool2d":
            x = pool2d(F.avg_pool2d, layer, x)
        elif kind == "globalPool2d":
            x = global_pool2d(layer, x)
        elif kind == "embedding":
            x = embedding(layer, name, x, weights)
        elif kind == "dense":
            x = dense(layer, name, x, weights)
        elif kind == "flatten":
            x = x.flatten(1)
        elif kind == "reshape":
            x = x.reshape(x.shape[0], *layer["shape"])
        else:
            raise ValueError(kind)
    return x


def numbers(tensor):
    return [float(f"{value:.8g}") for value in tensor.detach().reshape(-1).tolist()]


def case(name, batch, layers, shape):
    config = {"input": shape, "layers": layers}
    x = values("x", (batch, *shape))
    if layers[0]["type"] == "embedding":
        x = torch.floor((x + 1) / 2 * layers[0]["inputs"])
    x.requires_grad_()
    weights = Weights()
    output = run(config, x, weights)
    (output * values("probe", output.shape)).sum().backward()
    gradients = {key: numbers(leaf.grad) for key, leaf in {"x": x, **weights.all}.items()}
    return {
        "name": name,
        "config": config,
        "batch": batch,
        "shape": list(output.shape),
        "output": numbers(output),
        "gradients": gradients,
    }


def write(file, cases):
    head = {"source": f"PyTorch {torch.__version__}, float64, make-golden.py"}
    body = ",\n".join(json.dumps(one, separators=(",", ":")) for one in cases)
    text = json.dumps(head)[:-1] + ',\n"cases":[\n' + body + "\n]}\n"
    (FOLDER / file).write_text(text)
    print(file, len(cases), "cases", len(text), "bytes")


# units, steps, batch, channels
SIZES = [(1, 1, 1, 1), (1, 24, 3, 2), (3, 2, 3, 2), (3, 24, 1, 1), (5, 1, 3, 3), (5, 24, 3, 2), (17, 2, 1, 2)]


def recurrent_cases(kind, **settings):
    cases = []
    for units, steps, batch, channels in [*SIZES, (17, 24, 3, 2)]:
        layer = {"type": kind, "units": units, **settings}
        cases.append(case(f"H {units}, T {steps}, B {batch}", batch, [layer], [steps, channels]))
    sequence = {"type": kind, "units": 3, "returnSequences": True, **settings}
    cases.append(case("sequence", 3, [sequence], [24, 2]))
    cases.append(case("two layers", 3, [sequence, {"type": kind, "units": 5, **settings}], [24, 2]))
    both = {"type": kind, "units": 3, "bidirectional": True, **settings}
    cases.append(case("both directions", 3, [both], [5, 2]))
    cases.append(case("both directions, sequence", 1, [{**both, "returnSequences": True}], [24, 2]))
    cases.append(case("both directions, H 5, T 1", 3, [{**both, "units": 5}], [1, 3]))
    return cases


def cnn_cases():
    cases = []
    for settings, steps in [
        ({}, 2),
        ({}, 24),
        ({"activation": "linear", "kernelSize": 1}, 1),
        ({"kernelSize": 3, "activation": "tanh"}, 7),
        ({"kernelSize": 3, "stride": 2}, 8),
        ({"kernelSize": 2, "stride": 3}, 24),
        ({"dilation": 4}, 24),
        ({"kernelSize": 3, "dilation": 2, "stride": 2}, 12),
        ({"padding": "causal"}, 1),
        ({"padding": "causal", "dilation": 2, "kernelSize": 3}, 24),
        ({"padding": "causal", "stride": 2, "kernelSize": 3}, 7),
        ({"padding": "same"}, 5),
        ({"padding": "same", "kernelSize": 4, "dilation": 3}, 24),
        ({"padding": "same", "kernelSize": 5}, 2),
    ]:
        name = ", ".join(f"{key} {value}" for key, value in settings.items()) or "defaults"
        cases.append(case(f"{name}, T {steps}", 3, [{"type": "cnn1d", "filters": 5, **settings}], [steps, 2]))
    causal = [{"type": "cnn1d", "filters": 4, "padding": "causal", "dilation": 2**i} for i in range(4)]
    cases.append(case("causal stack, dilation 1 to 8", 1, causal, [24, 2]))
    return cases


def stack_cases():
    cases = [
        case(f"dense {activation}", 3, [{"type": "dense", "units": 5, "activation": activation}], [4])
        for activation in ACTIVATIONS
    ]
    hidden = {"type": "dense", "units": 17, "activation": "relu"}
    head = [{"type": "dense", "units": 6}, {"type": "reshape", "shape": [3, 2]}]
    cases.append(case("dense stack", 3, [hidden, {**hidden, "units": 5, "activation": "tanh"}, *head], [3]))
    cases.append(case("dense on every step", 3, [hidden, {"type": "dense", "units": 1}], [5, 2]))
    for kind in ("maxPool1d", "averagePool1d"):
        cases.append(case(kind, 3, [{"type": kind}], [7, 2]))
        cases.append(case(f"{kind}, size 3, stride 2", 3, [{"type": kind, "poolSize": 3, "stride": 2}], [8, 2]))
    convolution = [{"type": "cnn1d", "filters": 4}, {"type": "maxPool1d"}, {"type": "flatten"}]
    cases.append(case("cnn forecaster", 3, [*convolution, *head], [12, 2]))
    cases.append(case("lstm forecaster", 3, [{"type": "lstm", "units": 5}, *head], [12, 2]))
    return cases


def embedding_cases():
    one = {"type": "embedding", "inputs": 5, "units": 3}
    cases = [
        case("[B, T, 1]", 3, [one], [7, 1]),
        case("[B, T]", 3, [one], [7]),
        case("one step, one code", 1, [{**one, "inputs": 1, "units": 1}], [1, 1]),
        case("more codes than steps", 2, [{**one, "inputs": 40, "units": 5}], [4, 1]),
    ]
    cell = {"type": "lstm", "units": 5, "returnSequences": True}
    cases.append(case("under an LSTM, dense on every step", 3, [one, cell, {"type": "dense", "units": 5}], [8, 1]))
    return cases


def cnn2d_cases():
    cases = []
    for settings, shape in [
        ({}, [3, 3, 1]),
        ({}, [7, 5, 3]),
        ({"kernelSize": 1, "activation": "linear"}, [1, 1, 2]),
        ({"kernelSize": [1, 3], "activation": "tanh"}, [4, 6, 2]),
        ({"kernelSize": [3, 2], "activation": "swish"}, [5, 6, 2]),
        ({"stride": 2}, [7, 8, 2]),
        ({"kernelSize": 2, "stride": [1, 3], "activation": "sigmoid"}, [5, 9, 2]),
        ({"kernelSize": 2, "stride": 3}, [6, 7, 1]),
        ({"dilation": 2}, [7, 6, 2]),
        ({"dilation": [1, 3], "kernelSize": 2}, [5, 8, 3]),
        ({"dilation": [2, 1], "stride": [2, 3], "activation": "tanh"}, [9, 8, 2]),
        ({"dilation": 2, "stride": 2, "padding": "same", "activation": "linear"}, [8, 7, 2]),
        ({"padding": "same"}, [5, 7, 2]),
        ({"padding": "same", "kernelSize": [2, 4]}, [5, 4, 3]),
        ({"padding": "same", "stride": 2, "activation": "softplus"}, [6, 5, 2]),
        ({"padding": "same", "kernelSize": 5}, [2, 1, 2]),
        ({"padding": "same", "kernelSize": 4, "dilation": [3, 2]}, [6, 7, 1]),
        ({"activation": "softmax"}, [5, 5, 2]),
    ]:
        name = ", ".join(f"{key} {value}" for key, value in settings.items()) or "defaults"
        shown = " × ".join(str(size) for size in shape)
        cases.append(case(f"{name}, {shown}", 3, [{"type": "cnn2d", "filters": 5, **settings}], shape))
    for kind in ("maxPool2d", "averagePool2d"):
        cases.append(case(kind, 3, [{"type": kind}], [7, 5, 3]))
        cases.append(case(f"{kind}, size 1", 3, [{"type": kind, "poolSize": 1}], [3, 2, 2]))
        cases.append(case(f"{kind}, size [3, 2]", 3, [{"type": kind, "poolSize": [3, 2]}], [7, 5, 5]))
        cases.append(case(f"{kind}, size 3, stride [2, 1]", 3, [{"type": kind, "poolSize": 3, "stride": [2, 1]}], [8, 5, 2]))
        cases.append(case(f"{kind}, size 2, stride 3", 3, [{"type": kind, "stride": 3}], [8, 6, 4]))
    for mode in ("average", "max"):
        cases.append(case(f"globalPool2d {mode}", 3, [{"type": "globalPool2d", "mode": mode}], [4, 3, 5]))
    head = [{"type": "flatten"}, {"type": "dense", "units": 9, "activation": "relu"}, {"type": "dense", "units": 10}]
    first, second = {"type": "cnn2d", "filters": 6}, {"type": "cnn2d", "filters": 9}
    pool = {"type": "maxPool2d"}
    cases.append(case("an MNIST classifier, small", 3, [first, pool, second, pool, *head], [14, 14, 1]))
    deep = [first, {**second, "padding": "same", "stride": 2}, {"type": "globalPool2d"}, head[-1]]
    cases.append(case("to one value a filter", 1, deep, [9, 8, 3]))
    image = [{"type": "dense", "units": 12}, {"type": "reshape", "shape": [3, 2, 2]}, {**first, "kernelSize": 2}]
    cases.append(case("from a vector to an image, dense on every pixel", 3, [*image, {"type": "dense", "units": 3}], [4]))
    return cases


write("rnn-tanh.json", recurrent_cases("rnn", activation="tanh"))
write("rnn-relu.json", recurrent_cases("rnn", activation="relu"))
write("lstm.json", recurrent_cases("lstm"))
write("gru.json", recurrent_cases("gru"))
write("cnn1d.json", cnn_cases())
write("cnn2d.json", cnn2d_cases())
write("stack.json", stack_cases())
write("embedding.json", embedding_cases())
