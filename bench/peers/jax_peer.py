"""The JAX peer: value_and_grad, lax.scan and Adam in one jit with donated buffers, on one core.

Written for speed; each choice was the fastest of those tried. A time step is one product of [x, h] with all gates'
weights: taking the inputs' part out of the scan as one product costs more than it saves with two inputs, as its result
and the gradient of that go through memory. The scan is not unrolled: 4 and 24 steps a turn were slower.
"""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

from measure import CHANNELS, OUTPUTS, TIME_STEPS, data, serve

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def uniform(random, *shape):
    bound = 1 / np.sqrt(shape[0])
    return jnp.asarray(random.uniform(-bound, bound, shape).astype(np.float32))


def init(point):
    random = np.random.default_rng(2)
    cell, units = point["cell"], point["units"]
    if cell == "cnn2d":
        return {"k1": uniform(random, 3, 3, 1, 24), "b1": jnp.zeros(24), "k2": uniform(random, 3, 3, 24, 36),
                "b2": jnp.zeros(36), "w3": uniform(random, 900, 128), "b3": jnp.zeros(128),
                "w4": uniform(random, 128, 10), "b4": jnp.zeros(10)}
    if cell == "cnn1d":
        flat = units * ((point.get("T", TIME_STEPS) - 1) // 2)
        return {"k": uniform(random, 2, CHANNELS, units), "b": jnp.zeros(units),
                "w": uniform(random, flat, OUTPUTS), "c": jnp.zeros(OUTPUTS)}
    columns = GATES[cell] * units
    params = {"wx": uniform(random, CHANNELS, columns), "wh": uniform(random, units, columns),
              "b": jnp.zeros(columns), "w": uniform(random, units, OUTPUTS), "c": jnp.zeros(OUTPUTS)}
    if cell == "gru":
        params["bh"] = jnp.zeros(columns)
    return params


def recurrent(cell, units, params, x):
    """Last hidden state [B, H] of windows x [B, T, C]; gates i, f, g, o or r, z, n (reset after the product)."""
    rows = jnp.swapaxes(x, 0, 1)
    zeros = jnp.zeros((x.shape[0], units), jnp.float32)
    wx, wh, bias = params["wx"], params["wh"], params["b"]
    if cell == "gru":
        # The candidate's two products stay apart for the reset gate: columns r, z, n of x, n of h.
        nothing = jnp.zeros_like
        wx = jnp.concatenate([wx, nothing(wx[:, :units])], axis=1)
        wh = jnp.concatenate([wh[:, :2 * units], nothing(wh[:, :units]), wh[:, 2 * units:]], axis=1)
        own = params["bh"]
        bias = jnp.concatenate([bias[:2 * units] + own[:2 * units], bias[2 * units:], own[2 * units:]])
    weights = jnp.concatenate([wx, wh])

    def product(row, h):
        return jnp.concatenate([row, h], axis=1) @ weights + bias

    if cell == "rnn":
        def step(h, row):
            return jnp.tanh(product(row, h)), None
        h, _ = lax.scan(step, zeros, rows)
        return h
    if cell == "lstm":
        def step(carry, row):
            h, c = carry
            i, f, g, o = jnp.split(product(row, h), 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None
        (h, _), _ = lax.scan(step, (zeros, zeros), rows)
        return h

    def step(h, row):
        r, z, n, own = jnp.split(product(row, h), 4, axis=1)
        n = jnp.tanh(n + jax.nn.sigmoid(r) * own)
        return n + jax.nn.sigmoid(z) * (h - n), None
    h, _ = lax.scan(step, zeros, rows)
    return h


def pool2d(x):
    # Three times as fast, with its gradient, as lax.reduce_window: that one's is a select-and-scatter.
    batch, height, width, channels = x.shape
    height, width = height // 2, width // 2
    return x[:, :2 * height, :2 * width].reshape(batch, height, 2, width, 2, channels).max(axis=(2, 4))


def conv2d(x, kernel, bias):
    return jax.nn.relu(lax.conv_general_dilated(x, kernel, (1, 1), "VALID",
                                                dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias)


def forward(point, params, x):
    cell = point["cell"]
    if cell == "cnn2d":
        hidden = pool2d(conv2d(x, params["k1"], params["b1"]))
        hidden = pool2d(conv2d(hidden, params["k2"], params["b2"])).reshape(x.shape[0], -1)
        return jax.nn.relu(hidden @ params["w3"] + params["b3"]) @ params["w4"] + params["b4"]
    if cell == "cnn1d":
        # A convolution of width 2 over 2 channels is one product of neighbouring rows: faster here than lax.conv.
        pairs = jnp.concatenate([x[:, :-1], x[:, 1:]], axis=2)
        hidden = jax.nn.relu(pairs @ params["k"].reshape(2 * CHANNELS, -1) + params["b"])
        even = hidden.shape[1] // 2 * 2
        hidden = hidden[:, :even].reshape(x.shape[0], even // 2, 2, -1).max(axis=2)
        return hidden.reshape(x.shape[0], -1) @ params["w"] + params["c"]
    return recurrent(cell, point["units"], params, x) @ params["w"] + params["c"]


class Built:
    def __init__(self, point):
        def loss(params, x, y):
            out = forward(point, params, x)
            if point["cell"] == "cnn2d":
                return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(out), y[:, None], axis=1))
            return jnp.mean((out - y) ** 2)

        def step(state, x, y):
            params, first, second, count = state
            value, grads = jax.value_and_grad(loss)(params, x, y)
            count = count + 1
            first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, grads)
            second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, grads)
            # Adam's two corrections folded into the rate and the epsilon.
            right = jnp.sqrt(1 - 0.999 ** count)
            rate = 1e-3 * right / (1 - 0.9 ** count)
            params = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8 * right),
                                  params, first, second)
            return (params, first, second, count), value

        params = init(point)
        zeros = jax.tree.map(jnp.zeros_like, params)
        self.state = (params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.float32(0))
        self.batches = [(jax.device_put(x), jax.device_put(y)) for x, y in data(point)]
        self.step = jax.jit(step, donate_argnums=0)
        self.window = jax.device_put(self.batches[0][0][:1])
        self.apply = jax.jit(lambda params, x: forward(point, params, x))

    def train(self, count):
        state, step, batches = self.state, self.step, self.batches
        for index in range(count):
            x, y = batches[index % len(batches)]
            state, _ = step(state, x, y)
        self.state = jax.block_until_ready(state)

    def infer(self):
        self.apply(self.state[0], self.window).block_until_ready()


if __name__ == "__main__":
    serve("jax", jax.__version__, Built)
