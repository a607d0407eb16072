// The recurrent ops beside float64 loops, and beside their composition of plain tfjs ops.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import { gru, lstm, rnn } from '../src/index.ts';
import { hasKernels } from '../src/ops/has-kernels.ts';
import { recurrentCall } from '../src/ops/recurrent-call.ts';
import { recurrentInput } from './kernels/run-recurrent.ts';
import { composition, expectLikeReference, op, runOnTape } from './ops-support.ts';
import { cellNames } from './reference/recurrent.ts';
import { noise } from './reference/support.ts';

setUpBackend();

const bound = 1e-5;
const runs = { op, composition };

/** Rows padded on the right, on the left, with holes, without any real step, and without padding. */
function maskOf(T: number): Float32Array {
  const third = Math.ceil(T / 3);
  const rows = [
    (t: number) => t < third,
    (t: number) => t >= third,
    (t: number) => t % 3 !== 1,
    () => false,
    () => true,
  ];
  return Float32Array.from({ length: 5 * T }, (_, i) => Number(rows[Math.floor(i / T)]!(i % T)));
}

for (const [name, run] of Object.entries(runs)) {
  for (const cell of cellNames) {
    describe(`${name} of ${cell}: outputs and every gradient within 1e-5 of float64, relative to the largest`, () => {
      it.each([1, 3, 17])('%i units: T 1, 2, 24', (H) => {
        for (const T of [1, 2, 24]) {
          const input = recurrentInput(cell, { B: 3, T, C: 2, H });
          expectLikeReference(run, cell, input, bound, `T ${T}`);
        }
      });

      it.each([false, true])('masked, NaN at padded steps, reverse %s', (reverse) => {
        const input = recurrentInput(cell, { B: 5, T: 7, C: 3, H: 5 }, { reverse, mask: maskOf(7) });
        expectLikeReference(run, cell, input, bound);
      });

      it('reverse, no bias, no initial state', () => {
        const none = { bias: undefined, recurrentBias: undefined, h0: undefined, c0: undefined };
        const input = recurrentInput(cell, { B: 2, T: 6, C: 1, H: 4 }, { ...none, reverse: true });
        expectLikeReference(run, cell, input, bound);
      });

      it('only the last states, only the sequence', () => {
        const sizes = { B: 3, T: 5, C: 2, H: 5 };
        expectLikeReference(run, cell, recurrentInput(cell, sizes, { dy: undefined }), bound, 'states');
        const sequence = recurrentInput(cell, sizes, { dhLast: undefined, dcLast: undefined });
        expectLikeReference(run, cell, sequence, bound, 'sequence');
      });

      it.each([
        ['hardSigmoid', 'tanh'],
        ['sigmoid', 'relu'],
        ['tanh', 'leakyRelu'],
        ['sigmoid', 'softplus'],
        ['swish', 'linear'],
        ['sigmoid', 'hardSigmoid'],
      ] as const)('gates %s, cell %s', (gate, activation) => {
        const input = recurrentInput(
          cell,
          { B: 5, T: 6, C: 2, H: 5 },
          { gate, cell: activation, mask: maskOf(6) },
        );
        expectLikeReference(run, cell, input, bound);
      });
    });
  }
}

describe.each(cellNames)('%s', (cell) => {
  const input = recurrentInput(cell, { B: 3, T: 6, C: 2, H: 5 });

  /** x and the weights of the input, and a loss of theirs that needs all outputs. */
  function setUp() {
    const [N, H] = [input.bias!.length, 5];
    const x = tf.tensor3d(Float32Array.from(input.x), [3, 6, 2]);
    const kernel = tf.tensor2d(Float32Array.from(input.kernel), [2, N]);
    const recurrent = tf.tensor2d(Float32Array.from(input.recurrent), [H, N]);
    const loss = (a: tf.Tensor, k: tf.Tensor, u: tf.Tensor) => {
      const { sequence, states } = op(cell, a, { kernel: k, recurrent: u }, {});
      return tf.add<tf.Scalar>(tf.sum(tf.square(sequence)), tf.sum(tf.addN(states)));
    };
    return { x, kernel, recurrent, loss };
  }

  it('the gradient by x alone, and by one weight alone, is that of all', () => {
    tf.tidy(() => {
      const { x, kernel, recurrent, loss } = setUp();
      const all = tf
        .grads(loss)([x, kernel, recurrent])
        .map((each) => each.dataSync());
      const ofX = tf.grad((a: tf.Tensor) => loss(a, kernel, recurrent))(x);
      const ofRecurrent = tf.grad((u: tf.Tensor) => loss(x, kernel, u))(recurrent);
      expect(ofX.dataSync()).toEqual(all[0]);
      expect(ofRecurrent.dataSync()).toEqual(all[2]);
    });
  });

  it('a gradient asked twice for one forward run is the same both times', () => {
    tf.tidy(() => {
      const { x, kernel, recurrent, loss } = setUp();
      const expected = tf
        .grads(loss)([x, kernel, recurrent])
        .map((each) => each.dataSync());
      const seen: ArrayLike<number>[][] = [];
      const outer = (...all: [tf.Tensor, tf.Tensor, tf.Tensor]) => {
        // A gradient inside a gradient is taken on the same tape, so the outer one meets the inner one's node again.
        let value: tf.Scalar | undefined;
        const inner = tf.valueAndGrads((...of: tf.Tensor[]) => {
          value = loss(...(of as [tf.Tensor, tf.Tensor, tf.Tensor]));
          return value;
        })(all);
        seen.push(inner.grads.map((each) => each.dataSync()));
        return inner.value as tf.Scalar;
      };
      const twice = tf.grads(outer as (...all: tf.Tensor[]) => tf.Scalar)([x, kernel, recurrent]);
      for (const gradients of [seen[0]!, twice.map((each) => each.dataSync())]) {
        for (const [i, gradient] of gradients.entries()) expect(gradient, `input ${i}`).toEqual(expected[i]);
      }
    });
  });

  it('trains variables and leaves nothing behind but their gradients', () => {
    const { x, kernel, recurrent, loss } = setUp();
    const weights = [tf.variable(kernel), tf.variable(recurrent)];
    const before = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(() => loss(x, weights[0]!, weights[1]!), weights);
    expect(tf.memory().numTensors).toBe(before + 3);
    const expected = tf.tidy(() => tf.grads(loss)([x, kernel, recurrent]).slice(1));
    for (const [i, weight] of weights.entries()) {
      expect(grads[weight.name]!.dataSync()).toEqual(expected[i]!.dataSync());
    }
    tf.dispose([x, kernel, recurrent, ...weights, value, ...Object.values(grads), ...expected]);
  });

  it('in a customGrad of its own', () => {
    tf.tidy(() => {
      const { x, kernel, recurrent, loss } = setUp();
      const custom = tf.customGrad((a) => ({
        value: loss(a as tf.Tensor, kernel, recurrent),
        gradFunc: (dy: tf.Tensor) => tf.mul(dy, tf.onesLike(x)),
      }));
      const gradient = tf.grad((a: tf.Tensor) => tf.mul(custom(a), 2))(x);
      expect(gradient.dataSync()).toEqual(new Float32Array(x.size).fill(2));
    });
  });

  it.skipIf(testBackend !== 'wasm')('memory that grows between forward and backward', () => {
    const expected = runOnTape(op, cell, input);
    const fill: tf.Tensor[] = [];
    const actual = runOnTape(
      (...args) => {
        const result = op(...args);
        fill.push(tf.keep(tf.zeros([4_000_000])));
        return result;
      },
      cell,
      input,
    );
    tf.dispose(fill);
    expect(actual).toEqual(expected);
  });

  it('the op is one kernel forward, and the gradient by x is not made unasked', async () => {
    const { x, kernel, recurrent, loss } = setUp();
    const { kernelNames } = await tf.profile(() => {
      const { value, grads } = tf.valueAndGrads((k: tf.Tensor) => loss(x, k, recurrent))([kernel]);
      tf.dispose([value, grads]);
      return x;
    });
    expect(
      kernelNames
        .filter((name) => name.startsWith('Tidecast'))
        .map((name) => name.replace(/.*?(Grad|InputGrad)?$/, '$1')),
    ).toEqual(['', 'Grad']);
    tf.dispose([x, kernel, recurrent]);
  });
});

describe('what runs fused on wasm', () => {
  const asked = (cell: 'lstm' | 'rnn', activation: 'tanh' | 'swish' | 'softmax') => {
    const input = recurrentInput(cell, { B: 1, T: 1, C: 1, H: 1 });
    return tf.tidy(() => {
      const x = tf.zeros([1, 1, 1]);
      const weights = {
        kernel: tf.zeros([1, input.bias!.length]),
        recurrent: tf.zeros([1, input.bias!.length]),
      };
      return hasKernels(recurrentCall(cell, cell, x, weights, { activation }));
    });
  };

  it.skipIf(testBackend !== 'wasm')('all but softmax, and but gated cells with swish and softplus', () => {
    expect([asked('lstm', 'tanh'), asked('lstm', 'swish'), asked('lstm', 'softmax')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([asked('rnn', 'tanh'), asked('rnn', 'swish'), asked('rnn', 'softmax')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('softmax runs over the units', () => {
    tf.tidy(() => {
      const [kernel, recurrent] = [tf.tensor2d(noise(6, 1), [2, 3]), tf.tensor2d(noise(9, 2), [3, 3])];
      const { states } = rnn(
        tf.tensor3d(noise(4, 3), [1, 2, 2]),
        { kernel, recurrent },
        { activation: 'softmax' },
      );
      expect(tf.sum(states[0]!).dataSync()[0]).toBeCloseTo(1, 6);
    });
  });
});

describe('what they take and refuse', () => {
  const shapes = {
    x: [2, 4, 3],
    kernel: [3, 20],
    recurrent: [5, 20],
    bias: [20],
    mask: [2, 4],
    h: [2, 5],
    c: [2, 5],
  };
  const call = (changes: Partial<Record<keyof typeof shapes, number[]>>, options = {}) =>
    tf.tidy(() => {
      const all = { ...shapes, ...changes };
      const zeros = (name: keyof typeof shapes) => tf.zeros(all[name]);
      lstm(
        zeros('x'),
        { kernel: zeros('kernel'), recurrent: zeros('recurrent'), bias: zeros('bias') },
        { mask: zeros('mask'), initialState: [zeros('h'), zeros('c')], ...options },
      );
    });

  it('runs what fits, a mask and an input of other types too', () => {
    call({});
    const result = tf.tidy(() => {
      const weights = { kernel: tf.ones([1, 4]), recurrent: tf.ones([1, 4]) };
      const whole = lstm(tf.tensor3d([1, 2], [1, 2, 1], 'int32'), weights, {
        mask: tf.tensor2d([true, false], [1, 2], 'bool'),
      });
      const half = lstm(tf.tensor3d([1], [1, 1, 1]), weights);
      return [...whole.states, ...half.states].map((state) => state.dataSync()[0]!);
    });
    expect(result.slice(0, 2)).toEqual(result.slice(2));
  });

  it.each([
    [{ x: [2, 4, 2] }, 'lstm: x must be [B, T, 3], got [2, 4, 2]. The kernel decides about the channels.'],
    [{ x: [2, 4] }, 'lstm: x must be [B, T, 3], got [2, 4].'],
    [{ x: [0, 4, 3] }, 'lstm: x must be of one row and one step at least, got [0, 4, 3].'],
    [
      { recurrent: [5, 15] },
      'lstm: recurrent must be [H, 4·H], got [5, 15]. Are these the weights of another cell?',
    ],
    [{ kernel: [3, 16] }, 'lstm: kernel must be [C, 20], got [3, 16].'],
    [{ bias: [5] }, 'lstm: bias must be [20], got [5].'],
    [{ mask: [2, 3] }, 'lstm: mask must be [2, 4], got [2, 3].'],
    [{ c: [2, 4] }, 'lstm: initialState[1] must be [2, 5], got [2, 4].'],
  ])('%o: %s', (changes, message) => {
    expect(() => call(changes as never)).toThrow(message);
  });

  it('states what else is wrong', () => {
    expect(() => call({}, { initialState: [] })).toThrow(
      'lstm: initialState must hold [h, c], got 0 tensors.',
    );
    expect(() => call({}, { activation: 'selu' })).toThrow('lstm: activation must be one of linear, tanh,');
    expect(() =>
      tf.tidy(() => {
        const weights = {
          kernel: tf.zeros([1, 3]),
          recurrent: tf.zeros([1, 3]),
          recurrentBias: tf.zeros([3]),
        };
        gru(tf.zeros([1, 1, 1]), weights, { resetAfter: false });
      }),
    ).toThrow('gru: recurrentBias must be absent with resetAfter false');
  });
});
