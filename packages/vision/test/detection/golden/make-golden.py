"""Makes golden.json beside this file with PyTorch 2.13 in float64: RoI Align and its gradient, and the loss of a detector.

Run: python3 make-golden.py   (pip install torch==2.13.0)

RoI Align is written out here as the loops of torchvision's CPU kernel (aligned=True), one sample at a time, and
differentiated by autograd. The loss is made of PyTorch's own losses.
"""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(5)


def exact(tensor):
    """Rounded to float32, so that both sides start from the same numbers."""
    return tensor.to(torch.float32).to(torch.float64)


def bilinear(grid, y, x):
    height, width = grid.shape[:2]
    if y < -1 or y > height or x < -1 or x > width:
        return torch.zeros(grid.shape[2])
    y, x = max(y, 0.0), max(x, 0.0)
    y_low, x_low = int(y), int(x)
    if y_low >= height - 1:
        y_high = y_low = height - 1
        y = float(y_low)
    else:
        y_high = y_low + 1
    if x_low >= width - 1:
        x_high = x_low = width - 1
        x = float(x_low)
    else:
        x_high = x_low + 1
    ly, lx = y - y_low, x - x_low
    hy, hx = 1 - ly, 1 - lx
    return (
        hy * hx * grid[y_low, x_low]
        + hy * lx * grid[y_low, x_high]
        + ly * hx * grid[y_high, x_low]
        + ly * lx * grid[y_high, x_high]
    )


def roi_align(features, boxes, size, scale, samples):
    regions = []
    for picture, own in zip(features, boxes):
        for x0, y0, x1, y1 in own.tolist():
            left, top = x0 * scale - 0.5, y0 * scale - 0.5
            wide, high = (x1 - x0) * scale / size, (y1 - y0) * scale / size
            bins = []
            for row in range(size):
                for column in range(size):
                    total = torch.zeros(features.shape[3])
                    for iy in range(samples):
                        y = top + row * high + (iy + 0.5) * high / samples
                        for ix in range(samples):
                            x = left + column * wide + (ix + 0.5) * wide / samples
                            total = total + bilinear(picture, y, x)
                    bins.append(total / samples**2)
            regions.append(torch.stack(bins).reshape(size, size, -1))
    return torch.stack(regions)


def align_case(name, shape, boxes, size, scale, samples):
    features = exact(torch.randn(shape)).requires_grad_()
    corners = exact(torch.tensor(boxes))
    result = roi_align(features, corners, size, scale, samples)
    probe = exact(torch.randn(result.shape))
    (result * probe).sum().backward()
    return {
        "name": name,
        "options": {"size": size, "scale": scale, "samples": samples},
        "shape": list(shape),
        "features": features.detach().flatten().tolist(),
        "boxes": corners.tolist(),
        "result": result.detach().flatten().tolist(),
        "probe": probe.flatten().tolist(),
        "gradient": features.grad.flatten().tolist(),
    }


def loss_case(batch, anchors, regions, classes):
    output = exact(torch.randn(batch, anchors * 5 + regions * (classes + 5)) * 2).requires_grad_()
    anchor_y, region_y = torch.zeros(batch, anchors, 5), torch.zeros(batch, regions, 5)
    anchor_w, region_w = torch.zeros(batch, anchors, 5), torch.zeros(batch, regions, 5)
    for y, w, kinds in ((anchor_y, anchor_w, 2), (region_y, region_w, classes + 1)):
        y[..., 0] = torch.randint(0, kinds, y.shape[:2])
        y[..., 1:] = exact(torch.randn(*y.shape[:2], 4))
        w[..., 0] = (torch.rand(y.shape[:2]) < 0.7).double()
        w[..., 1:] = (w[..., :1] * (y[..., :1] > 0)).expand(-1, -1, 4)
    first = output[:, : anchors * 5].reshape(batch, anchors, 5)
    second = output[:, anchors * 5 :].reshape(batch, regions, classes + 5)
    used = anchor_w[..., 0] > 0
    some = anchor_w[..., 1] > 0
    loss = F.binary_cross_entropy_with_logits(first[used][:, 0], anchor_y[used][:, 0])
    loss = loss + F.smooth_l1_loss(first[some][:, 1:], anchor_y[some][:, 1:], beta=1 / 9, reduction="sum") / used.sum()
    used = region_w[..., 0] > 0
    some = region_w[..., 1] > 0
    loss = loss + F.cross_entropy(second[used][:, : classes + 1], region_y[used][:, 0].long())
    boxes = F.smooth_l1_loss(second[some][:, classes + 1 :], region_y[some][:, 1:], beta=1.0, reduction="sum")
    loss = loss + boxes / used.sum()
    loss.backward()
    flat = lambda a, b: torch.cat([a.flatten(1), b.flatten(1)], 1).flatten().tolist()
    return {
        "batch": batch,
        "anchors": anchors,
        "regions": regions,
        "classes": classes,
        "output": output.detach().flatten().tolist(),
        "y": flat(anchor_y, region_y),
        "weight": flat(anchor_w, region_w),
        "loss": loss.item(),
        "gradient": output.grad.flatten().tolist(),
    }


inside = [[[4, 4, 20, 12], [0, 0, 28, 20]], [[7.3, 2.1, 15.9, 18.4], [10, 10, 12, 11]]]
outside = [[[-6, -3, 9, 8], [20, 15, 41, 33], [60, 60, 90, 70]]]
golden = {
    "source": f"PyTorch {torch.__version__.split('+')[0]}",
    "align": [
        align_case("regions inside, two pictures", (2, 5, 7, 3), inside, 3, 0.25, 2),
        align_case("regions that reach out", (1, 5, 7, 2), outside, 2, 0.25, 3),
        align_case("one bin, one sample", (1, 1, 1, 1), [[[0, 0, 8, 8]]], 1, 0.125, 1),
    ],
    "loss": [loss_case(2, 6, 5, 3), loss_case(1, 3, 1, 1)],
}
pathlib.Path(__file__).with_name("golden.json").write_text(json.dumps(golden) + "\n")
