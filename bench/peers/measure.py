"""What the Python peers share: the data of a point, the clock, and the conversation with the harness.

A peer reads one request a line on stdin and answers one line on stdout, both JSON, as in src/protocol.ts.
Import this before a framework: it keeps the framework to one thread.
"""

import json
import os
import resource
import sys
import time

for name in (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
):
    os.environ[name] = "1"

import numpy as np

CHANNELS = 2
OUTPUTS = 12
TIME_STEPS = 24
BATCHES = 8
"""Fixed batches that a training goes round."""

BLOCKS = 7
"""Parts a measurement is cut into; the median is over them."""


def data(point):
    """Batches of a point: windows [B, T, 2] and targets [B, 12], or images [B, 28, 28, 1] and classes [B]."""
    random = np.random.default_rng(1)
    batch = point["batch"]
    if point["cell"] == "cnn2d":
        return [
            (random.random((batch, 28, 28, 1), dtype=np.float32), random.integers(0, 10, batch))
            for _ in range(BATCHES)
        ]
    shape = (batch, point.get("T", TIME_STEPS), CHANNELS)
    return [
        (random.standard_normal(shape, dtype=np.float32), random.standard_normal((batch, OUTPUTS), dtype=np.float32))
        for _ in range(BATCHES)
    ]


def blocks_for(request, step_seconds):
    """How many blocks there are and how many steps each has, as blocksFor in src/peers/serve.ts."""
    if request.get("steps"):
        return min(BLOCKS, request["steps"]), -(-request["steps"] // BLOCKS)
    total = request.get("seconds", 0.3) / step_seconds
    if total < BLOCKS:
        return max(3, int(np.ceil(total))), 1
    return BLOCKS, int(total // BLOCKS)


def time_steps(run, request, step_seconds):
    """Times `run(count)`, which runs steps and waits for them: the median over blocks, and what else an answer holds."""
    blocks, each = blocks_for(request, step_seconds)
    times = []
    cpu_started = time.process_time()
    for _ in range(blocks):
        started = time.perf_counter()
        run(each)
        times.append(time.perf_counter() - started)
    return {
        "steps": blocks * each,
        "ms": float(np.median(times)) / each * 1000,
        "busy": (time.process_time() - cpu_started) / sum(times),
        "rss": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def time_calls(run, calls):
    """Percentiles of single calls [ms], a tenth as many before them not counted; two seconds at most, but 100 calls."""
    for _ in range(calls // 10):
        run()
    times = []
    began = time.perf_counter()
    while len(times) < calls and (len(times) < 100 or time.perf_counter() - began < 2):
        started = time.perf_counter()
        run()
        times.append((time.perf_counter() - started) * 1000)
    return {"calls": len(times), "p50": float(np.percentile(times, 50)), "p99": float(np.percentile(times, 99))}


def warm(built):
    """Trains until everything that compiles has compiled; returns about how long a step takes [s]."""
    began = time.perf_counter()
    built.train(3)
    while True:
        started = time.perf_counter()
        built.train(8)
        ended = time.perf_counter()
        if ended - began > 0.3:
            return (ended - started) / 8


def serve(peer, version, build, fit=None, product=None, digits=None):
    """Says ready and answers requests until stdin ends.

    `build(point)` makes an object with `train(count)`, and with `infer()`, which runs the network on one window.
    `fit(point, x, y, epochs)` trains a network on windows and returns its mean loss in the last epoch.
    `product(m, n, k)` makes a function that multiplies two matrices.
    `digits(x, y, test_x, test_y, request)` trains on digits and returns the times of the epochs [s] and the accuracy.
    """
    # Frameworks print to stdout now and then: keep the conversation apart from it.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(value):
        channel.write(json.dumps(value) + "\n")
        channel.flush()

    built, built_point, step_seconds = None, None, 0

    def measure(request):
        nonlocal built, built_point, step_seconds
        point = {name: request[name] for name in ("cell", "units", "batch", "T") if name in request}
        if request["measure"] == "fit" and fit:
            return measure_fit(fit, point, request)
        if request["measure"] == "gemm" and product:
            return measure_gemm(product, request["m"], request["n"], request["k"])
        if request["measure"] == "digits" and digits:
            return measure_digits(digits, request)
        if request["measure"] not in ("train", "infer"):
            raise ValueError(f"cannot measure '{request['measure']}'")
        if point != built_point:
            built, built_point = None, None
            built = build(point)
            step_seconds = warm(built)
            built_point = point
        if request["measure"] == "train":
            return time_steps(built.train, request, step_seconds)
        return time_calls(built.infer, request["calls"])

    answer({"ready": peer, "version": version})
    for line in sys.stdin:
        try:
            answer(measure(json.loads(line)))
        except Exception as error:
            answer({"error": f"{type(error).__name__}: {error}".split("\n")[0]})


def measure_fit(fit, point, request):
    x = np.fromfile(request["x"], np.float32).reshape(-1, TIME_STEPS, CHANNELS)
    y = np.fromfile(request["y"], np.float32).reshape(-1, OUTPUTS)
    started = time.perf_counter()
    loss = fit(point, x, y, request["epochs"])
    return {"ms": (time.perf_counter() - started) * 1000, "loss": loss}


def measure_digits(digits, request):
    def read(name, *shape):
        return np.fromfile(os.path.join(request["folder"], name), np.float32).reshape(-1, *shape)

    arrays = [read("train-x", 28, 28, 1), read("train-y", 10), read("test-x", 28, 28, 1), read("test-y", 10)]
    cpu_started, started = time.process_time(), time.perf_counter()
    epoch_seconds, accuracy = digits(*arrays, request)
    busy = (time.process_time() - cpu_started) / (time.perf_counter() - started)
    return {"epochSeconds": epoch_seconds, "accuracy": accuracy, "busy": busy}


def measure_gemm(product, m, n, k):
    run = product(m, n, k)
    flops = 2 * m * n * k
    each = max(1, round(2e8 / flops))
    best = float("inf")
    for _ in range(15):
        started = time.perf_counter()
        for _ in range(each):
            run()
        best = min(best, (time.perf_counter() - started) / each)
    return {"gflops": flops / best / 1e9}
