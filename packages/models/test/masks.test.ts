import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import {
  averagePool1d,
  cnn1d,
  createModel,
  dense,
  flatten,
  globalPool1d,
  gru,
  type LayerConfig,
  lstm,
  maxPool1d,
  reshape,
  rnn,
} from '../src/index.ts';
import { runTape, testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';

setUpBackend();

const CHANNELS = 2;
type Side = 'left' | 'right' | 'middle';

/** Where the steps of one real sequence stand in a padded one. */
function positions(side: Side, real: number, padding: number, cut: number): number[] {
  const before = side === 'left' ? real : side === 'right' ? 0 : cut % (real + 1);
  return Array.from({ length: real }, (_, t) => {
    if (side === 'left') return t + padding;
    if (side === 'right') return t;
    return t < before ? t : t + padding;
  });
}

/** The padded sequence, with `junk` at the padding, and its mask. */
function pad(sequence: Float32Array, at: number[], steps: number, junk: number) {
  const data = new Float32Array(steps * CHANNELS).fill(junk);
  const mask = new Float32Array(steps);
  at.forEach((t, i) => {
    mask[t] = 1;
    data.set(sequence.subarray(i * CHANNELS, (i + 1) * CHANNELS), t * CHANNELS);
  });
  return { data, mask };
}

/** Three sequences of different lengths in one padded batch against each of them alone. */
function comparePadded(
  layers: LayerConfig[],
  side: Side,
  lengths: number[],
  extra: number,
  junk: number,
  cut = 1,
) {
  const model = testModel({ input: [null, CHANNELS], layers });
  const steps = Math.max(...lengths) + extra;
  const sequences = lengths.map((length, row) => valuesOf(`row ${row}`, length * CHANNELS));
  const padded = sequences.map((sequence, row) =>
    pad(sequence, positions(side, lengths[row]!, steps - lengths[row]!, cut), steps, junk),
  );
  const data = padded.flatMap((one) => [...one.data]);
  const mask = { data: padded.flatMap((one) => [...one.mask]), shape: [lengths.length, steps] };
  const together = runTape(model, { data, shape: [lengths.length, steps, CHANNELS] }, { mask });
  const width = together.output.length / lengths.length;

  // The probe of the padded batch, row by row, so that the gradients add up to those of the batch.
  const probe = valuesOf('probe', together.output.length);
  const sums: Record<string, Float64Array> = {};
  let worst = 0;
  tf.tidy(() => {
    sequences.forEach((sequence, row) => {
      const x = tf.tensor(sequence, [1, lengths[row]!, CHANNELS]);
      const names = Object.keys(model.weights);
      const rowProbe = tf.tensor(probe.subarray(row * width, (row + 1) * width), [1, width]);
      const gradients = tf.grads((...[first]: tf.Tensor[]) => {
        const result = model.apply(first!);
        result.dataSync().forEach((value, i) => {
          worst = Math.max(worst, Math.abs(value - together.output[row * width + i]!));
        });
        return tf.sum(tf.mul(result, rowProbe));
      })([x, ...names.map((name) => model.weights[name]!)]);
      names.forEach((name, i) => {
        const values = gradients[i + 1]!.dataSync();
        sums[name] ??= new Float64Array(values.length);
        values.forEach((value, k) => {
          sums[name]![k]! += value;
        });
      });
    });
  });
  model.dispose();
  return { worst, sums, together };
}

const sequence = { returnSequences: true };
const recurrentStacks: Record<string, LayerConfig[]> = {
  rnn: [rnn({ units: 3 })],
  'rnn relu': [rnn({ units: 3, activation: 'relu' })],
  lstm: [lstm({ units: 3 })],
  gru: [gru({ units: 3 })],
  'gru, reset before': [gru({ units: 3, resetAfter: false })],
  'lstm both directions': [lstm({ units: 3, bidirectional: true })],
  'two layers': [lstm({ units: 3, ...sequence }), gru({ units: 2 })],
  'two layers both ways': [
    gru({ units: 2, bidirectional: true, ...sequence }),
    rnn({ units: 3, bidirectional: true }),
  ],
  'dense between': [
    lstm({ units: 3, ...sequence }),
    dense({ units: 2, activation: 'sigmoid' }),
    lstm({ units: 2 }),
  ],
  'dense first': [dense({ units: 3, activation: 'sigmoid' }), gru({ units: 2 })],
  'average of a sequence': [gru({ units: 3, ...sequence }), globalPool1d()],
  'maximum of a sequence': [rnn({ units: 3, ...sequence }), globalPool1d({ mode: 'max' })],
  'last of a sequence': [rnn({ units: 3, ...sequence }), globalPool1d({ mode: 'last' })],
};

const lengths = (least: number) =>
  fc.array(fc.integer({ min: least, max: least + 7 }), { minLength: 3, maxLength: 3 });
const junk = fc.constantFrom(0, 1000, Number.NaN, Number.POSITIVE_INFINITY);
const runs = { numRuns: 12, seed: 7 };

describe('recurrent layers: padding anywhere changes no result (1e-6) and no gradient (relative 1e-5)', () => {
  it.each(Object.keys(recurrentStacks))('%s', (name) => {
    fc.assert(
      fc.property(
        fc.constantFrom<Side>('left', 'right', 'middle'),
        lengths(1),
        fc.nat(4),
        junk,
        fc.nat(5),
        (side, each, extra, value, cut) => {
          const { worst, sums, together } = comparePadded(
            recurrentStacks[name]!,
            side,
            each,
            extra,
            value,
            cut,
          );
          expect(worst).toBeLessThanOrEqual(1e-6);
          for (const [weight, sum] of Object.entries(sums)) {
            expect(relativeError(together.gradients[weight]!, sum), weight).toBeLessThanOrEqual(1e-5);
          }
        },
      ),
      runs,
    );
  });
});

const causal = { padding: 'causal' as const };
const tanh = { activation: 'tanh' as const };
const convolutionStacks: Record<string, { least: number; layers: LayerConfig[] }> = {
  'valid, average': { least: 2, layers: [cnn1d({ filters: 3, ...tanh }), globalPool1d()] },
  'valid twice, dilated, maximum': {
    least: 6,
    layers: [
      cnn1d({ filters: 3, ...tanh }),
      cnn1d({ filters: 2, dilation: 4, ...tanh }),
      globalPool1d({ mode: 'max' }),
    ],
  },
  'same twice, average': {
    least: 1,
    layers: [
      cnn1d({ filters: 3, kernelSize: 3, padding: 'same', ...tanh }),
      cnn1d({ filters: 2, kernelSize: 4, padding: 'same', ...tanh }),
      globalPool1d(),
    ],
  },
  'causal, dilated, last': {
    least: 1,
    layers: [
      cnn1d({ filters: 3, ...causal, ...tanh }),
      cnn1d({ filters: 3, ...causal, ...tanh, dilation: 2 }),
      globalPool1d({ mode: 'last' }),
    ],
  },
  'causal, then lstm': { least: 1, layers: [cnn1d({ filters: 3, ...causal }), lstm({ units: 2 })] },
  'valid, then gru both ways': {
    least: 2,
    layers: [cnn1d({ filters: 3 }), gru({ units: 2, bidirectional: true })],
  },
  'lstm, then causal, maximum': {
    least: 1,
    layers: [
      lstm({ units: 3, ...sequence }),
      cnn1d({ filters: 2, ...causal, ...tanh }),
      globalPool1d({ mode: 'max' }),
    ],
  },
  'average pool by single steps, maximum': {
    least: 3,
    layers: [averagePool1d({ poolSize: 3, stride: 1 }), globalPool1d({ mode: 'max' })],
  },
};

describe('convolution and pooling: padding on either side changes no result (1e-6)', () => {
  it.each(Object.keys(convolutionStacks))('%s', (name) => {
    const { least, layers } = convolutionStacks[name]!;
    fc.assert(
      fc.property(
        fc.constantFrom<Side>('left', 'right'),
        lengths(least),
        fc.nat(4),
        junk,
        (side, each, extra, value) => {
          const { worst, sums, together } = comparePadded(layers, side, each, extra, value);
          expect(worst).toBeLessThanOrEqual(1e-6);
          for (const [weight, sum] of Object.entries(sums)) {
            expect(relativeError(together.gradients[weight]!, sum), weight).toBeLessThanOrEqual(1e-5);
          }
        },
      ),
      runs,
    );
  });
});

const stridedStacks: Record<string, { least: number; layers: LayerConfig[] }> = {
  'max pool': {
    least: 4,
    layers: [cnn1d({ filters: 3, ...tanh }), maxPool1d({ poolSize: 3 }), globalPool1d()],
  },
  'average pool': { least: 2, layers: [averagePool1d(), globalPool1d({ mode: 'last' })] },
  'cnn1d, stride 2, same': {
    least: 1,
    layers: [cnn1d({ filters: 3, kernelSize: 3, stride: 2, padding: 'same', ...tanh }), globalPool1d()],
  },
  'cnn1d, stride 3, causal': {
    least: 1,
    layers: [cnn1d({ filters: 3, stride: 3, ...causal, ...tanh }), lstm({ units: 2 })],
  },
  'cnn1d, stride 2, valid': {
    least: 3,
    layers: [cnn1d({ filters: 3, kernelSize: 3, stride: 2 }), globalPool1d()],
  },
};

describe('strided layers: padding on the right changes no result (1e-6), on the left by whole strides', () => {
  it.each(Object.keys(stridedStacks))('%s', (name) => {
    const { least, layers } = stridedStacks[name]!;
    fc.assert(
      fc.property(lengths(least), fc.nat(4), junk, (each, extra, value) => {
        expect(comparePadded(layers, 'right', each, extra, value).worst).toBeLessThanOrEqual(1e-6);
        // Rows of one length, padded by six steps: whole strides of 2 and 3.
        const even = [each[0]!, each[0]!];
        expect(comparePadded(layers, 'left', even, 6, value).worst).toBeLessThanOrEqual(1e-6);
      }),
      runs,
    );
  });
});

describe('masks at the edges', () => {
  const apply = (layers: LayerConfig[], mask: number[][]) => {
    const steps = mask[0]!.length;
    const model = createModel({ input: [steps, CHANNELS], layers });
    try {
      return tf.tidy(() => {
        const shape: [number, number, number] = [mask.length, steps, CHANNELS];
        const x = tf.tensor(valuesOf('x', mask.length * steps * CHANNELS), shape);
        return [...model.apply(x, { mask: tf.tensor2d(mask) }).dataSync()];
      });
    } finally {
      model.dispose();
    }
  };

  it('gives 0 at masked steps of a returned sequence, in both directions', () => {
    const output = apply([lstm({ units: 1, bidirectional: true, returnSequences: true })], [[0, 1, 0, 1]]);
    expect(output.slice(0, 2)).toEqual([0, 0]);
    expect(output.slice(4, 6)).toEqual([0, 0]);
    for (const value of [...output.slice(2, 4), ...output.slice(6)]) expect(value).not.toBe(0);
  });

  it.each(['average', 'max', 'last'] as const)(
    'gives 0 for %s pooling of a row without any real step',
    (mode) => {
      const output = apply(
        [globalPool1d({ mode })],
        [
          [0, 0, 0],
          [1, 1, 0],
        ],
      );
      expect(output.slice(0, 2)).toEqual([0, 0]);
      expect(output[2]).not.toBe(0);
    },
  );

  it('masks a window of a valid convolution that touches a gap', () => {
    // Windows of two steps over five, step 2 missing: the middle two see it.
    const layers = [cnn1d({ filters: 1, ...tanh }), lstm({ units: 1, returnSequences: true })];
    const zero = apply(layers, [[1, 1, 0, 1, 1]]).map((value) => value === 0);
    expect(zero).toEqual([false, true, true, false]);
  });

  it('refuses padding on the left that is not whole strides, and says what to do', () => {
    expect(() =>
      apply(
        [averagePool1d(), globalPool1d()],
        [
          [1, 1, 1],
          [0, 1, 1],
        ],
      ),
    ).toThrow(
      'averagePool1d: with stride 2, padding on the left must be a multiple of 2 steps, got 1 in row 1',
    );
  });

  it('refuses layers that cannot honour a mask, and says what to do', () => {
    expect(() => apply([flatten()], [[0, 1]])).toThrow(
      'flatten: cannot honour a mask, because padding would enter its result. Use globalPool1d',
    );
    expect(() => apply([reshape({ shape: [4, 1] })], [[0, 1]])).toThrow('reshape: cannot honour a mask');
  });
});
