"""Makes pytorch-cnn.json: a small network of PyTorch 2.13.0 with its state_dict and outputs.

    python make-golden.py   (pip install torch==2.13.0)

Run it in this folder. Channels that are flattened, biases, batch norm with moved statistics, depthwise and grouped
convolutions, odd sizes.
"""

import json

import torch
from torch import nn

torch.manual_seed(1)
model = nn.Sequential()
model.features = nn.Sequential(
    nn.Conv2d(2, 4, 3), nn.ReLU(),
    nn.BatchNorm2d(4),
    nn.Conv2d(4, 8, 3, padding=1, groups=4), nn.ReLU(),
    nn.Conv2d(8, 6, (1, 3), groups=2), nn.ReLU(),
    nn.MaxPool2d(2))
model.classifier = nn.Sequential(nn.Flatten(), nn.Linear(6 * 3, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 3))

# Statistics and an affine part that are not those of the start.
with torch.no_grad():
    model.features[2].weight.uniform_(0.5, 1.5)
    model.features[2].bias.uniform_(-1, 1)
model.train()
for _ in range(3):
    model(torch.randn(16, 2, 9, 7))
model.eval()

x = torch.randn(3, 2, 9, 7)
with torch.no_grad():
    y = model(x)


def listed(tensor):
    return {"shape": list(tensor.shape), "data": tensor.double().flatten().tolist()}


golden = {
    "source": f"PyTorch {torch.__version__}",
    "state": {name: listed(value) for name, value in model.state_dict().items()},
    "x": listed(x.permute(0, 2, 3, 1)),
    "y": listed(y),
}
with open("pytorch-cnn.json", "w") as file:
    json.dump(golden, file)
    file.write("\n")
