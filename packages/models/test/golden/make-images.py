"""Makes the golden vectors of the layers of image networks beside this file, from PyTorch 2.13 in float64.

Run: python3 make-images.py   (pip install torch==2.13.0 numpy)

Weights, inputs and the probe are drawn as in make-golden.py. Batch norm runs as while training; `statistics` are the running
mean and variance after that one batch, from 0 and 1. `trained: false` marks cases that run by statistics drawn like weights.
"""

import importlib.util
import json
import pathlib
import sys

import torch
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).parent
# The functions of make-golden.py, without writing its files anew.
source = (FOLDER / "make-golden.py").read_text().split("\nwrite(")[0]
spec = importlib.util.spec_from_loader("golden", loader=None)
golden = importlib.util.module_from_spec(spec)
torch.backends.nnpack.set_flags(False)
golden.__file__ = str(FOLDER / "make-golden.py")
exec(source, golden.__dict__)
sys.modules["golden"] = golden
both, values, numbers, Weights = golden.both, golden.values, golden.numbers, golden.Weights
ACTIVATIONS = {
    **golden.ACTIVATIONS,
    "relu6": F.relu6,
    "logSoftmax": lambda x: F.log_softmax(x, -1),
}


golden.ACTIVATIONS = ACTIVATIONS


class Run:
    """One forward pass: the weights as they are met, and the statistics."""

    def __init__(self, trained):
        self.weights, self.statistics, self.trained = Weights(), {}, trained

    def convolution(self, layer, name, x, channels_of):
        size, stride, dilation = (both(layer.get(key, default)) for key, default in
                                  (("kernelSize", 3), ("stride", 1), ("dilation", 1)))
        groups, filters = channels_of(x.shape[3])
        kernel = self.weights.get(f"{name}.kernel", *size, x.shape[3] // groups, filters).permute(3, 2, 0, 1)
        bias = self.weights.get(f"{name}.bias", filters) if layer.get("useBias", True) else None
        image, padding = x.permute(0, 3, 1, 2), layer.get("padding", "valid")
        if padding == "same":
            down, across = (d * (s - 1) for d, s in zip(dilation, size))
            image = F.pad(image, (across // 2, across - across // 2, down // 2, down - down // 2))
        zeros = 0 if isinstance(padding, str) else both(padding)
        result = F.conv2d(image, kernel, bias, stride=stride, dilation=dilation, groups=groups, padding=zeros)
        return ACTIVATIONS[layer.get("activation", "relu")](result.permute(0, 2, 3, 1))

    def batch_norm(self, layer, name, x):
        channels = x.shape[-1]
        # The shared values / 2 are weights; gammas of any sign are fine.
        gamma, beta = (self.weights.get(f"{name}.{each}", channels) for each in ("gamma", "beta"))
        mean, variance = torch.zeros(channels), torch.ones(channels)
        if not self.trained:
            mean = values(f"{name}.mean", (channels,)) * 0.5
            variance = (values(f"{name}.variance", (channels,)) * 0.5) ** 2 + 0.1
        rows = x.reshape(-1, channels)
        y = F.batch_norm(rows, mean, variance, gamma, beta, training=self.trained,
                         momentum=layer.get("momentum", 0.1), eps=layer.get("epsilon", 1e-5)).reshape(x.shape)
        self.statistics[f"{name}.mean"], self.statistics[f"{name}.variance"] = mean, variance
        return ACTIVATIONS[layer.get("activation", "linear")](y)

    def pool(self, layer, x):
        size = both(layer.get("poolSize", 2))
        stride = both(layer["stride"]) if "stride" in layer else size
        image, padding = x.permute(0, 3, 1, 2), both(layer.get("padding", 0))
        if layer["type"] == "maxPool2d":
            y = F.max_pool2d(image, size, stride=stride, padding=padding)
        else:
            y = F.avg_pool2d(image, size, stride=stride, padding=padding, count_include_pad=False)
        return y.permute(0, 2, 3, 1)

    def layers(self, layers, x, prefix=""):
        for index, layer in enumerate(layers):
            kind = layer["type"]
            name = f"{prefix}{index}.{kind}"
            if kind == "cnn2d":
                x = self.convolution(layer, name, x, lambda c: (layer.get("groups", 1), layer["filters"]))
            elif kind == "depthwiseCnn2d":
                x = self.convolution(layer, name, x, lambda c: (c, c * layer.get("multiplier", 1)))
            elif kind == "batchNorm":
                x = self.batch_norm(layer, name, x)
            elif kind == "activation":
                x = ACTIVATIONS[layer["activation"]](x)
            elif kind in ("maxPool2d", "averagePool2d"):
                x = self.pool(layer, x)
            elif kind == "residual":
                main = self.layers(layer["layers"], x, f"{name}.layers.")
                shortcut = layer.get("shortcut", "identity")
                around = x if shortcut == "identity" else self.layers(shortcut, x, f"{name}.shortcut.")
                x = ACTIVATIONS[layer.get("activation", "relu")](main + around)
            elif kind == "globalPool2d":
                x = golden.global_pool2d(layer, x)
            elif kind == "dense":
                x = golden.dense(layer, name, x, self.weights)
            elif kind == "flatten":
                x = x.flatten(1)
            else:
                raise ValueError(kind)
        return x


def case(name, batch, layers, shape, written=None, trained=True):
    """`written`: the layers as the package is given them, where it works some out by itself."""
    x = values("x", (batch, *shape)).requires_grad_()
    run = Run(trained)
    output = run.layers(layers, x)
    (output * values("probe", output.shape)).sum().backward()
    leaves = {"x": x, **run.weights.all}
    return {
        "name": name,
        "config": {"input": shape, "layers": written or layers},
        "batch": batch,
        "trained": trained,
        "shape": list(output.shape),
        "output": numbers(output),
        "gradients": {key: numbers(leaf.grad) for key, leaf in leaves.items()},
        "statistics": {key: numbers(each) for key, each in run.statistics.items()} if trained else {},
    }


def convolution_cases():
    cases = []

    def add(settings, shape, batch=3):
        name = ", ".join(f"{key} {value}" for key, value in settings.items())
        cases.append(case(f"{name}, {batch} × {' × '.join(map(str, shape))}", batch, [settings], shape))

    for settings, shape in [
        ({"groups": 2}, [5, 5, 4]),
        ({"groups": 3, "kernelSize": [1, 3], "activation": "tanh"}, [1, 5, 3]),
        ({"groups": 3, "padding": 1}, [3, 3, 6]),
        ({"groups": 2, "stride": 2, "padding": [1, 2], "activation": "linear"}, [5, 17, 4]),
        ({"groups": 2, "stride": [2, 1], "dilation": [1, 2], "padding": "same"}, [5, 6, 2]),
        ({"groups": 6, "dilation": 2, "padding": 2, "activation": "relu6"}, [5, 3, 6]),
        ({"groups": 3, "useBias": False, "stride": [1, 2]}, [5, 5, 3]),
        ({"groups": 17, "kernelSize": 1}, [1, 1, 17]),
    ]:
        filters = 17 if settings["groups"] == 17 else 6
        add({"type": "cnn2d", "filters": filters, **settings}, shape)
    for settings, shape in [
        ({"padding": 1}, [1, 1, 1]),
        ({"padding": 1}, [3, 3, 2]),
        ({"padding": [2, 0], "kernelSize": [5, 1]}, [1, 5, 3]),
        ({"padding": 3, "kernelSize": 7, "stride": 2}, [17, 17, 1]),
        ({"padding": 1, "stride": 2, "useBias": False, "activation": "linear"}, [5, 3, 3]),
        ({"padding": [1, 2], "dilation": [1, 2], "stride": [2, 3], "activation": "swish"}, [5, 17, 2]),
        ({"kernelSize": 4, "stride": 2, "activation": "linear"}, [10, 12, 3]),
    ]:
        add({"type": "cnn2d", "filters": 5, **settings}, shape, 1 if shape[2] == 1 else 3)
    for settings, shape in [
        ({}, [3, 3, 1]),
        ({}, [5, 3, 3]),
        ({"padding": "same"}, [1, 1, 17]),
        ({"padding": 1, "stride": 2}, [17, 5, 5]),
        ({"padding": 1, "stride": [1, 2], "activation": "tanh"}, [5, 5, 3]),
        ({"multiplier": 2, "activation": "linear"}, [5, 5, 3]),
        ({"multiplier": 3, "padding": 2, "dilation": 2, "useBias": False}, [5, 3, 2]),
        ({"kernelSize": [1, 5], "padding": [0, 2], "activation": "relu6"}, [1, 17, 20]),
        ({"padding": "same", "dilation": [2, 1], "stride": 2}, [8, 7, 3]),
    ]:
        add({"type": "depthwiseCnn2d", **settings}, shape, 1 if shape[2] == 5 else 3)
    return cases


def separable(filters, normalised=False, activation="relu", **settings):
    bare = {"useBias": False, "activation": "linear"}
    pointwise = {"type": "cnn2d", "filters": filters, "kernelSize": 1}
    if not normalised:
        return [{"type": "depthwiseCnn2d", **settings, **bare}, {**pointwise, "activation": activation}]
    norm = {"type": "batchNorm", "activation": activation}
    return [{"type": "depthwiseCnn2d", **settings, **bare}, norm, {**pointwise, **bare}, norm]


def block_cases():
    cases = []
    norm = {"type": "batchNorm"}
    for trained in (True, False):
        how = "batch" if trained else "running"
        for settings, shape, batch in [
            ({}, [3], 5),
            ({"momentum": 1, "epsilon": 0.001}, [1, 2, 1], 1),
            ({"activation": "relu"}, [3, 5, 17], 3),
            ({"momentum": 0.03, "activation": "relu6"}, [5, 3, 5], 1),
            ({"activation": "swish"}, [17, 1, 36], 2),
            ({}, [5, 4], 3),
        ]:
            shown = " × ".join(map(str, [batch, *shape]))
            said = "".join(f", {key} {value}" for key, value in settings.items())
            cases.append(case(f"batchNorm by {how} statistics{said}, {shown}", batch, [{**norm, **settings}], shape, None, trained))
        bare = {"type": "cnn2d", "padding": 1, "useBias": False, "activation": "linear"}
        basic = lambda filters, stride=1: [{**bare, "filters": filters, "stride": stride}, {**norm, "activation": "relu"},
                                           {**bare, "filters": filters}, norm]
        shortcut = lambda filters, stride: [{**bare, "filters": filters, "kernelSize": 1, "stride": stride, "padding": 0}, norm]
        cases.append(case(f"residual, identity, {how}", 3, [{"type": "residual", "layers": basic(3)}], [5, 4, 3], None, trained))
        projected = {"type": "residual", "layers": basic(5, 2), "shortcut": shortcut(5, [2, 2])}
        cases.append(case(f"residual, projection, {how}", 3, [projected], [5, 7, 3],
                          [{**projected, "shortcut": "projection"}], trained))
        plain = {"type": "residual", "activation": "linear", "layers": [{"type": "cnn2d", "filters": 4, "stride": [1, 2], "padding": 1}],
                 "shortcut": [{"type": "cnn2d", "filters": 4, "kernelSize": 1, "stride": [1, 2], "activation": "linear"}]}
        cases.append(case(f"residual, projection without batch norm, {how}", 1, [plain], [3, 5, 2],
                          [{**plain, "shortcut": "projection"}], trained))
        inner = {"type": "residual", "layers": [{"type": "dense", "units": 5, "activation": "tanh"}], "activation": "swish"}
        cases.append(case(f"residual in residual, flat, {how}", 3, [{**inner, "layers": [inner, {"type": "dense", "units": 5}]}], [5], None, trained))
        stem = [{**bare, "filters": 4}, {**norm, "activation": "relu"}, {"type": "maxPool2d", "poolSize": 3, "stride": 2, "padding": 1}]
        resnet = [*stem, {"type": "residual", "layers": basic(4)},
                  {"type": "residual", "layers": basic(6, 2), "shortcut": shortcut(6, 2)}, {"type": "globalPool2d"}, {"type": "dense", "units": 3}]
        cases.append(case(f"a small ResNet, {how}", 2, resnet, [9, 7, 2], None, trained))
        mobile = [{**bare, "filters": 4, "stride": 2}, {**norm, "activation": "relu6"}, *separable(6, True, "relu6", padding=1),
                  *separable(5, True, "relu6", padding=1, stride=2), {"type": "globalPool2d"}, {"type": "dense", "units": 3}]
        cases.append(case(f"a small MobileNet, {how}", 2, mobile, [9, 8, 3], None, trained))
    cases.append(case("separable, no batch norm", 3, separable(5, padding="same", multiplier=2), [5, 3, 3]))
    for kind in ("maxPool2d", "averagePool2d"):
        for settings, shape in [({"poolSize": 3, "stride": 2, "padding": 1}, [5, 7, 3]), ({"padding": [1, 0]}, [3, 4, 5]),
                                ({"poolSize": [3, 5], "stride": 1, "padding": [1, 2]}, [1, 3, 1]), ({"poolSize": 3, "stride": 3, "padding": 1}, [17, 3, 17])]:
            said = ", ".join(f"{key} {value}" for key, value in settings.items())
            cases.append(case(f"{kind}, {said}, {' × '.join(map(str, shape))}", 3, [{"type": kind, **settings}], shape))
    for activation in ACTIVATIONS:
        cases.append(case(f"activation {activation}", 3, [{"type": "activation", "activation": activation}], [3, 2, 5]))
    for activation in ("relu6", "logSoftmax"):
        cases.append(case(f"dense {activation}", 3, [{"type": "dense", "units": 9, "activation": activation}], [4]))
        cases.append(case(f"cnn2d {activation}", 3, [{"type": "cnn2d", "filters": 5, "activation": activation}], [5, 4, 2]))
    ahead = [{"type": "cnn2d", "filters": 5, "activation": "linear"}, {"type": "activation", "activation": "relu"}, {"type": "maxPool2d"}]
    cases.append(case("a ReLU by itself before maxima", 3, ahead, [7, 6, 2]))
    return cases


golden.write("convolutions.json", convolution_cases())
golden.write("blocks.json", block_cases())
