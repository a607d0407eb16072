# Resizing and affine maps as PyTorch 2.13 computes them. Run: python make-golden.py > golden.json
import json
import math

import torch
import torch.nn.functional as F

torch.manual_seed(1)
cases = {"resize": [], "affine": []}
for h, w, c, to_h, to_w in [(5, 7, 3, 10, 14), (12, 9, 1, 5, 4), (8, 8, 3, 3, 11), (6, 5, 4, 6, 2), (3, 3, 1, 1, 1)]:
    image = torch.randint(0, 256, (h, w, c)).float()
    result = F.interpolate(
        image.permute(2, 0, 1)[None].double(), size=(to_h, to_w), mode="bilinear", antialias=True, align_corners=False
    )[0].permute(1, 2, 0)
    cases["resize"].append(
        {"shape": [h, w, c], "to": [to_h, to_w], "image": image.flatten().tolist(), "result": result.flatten().tolist()}
    )
for h, w, scale, shear, rotate, move_x, move_y, mirror in [
    (7, 9, 1.0, 0.0, 30.0, 0.0, 0.0, False),
    (8, 6, 1.3, 10.0, -25.0, 1.5, -0.75, False),
    (5, 5, 0.7, -15.0, 90.0, 0.0, 2.0, True),
]:
    image = torch.randint(0, 256, (h, w, 3)).float()
    sx = -scale if mirror else scale
    t, s = math.radians(rotate), math.tan(math.radians(shear))
    turn = torch.tensor([[math.cos(t), -math.sin(t)], [math.sin(t), math.cos(t)]], dtype=torch.float64)
    slant = torch.tensor([[1.0, s], [0.0, 1.0]], dtype=torch.float64)
    size = torch.diag(torch.tensor([sx, scale], dtype=torch.float64))
    forward = turn @ slant @ size
    back = torch.linalg.inv(forward)
    ys, xs = torch.meshgrid(torch.arange(h).double() + 0.5, torch.arange(w).double() + 0.5, indexing="ij")
    points = torch.stack([xs - w / 2 - move_x, ys - h / 2 - move_y], -1) @ back.T
    grid = torch.stack([points[..., 0] / (w / 2), points[..., 1] / (h / 2)], -1)[None]
    result = F.grid_sample(
        image.permute(2, 0, 1)[None].double(), grid, mode="bilinear", padding_mode="zeros", align_corners=False
    )[0].permute(1, 2, 0)
    cases["affine"].append(
        {
            "shape": [h, w, 3],
            "settings": {"scale": scale, "shear": shear, "rotate": rotate, "moveX": move_x, "moveY": move_y, "mirror": mirror},
            "image": image.flatten().tolist(),
            "result": result.flatten().tolist(),
        }
    )
print(json.dumps(cases))
