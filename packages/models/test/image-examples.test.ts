// Layers of image networks on numbers that a hand can check, on the tape and planned; and what they refuse.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import {
  activation,
  averagePool2d,
  batchNorm,
  cnn2d,
  createModel,
  dense,
  depthwiseCnn2d,
  type LayerConfig,
  loadWeights,
  type Model,
  maxPool2d,
  residual,
  saveModel,
  separableCnn2d,
  summarize,
} from '../src/index.ts';

setUpBackend();

/** Outputs of a network for one input, the same to 1e-6 by `apply` and `infer`. */
function run(model: Model, values: number[]): number[] {
  const shape = [1, ...(model.config.input as number[])];
  const applied = tf.tidy(() => Array.from(model.apply(tf.tensor(values, shape)).dataSync()));
  const inferred = model.infer!({ data: Float32Array.from(values), shape });
  if (testBackend === 'wasm') {
    inferred!.data.forEach((value, i) => {
      expect(Math.abs(value - applied[i]!)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(value)));
    });
  }
  return applied;
}

function of(input: number[], layers: LayerConfig[], values: number[]): number[] {
  const model = createModel({ input, layers });
  const result = run(model, values);
  model.dispose();
  return result;
}

const ones = { kernelInit: 'ones', activation: 'linear' } as const;

describe('by hand', () => {
  it('a 4 × 4 filter with stride 2 sees overlapping patches, with 16 weights and a bias for all of them', () => {
    const layer = cnn2d({
      filters: 1,
      kernelSize: 4,
      stride: 2,
      biasInit: { type: 'constant', value: 1 },
      ...ones,
    });
    const image = Array.from({ length: 36 }, (_, i) => i);
    // The mean of rows 0 to 3 and columns 0 to 3 is 10.5; a step of two columns adds 2 to each value, one of two rows 12.
    expect(of([6, 6, 1], [layer], image)).toEqual([169, 201, 361, 393]);
    expect(summarize({ input: [6, 6, 1], layers: [layer] }).parameters).toBe(17);
  });

  it('max pooling of 2 × 2 with stride 2', () => {
    const image = [1, 1, 2, 4, 5, 6, 7, 8, 3, 2, 1, 0, 1, 2, 3, 4];
    expect(of([4, 4, 1], [maxPool2d()], image)).toEqual([6, 8, 3, 4]);
    expect(of([4, 4, 1], [averagePool2d()], image)).toEqual([3.25, 5.25, 2, 2]);
  });

  it('padding counts as nothing: for a maximum of negative values, for a mean, and as zeros for a convolution', () => {
    const image = [-1, -2, -3, -4];
    expect(of([2, 2, 1], [maxPool2d({ poolSize: 2, padding: 1 })], image)).toEqual([-1, -2, -3, -4]);
    expect(of([2, 2, 1], [averagePool2d({ poolSize: 3, stride: 1, padding: 1 })], image)).toEqual(
      new Array(4).fill(-2.5),
    );
    expect(
      of([2, 2, 1], [cnn2d({ filters: 1, padding: [1, 0], kernelSize: [3, 1], ...ones })], image),
    ).toEqual([-4, -6, -4, -6]);
  });

  it('groups and depthwise filters see their own channels only', () => {
    // One pixel of four channels; the filters of a group see two of them.
    expect(of([1, 1, 4], [cnn2d({ filters: 2, kernelSize: 1, groups: 2, ...ones })], [1, 2, 3, 4])).toEqual([
      3, 7,
    ]);
    expect(of([1, 1, 3], [depthwiseCnn2d({ kernelSize: 1, multiplier: 2, ...ones })], [1, 2, 3])).toEqual([
      1, 1, 2, 2, 3, 3,
    ]);
  });

  it('batch norm before training only divides by √(1 + ε), and a residual block adds', () => {
    expect(of([2], [batchNorm({ epsilon: 3 })], [2, -4])).toEqual([1, -2]);
    const double = dense({ units: 2, kernelInit: { type: 'identity', gain: 2 } });
    expect(of([2], [residual({ layers: [double], activation: 'linear' })], [1, -2])).toEqual([3, -6]);
    expect(of([2], [residual({ layers: [double] })], [1, -2])).toEqual([3, 0]);
  });

  it('relu6 stops at 6', () => {
    expect(of([4], [activation({ activation: 'relu6' })], [-1, 3, 6, 9])).toEqual([0, 3, 6, 6]);
  });

  it('softmax and its logarithm are finite at ±1e4, and the probabilities sum to 1', () => {
    for (const logits of [
      [1e4, -1e4, 0],
      [1e4, 1e4, 1e4],
      [-1e4, -1e4, -9999],
      [1, 2, 3],
    ]) {
      const p = of([3], [activation({ activation: 'softmax' })], logits);
      const logs = of([3], [activation({ activation: 'logSoftmax' })], logits);
      expect([...p, ...logs].every(Number.isFinite)).toBe(true);
      expect(p.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6);
      const largest = Math.max(...logits);
      const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
      logits.forEach((value, i) => {
        expect(p[i]).toBeCloseTo(Math.exp(value - largest) / total, 6);
        expect(logs[i]! / (value - largest - Math.log(total) || 1)).toBeCloseTo(
          value - largest - Math.log(total) ? 1 : 0,
          5,
        );
      });
    }
  });
});

describe('configs', () => {
  it('a projection is written out, with the stride of the layers, and batch norm where they end in one', () => {
    const layers = [cnn2d({ filters: 6, stride: [2, 1], padding: 1 }), batchNorm()];
    const { config, weights, statistics, ...model } = createModel({
      input: [9, 5, 4],
      layers: [residual({ layers, shortcut: 'projection' })],
    });
    const [block] = config.layers as unknown as { shortcut: LayerConfig[] }[];
    expect(block!.shortcut).toMatchObject([
      { type: 'cnn2d', kernelSize: 1, stride: [2, 1], useBias: false },
      { type: 'batchNorm' },
    ]);
    expect(Object.keys(weights)).toEqual([
      '0.residual.layers.0.cnn2d.kernel',
      '0.residual.layers.0.cnn2d.bias',
      '0.residual.layers.1.batchNorm.gamma',
      '0.residual.layers.1.batchNorm.beta',
      '0.residual.shortcut.0.cnn2d.kernel',
      '0.residual.shortcut.1.batchNorm.gamma',
      '0.residual.shortcut.1.batchNorm.beta',
    ]);
    expect(Object.keys(statistics!)).toEqual([
      '0.residual.layers.1.batchNorm.mean',
      '0.residual.layers.1.batchNorm.variance',
      '0.residual.shortcut.1.batchNorm.mean',
      '0.residual.shortcut.1.batchNorm.variance',
    ]);
    model.dispose();
  });

  it('depthwise weights have one input, so that a start by fans counts the taps alone', () => {
    const { rows } = summarize({ input: [8, 8, 64], layers: separableCnn2d({ filters: 5, multiplier: 2 }) });
    expect(rows[0]!.weights).toEqual({ '0.depthwiseCnn2d.kernel': [3, 3, 1, 128] });
    expect(rows[1]!.weights['1.cnn2d.kernel']).toEqual([1, 1, 128, 5]);
  });

  it('the layers of a separable convolution', () => {
    expect(separableCnn2d({ filters: 4, batchNorm: true, activation: 'relu6', stride: 2 })).toEqual([
      depthwiseCnn2d({ stride: 2, useBias: false, activation: 'linear' }),
      batchNorm({ activation: 'relu6' }),
      cnn2d({ filters: 4, kernelSize: 1, useBias: false, activation: 'linear' }),
      batchNorm({ activation: 'relu6' }),
    ]);
  });

  it('weights go into a model with another momentum, not with another epsilon', () => {
    const model = (settings: object) => createModel({ input: [2], layers: [batchNorm(settings)] });
    const [first, second, third] = [model({}), model({ momentum: 0.5 }), model({ epsilon: 1e-3 })];
    tf.tidy(() => first.statistics!['0.batchNorm.mean']!.assign(tf.tensor([3, 4])));
    loadWeights(second, saveModel(first));
    expect([...second.statistics!['0.batchNorm.mean']!.dataSync()]).toEqual([3, 4]);
    expect(() => loadWeights(third, saveModel(first))).toThrow(
      'epsilon of 0.batchNorm is 0.001 in the model',
    );
    for (const each of [first, second, third]) each.dispose();
  });

  it.each([
    [
      cnn2d({ filters: 4, groups: 3 }),
      'cnn2d: groups must divide the channels of the input and the filters, got 3 groups for 4 channels',
    ],
    [cnn2d({ filters: 3, groups: 2 }), 'got 2 groups for 4 channels and 3 filters'],
    [
      { type: 'cnn2d', filters: 1, padding: 'full' },
      "padding must be 'valid', 'same', a whole number from 0",
    ],
    [cnn2d({ filters: 1, padding: -1 }), 'padding must be'],
    [maxPool2d({ padding: 2 }), 'maxPool2d: padding must be at most half of poolSize, got 2 for 2'],
    [batchNorm({ momentum: 0 }), 'momentum must be a number above 0 and up to 1, got 0'],
    [batchNorm({ epsilon: 0 }), 'epsilon must be a number above 0, got 0'],
    [residual({ layers: [] }), 'layers must be a list of 1 to 1000 layers'],
    [
      residual({ layers: [cnn2d({ filters: 4 })] }),
      'the layers give [B, 3, 3, 4] and the shortcut [B, 5, 5, 4], which do not add up. Pad the layers, or take',
    ],
    [
      residual({ layers: [cnn2d({ filters: 4 })], shortcut: 'projection' }),
      'the layers give [B, 3, 3, 4] and the shortcut [B, 5, 5, 4]',
    ],
    [
      residual({ layers: [{ type: 'flatten' }], shortcut: 'projection' }),
      "shortcut 'projection' is for images",
    ],
    [{ type: 'activation' }, 'activation is missing'],
  ] as [LayerConfig, string][])('refuses %j', (layer, message) => {
    expect(() => createModel({ input: [5, 5, 4], layers: [layer] })).toThrow(message);
  });

  it('training refuses one value of a channel, and masks', () => {
    const model = createModel({ input: [null, 2], layers: [batchNorm()] });
    const apply = (shape: number[], mask?: number[]) => () =>
      tf.tidy(() => model.apply(tf.ones(shape), { training: true, ...(mask && { mask: tf.ones(mask) }) }));
    expect(apply([1, 1, 2])).toThrow(
      'batchNorm: training needs more than one value of each channel, got one.',
    );
    expect(apply([1, 3, 2], [1, 3])).toThrow('batchNorm: cannot honour a mask');
    model.dispose();
  });
});
