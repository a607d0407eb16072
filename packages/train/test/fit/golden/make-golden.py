# Ten training losses and the final weights of two small networks under every optimiser, loss and clipping rule,
# computed by PyTorch 2.13.0 in float64 from float32 starting values.
# Run: python make-golden.py > golden.json     (pip install torch==2.13.0)
# The networks are written out with one bias per gate and kernels [in, out], as Tidecast stores them.
import json
import torch

torch.manual_seed(20260101)


def draw(*shape, scale=1.0):
    return (torch.randn(*shape) * scale).to(torch.float32)


def lstm_net(w, x):
    units = w["0.lstm.recurrent"].shape[0]
    h = c = torch.zeros(x.shape[0], units, dtype=x.dtype)
    for t in range(x.shape[1]):
        gates = x[:, t] @ w["0.lstm.kernel"] + h @ w["0.lstm.recurrent"] + w["0.lstm.bias"]
        i, f, g, o = gates.chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        h = torch.sigmoid(o) * torch.tanh(c)
    return h @ w["1.dense.kernel"] + w["1.dense.bias"]


def dense_net(w, x):
    h = torch.tanh(x @ w["0.dense.kernel"] + w["0.dense.bias"])
    return h @ w["1.dense.kernel"] + w["1.dense.bias"]


nets = {
    "lstm": {
        "run": lstm_net,
        "x": draw(8, 4, 2),
        "y": draw(8, 3),
        "weights": {
            "0.lstm.kernel": draw(2, 12, scale=0.5),
            "0.lstm.recurrent": draw(3, 12, scale=0.5),
            "0.lstm.bias": draw(12, scale=0.5),
            "1.dense.kernel": draw(3, 3, scale=0.5),
            "1.dense.bias": draw(3, scale=0.5),
        },
    },
    "dense": {
        "run": dense_net,
        "x": draw(8, 4),
        "y": draw(8, 3),
        "weights": {
            "0.dense.kernel": draw(4, 5, scale=0.5),
            "0.dense.bias": draw(5, scale=0.5),
            "1.dense.kernel": draw(5, 3, scale=0.5),
            "1.dense.bias": draw(3, scale=0.5),
        },
    },
}

weight = torch.tensor([[1, 0, 2], [1, 1, 1], [0, 0, 3], [1, 2, 0]] * 2, dtype=torch.float32)

# Classes: known ones in the first half, probabilities in the second.
probabilities = torch.softmax(draw(8, 3, scale=2), dim=1)
probabilities[:4] = torch.nn.functional.one_hot(probabilities[:4].argmax(1), 3).to(torch.float32)

losses = {
    "mse": lambda e: torch.nn.functional.mse_loss,
    "mae": lambda e: torch.nn.functional.l1_loss,
    "huber": lambda e: lambda o, y, reduction: torch.nn.functional.huber_loss(o, y, reduction=reduction, delta=e["delta"]),
}


def optimizer(config, params):
    c = dict(config)
    kind = c.pop("type")
    args = {"lr": c.pop("learningRate"), "weight_decay": c.pop("weightDecay", 0)}
    if kind == "sgd":
        return torch.optim.SGD(params, momentum=c.get("momentum", 0), nesterov=c.get("nesterov", False), **args)
    if kind == "rmsprop":
        return torch.optim.RMSprop(params, momentum=c.get("momentum", 0), alpha=c.get("decay", 0.99), **args)
    make = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    return make(params, betas=(c.get("beta1", 0.9), c.get("beta2", 0.999)), eps=c.get("epsilon", 1e-8), **args)


mse = {"type": "mse"}
cases = [
    {"optimizer": {"type": "sgd", "learningRate": 0.1}, "loss": mse},
    {"optimizer": {"type": "sgd", "learningRate": 0.1, "momentum": 0.9}, "loss": mse},
    {"optimizer": {"type": "sgd", "learningRate": 0.1, "momentum": 0.8, "nesterov": True, "weightDecay": 0.05}, "loss": mse},
    {"optimizer": {"type": "rmsprop", "learningRate": 0.01}, "loss": mse},
    {"optimizer": {"type": "rmsprop", "learningRate": 0.01, "decay": 0.9, "momentum": 0.5, "weightDecay": 0.02}, "loss": mse},
    {"optimizer": {"type": "adam", "learningRate": 0.01}, "loss": mse},
    {"optimizer": {"type": "adam", "learningRate": 0.05, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-4, "weightDecay": 0.03}, "loss": mse},
    {"optimizer": {"type": "adamw", "learningRate": 0.02, "weightDecay": 0.1}, "loss": mse},
    {"optimizer": {"type": "adam", "learningRate": 0.01}, "loss": {"type": "mae"}},
    {"optimizer": {"type": "adam", "learningRate": 0.01}, "loss": {"type": "huber", "delta": 0.5}},
    {"optimizer": {"type": "sgd", "learningRate": 0.3, "momentum": 0.9}, "loss": mse, "clip": {"norm": 0.3}},
    {"optimizer": {"type": "sgd", "learningRate": 0.3}, "loss": mse, "clip": {"value": 0.05}},
    {"optimizer": {"type": "adam", "learningRate": 0.01}, "loss": mse, "weighted": True},
    {"optimizer": {"type": "adam", "learningRate": 0.05}, "loss": {"type": "crossEntropy"}},
    {"optimizer": {"type": "sgd", "learningRate": 0.5}, "loss": {"type": "crossEntropy"}, "weighted": True},
]


def measure(case, output, y, w):
    if case["loss"]["type"] == "crossEntropy":
        p = probabilities.double()
        if not case.get("weighted"):
            return torch.nn.functional.cross_entropy(output, p)
        return -(w * p * torch.log_softmax(output, 1)).sum() / (w * p).sum()
    each = losses[case["loss"]["type"]](case["loss"])(output, y, reduction="none")
    return (each * w).sum() / w.sum() if case.get("weighted") else each.mean()


def run(net, case):
    params = {k: v.double().clone().requires_grad_() for k, v in net["weights"].items()}
    opt = optimizer(case["optimizer"], list(params.values()))
    x, y, w = net["x"].double(), net["y"].double(), weight.double()
    out = []
    for _ in range(10):
        opt.zero_grad()
        loss = measure(case, net["run"](params, x), y, w)
        loss.backward()
        clip = case.get("clip", {})
        if "value" in clip:
            torch.nn.utils.clip_grad_value_(params.values(), clip["value"])
        if "norm" in clip:
            torch.nn.utils.clip_grad_norm_(params.values(), clip["norm"])
        opt.step()
        out.append(float(f"{loss.item():.9g}"))
    final = {k: [float(f"{v:.8g}") for v in p.detach().flatten().tolist()] for k, p in params.items()}
    return {"losses": out, "weights": final}


def array(t):
    return {"shape": list(t.shape), "data": [float(f"{v:.9g}") for v in t.flatten().tolist()]}


result = {
    "torch": torch.__version__,
    "weight": array(weight),
    "probabilities": array(probabilities),
    "nets": {
        name: {
            "x": array(net["x"]),
            "y": array(net["y"]),
            "weights": {k: array(v) for k, v in net["weights"].items()},
            "cases": [{**case, **run(net, case)} for case in cases],
        }
        for name, net in nets.items()
    },
}
# One line per case keeps the file small and its changes readable.
text = json.dumps(result, separators=(",", ":")).replace('{"optimizer"', '\n{"optimizer"').replace('"dense":{"x"', '\n"dense":{"x"')
print(text)
