"""The PyTorch peer: nn modules as a user writes them, one thread.

Adam with fused=True: on the CPU the fastest of its three ways at every point (the others: the default loop, foreach).
"""

import math
import time

from measure import CHANNELS, OUTPUTS, TIME_STEPS, data, serve

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)


class Recurrent(nn.Module):
    def __init__(self, cell, units):
        super().__init__()
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell]
        self.cell = kind(CHANNELS, units, batch_first=True)
        self.dense = nn.Linear(units, OUTPUTS)

    def forward(self, x):
        sequence, _ = self.cell(x)
        return self.dense(sequence[:, -1])


class Convolution1d(nn.Module):
    def __init__(self, units, steps):
        super().__init__()
        self.conv = nn.Conv1d(CHANNELS, units, 2)
        self.dense = nn.Linear(units * ((steps - 1) // 2), OUTPUTS)

    def forward(self, x):
        hidden = F.max_pool1d(F.relu(self.conv(x)), 2)
        return self.dense(hidden.flatten(1))


def images(dropout=0):
    return nn.Sequential(
        nn.Conv2d(1, 24, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(24, 36, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), *hidden(36 * 5 * 5, dropout))


def hidden(inputs, dropout):
    left_out = [nn.Dropout(dropout)] if dropout > 0 else []
    return [nn.Linear(inputs, 128), nn.ReLU(), *left_out, nn.Linear(128, 10)]


def model_for(point):
    cell = point["cell"]
    if cell == "cnn2d":
        return images()
    if cell == "cnn1d":
        return Convolution1d(point["units"], point.get("T", TIME_STEPS))
    return Recurrent(cell, point["units"])


def layout(cell, x):
    """Inputs as the network wants them: convolutions have the channels first here. Done beforehand, untimed."""
    x = torch.from_numpy(x)
    if cell == "cnn2d":
        return x.permute(0, 3, 1, 2).contiguous()
    return x.transpose(1, 2).contiguous() if cell == "cnn1d" else x


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)


class Built:
    def __init__(self, point):
        torch.manual_seed(1)
        self.batches = [(layout(point["cell"], x), torch.from_numpy(y)) for x, y in data(point)]
        self.window = self.batches[0][0][:1].clone()
        self.model = model_for(point)
        self.loss = nn.CrossEntropyLoss() if point["cell"] == "cnn2d" else nn.MSELoss()
        self.optimizer = adam(self.model)

    def train(self, count):
        batches, model, loss, optimizer = self.batches, self.model, self.loss, self.optimizer
        for step in range(count):
            x, y = batches[step % len(batches)]
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()

    def infer(self):
        with torch.inference_mode():
            self.model(self.window)


def fit(point, x, y, epochs):
    torch.manual_seed(1)
    x, y = layout(point["cell"], x), torch.from_numpy(y)
    model, loss = model_for(point), nn.MSELoss()
    optimizer = adam(model)
    for _ in range(epochs):
        losses = []
        for rows in torch.randperm(len(x)).split(point["batch"]):
            optimizer.zero_grad()
            value = loss(model(x[rows]), y[rows])
            value.backward()
            optimizer.step()
            losses.append(value.detach())
    return torch.stack(losses).mean().item()


def digits(x, y, test_x, test_y, request):
    """The training of src/mnist-training.ts."""
    torch.manual_seed(request["seed"])
    x, test_x = layout("cnn2d", x), layout("cnn2d", test_x)
    y, test_y = torch.from_numpy(y.argmax(1)), torch.from_numpy(test_y.argmax(1))
    perceptron = nn.Sequential(nn.Flatten(), *hidden(784, request["dropout"]))
    model = images(request["dropout"]) if request["model"] == "cnn" else perceptron
    optimizer, loss = adam(model), nn.CrossEntropyLoss()
    batch, epochs = request["batchSize"], request["epochs"]
    steps = epochs * -(-len(x) // batch)
    step, epoch_seconds = 0, []
    for _ in range(epochs):
        started = time.perf_counter()
        for rows in torch.randperm(len(x)).split(batch):
            risen = min(1, (step + 1) / 200)
            rate = risen * request["learningRate"] * (1 + math.cos(math.pi * step / steps)) / 2
            optimizer.param_groups[0]["lr"] = rate
            optimizer.zero_grad()
            loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
            step += 1
        epoch_seconds.append(time.perf_counter() - started)
    model.eval()
    with torch.inference_mode():
        right = sum((model(part).argmax(1) == truth).sum() for part, truth in zip(test_x.split(500), test_y.split(500)))
    return epoch_seconds, right.item() / len(test_x)


def product(m, n, k):
    a, b, c = torch.rand(m, k), torch.rand(k, n), torch.empty(m, n)
    return lambda: torch.mm(a, b, out=c)


if __name__ == "__main__":
    serve("pytorch", torch.__version__, Built, fit, product, digits)
