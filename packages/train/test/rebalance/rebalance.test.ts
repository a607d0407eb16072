// What an epoch draws, what a target weighs, and what a network then learns.

import { arraySamples, createSeries, type EpochRequest, HOUR, type Samples, windows } from '@tidecast/data';
import { cnn2d, createModel, dense, flatten, gru, type LayerConfig, type Model } from '@tidecast/models';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  balancedBatches,
  classWeights,
  crossEntropy,
  evaluate,
  fit,
  labelsOf,
  mse,
  reweighted,
  sgd,
  targetStatistic,
  targetsOf,
  weightedResampling,
} from '../../src/index.ts';
import { randomArray, weightsOf } from '../helpers.ts';

setUpBackend();

/** `count` examples of `xShape` in the classes of `labels`, one-hot. */
function classified(labels: readonly number[], xShape: readonly number[] = [4, 2]): Samples {
  const classes = 1 + Math.max(...labels);
  const y = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    y[i * classes + label] = 1;
  });
  return arraySamples({
    x: randomArray([labels.length, ...xShape], 1),
    y: {
      data: y,
      shape: [labels.length, classes],
    },
  });
}

const orderOf = (samples: Samples, request: EpochRequest) =>
  Array.from(samples.order!(request) as Uint32Array);

describe('weightedResampling', () => {
  const samples = classified([0, 1, 0, 1, 0]);

  it('draws each example as often as its weight says, within 4 standard errors over 2000 epochs', () => {
    const weights = [1, 0, 2, 0.5, 6.5];
    const drawn = new Array<number>(5).fill(0);
    const wrapped = weightedResampling(samples, weights);
    for (let epoch = 1; epoch <= 2000; epoch++) {
      for (const index of orderOf(wrapped, { seed: 1, epoch, batchSize: 2 })) drawn[index]!++;
    }
    const draws = 10_000;
    weights.forEach((weight, i) => {
      const p = weight / 10;
      expect(Math.abs(drawn[i]! / draws - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / draws));
    });
    expect(drawn[1]).toBe(0);
  });

  it('gives the same order for a seed and epoch, and another for another', () => {
    const wrapped = weightedResampling(
      classified(Array.from({ length: 40 }, (_, i) => i % 2)),
      new Array(40).fill(1),
    );
    const order = orderOf(wrapped, { seed: 3, epoch: 2, batchSize: 8 });
    expect(orderOf(wrapped, { seed: 3, epoch: 2, batchSize: 8 })).toEqual(order);
    expect(orderOf(wrapped, { seed: 4, epoch: 2, batchSize: 8 })).not.toEqual(order);
    expect(orderOf(wrapped, { seed: 3, epoch: 3, batchSize: 8 })).not.toEqual(order);
  });

  it('refuses weights that cannot be drawn by', () => {
    expect(() => weightedResampling(samples, [1, 1])).toThrow(
      'weightedResampling: expected 5 weights, one for each example, got 2.',
    );
    expect(() => weightedResampling(samples, [1, -1, 1, 1, 1])).toThrow(
      'weightedResampling: weights must be finite and not negative, got -1 at 1.',
    );
    expect(() => weightedResampling(samples, [0, 0, 0, 0, 0])).toThrow('at least one weight above 0');
    expect(() => balancedBatches(weightedResampling(samples, [1, 1, 1, 1, 1]), [0, 1, 0, 1, 0])).toThrow(
      'balancedBatches: the samples have an order of their own already.',
    );
  });
});

describe('balancedBatches', () => {
  it('puts equally many of each class into every batch; with odd sizes one more at most, and each class in turn', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 1, max: 13 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 60 }),
        (classes, batchSize, some) => {
          const labels = [
            ...Array.from({ length: classes }, (_, c) => c),
            ...some.map((each) => each % classes),
          ];
          const wrapped = balancedBatches(classified(labels), labels);
          const overall = new Array<number>(classes).fill(0);
          for (let epoch = 1; epoch <= 3; epoch++) {
            const order = orderOf(wrapped, { seed: 5, epoch, batchSize });
            expect(order).toHaveLength(labels.length);
            for (let from = 0; from < order.length; from += batchSize) {
              const batch = order.slice(from, from + batchSize);
              const counts = new Array<number>(classes).fill(0);
              for (const index of batch) {
                counts[labels[index]!]!++;
                overall[labels[index]!]!++;
              }
              const apart = Math.max(...counts) - Math.min(...counts);
              expect(apart).toBeLessThanOrEqual(batch.length % classes === 0 ? 0 : 1);
              // The one more goes round, so that it does not add up.
              expect(Math.max(...overall) - Math.min(...overall)).toBeLessThanOrEqual(1);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('goes through all examples of a class before one comes again, over batches and epochs', () => {
    const labels = Array.from({ length: 35 }, (_, i) => (i % 7 === 0 ? 1 : 0));
    const wrapped = balancedBatches(classified(labels), labels);
    const seen: number[][] = [[], []];
    for (let epoch = 1; epoch <= 8; epoch++) {
      for (const index of orderOf(wrapped, { seed: 2, epoch, batchSize: 6 }))
        seen[labels[index]!]!.push(index);
    }
    const sizes = [30, 5];
    seen.forEach((indices, label) => {
      const size = sizes[label]!;
      const passes = Math.floor(indices.length / size);
      expect(passes).toBeGreaterThan(3);
      for (let pass = 0; pass < passes; pass++) {
        expect(new Set(indices.slice(pass * size, (pass + 1) * size)).size).toBe(size);
      }
      expect(indices.slice(0, size)).not.toEqual(indices.slice(size, 2 * size));
    });
    expect(orderOf(wrapped, { seed: 2, epoch: 3, batchSize: 6 })).toEqual(
      orderOf(wrapped, { seed: 2, epoch: 3, batchSize: 6 }),
    );
  });

  it('leaves out examples without a label, and refuses classes without an example', () => {
    const samples = classified([0, 1, 0, 1, 0]);
    const order = orderOf(balancedBatches(samples, [0, 1, Number.NaN, 1, Number.NaN]), {
      seed: 1,
      epoch: 1,
      batchSize: 5,
    });
    expect(order.some((index) => index === 2 || index === 4)).toBe(false);
    expect(() => balancedBatches(samples, [0, 2, 0, 2, 0])).toThrow(
      'balancedBatches: class 1 of 3 has no example. Number the classes that occur 0, 1, ….',
    );
    expect(() => balancedBatches(samples, [0, 1])).toThrow('expected 5 labels, one for each example, got 2.');
    expect(() => balancedBatches(samples, [0, 1, 0.5, 1, 0])).toThrow(
      'whole numbers 0, 1, … (or NaN for none), got 0.5 at 2',
    );
  });

  it('trains: every update of fit sees as many of one class as of the other', async () => {
    const labels = Array.from({ length: 40 }, (_, i) => (i < 4 ? 1 : 0));
    const batches: number[][] = [];
    const samples = classified(labels);
    const watched: Samples = {
      ...balancedBatches(samples, labels),
      batch(indices) {
        batches.push(Array.from(indices, (index) => labels[index]!));
        return samples.batch(indices);
      },
    };
    const model = createModel({ input: [4, 2], layers: [flatten(), dense({ units: 2 })] }, { seed: 1 });
    await fit(model, watched, {
      loss: crossEntropy(),
      optimizer: sgd({ learningRate: 0.1 }),
      epochs: 2,
      batchSize: 8,
      seed: 1,
    });
    model.dispose();
    const trained = batches.slice(-10);
    for (const batch of trained) expect(batch.filter((label) => label === 1)).toHaveLength(4);
  });
});

describe('labels and targets', () => {
  it('are read from one-hot and 0/1 targets, and step by step', () => {
    expect(Array.from(labelsOf(classified([0, 2, 1, 2])))).toEqual([0, 2, 1, 2]);
    const binary = (data: number[], shape: number[]) =>
      arraySamples({ x: randomArray([shape[0]!, 2], 1), y: { data: Float32Array.from(data), shape } });
    expect(Array.from(labelsOf(binary([0, 1, 1], [3, 1])))).toEqual([0, 1, 1]);
    expect(Array.from(labelsOf(binary([0, 1, 1], [3])))).toEqual([0, 1, 1]);
    expect(Array.from(labelsOf(binary([1, 0, 0, 1, 1, 0], [1, 3, 2])))).toEqual([0, 1, 0]);
    expect(() => labelsOf(binary([0.5, 0.5], [1, 2]))).toThrow(
      'labelsOf: targets must be one-hot, got [0.5, 0.5] in row 0.',
    );
    expect(() => labelsOf(binary([1, 1], [1, 2]))).toThrow('one-hot');
    expect(() => labelsOf(binary([2], [1, 1]))).toThrow('0 or 1');
  });

  it('are NaN where they weigh 0', () => {
    const y = { data: Float32Array.of(0, 1, 1, 0), shape: [4, 1] };
    const samples = arraySamples({
      x: randomArray([4, 2], 1),
      y: y,
      weight: { data: Float32Array.of(1, 0, 1, 1), shape: [4, 1] },
    });
    expect(Array.from(targetsOf(samples).data)).toEqual([0, Number.NaN, 1, 0]);
    const labels = labelsOf(samples);
    expect(Array.from(labels)).toEqual([0, Number.NaN, 1, 0]);
    expect(Array.from(classWeights(labels).byExample)).toEqual([0.75, 0, 1.5, 0.75]);
  });

  it('of windows become one number each: the largest over the horizon, missing ones left out', () => {
    const values = Float32Array.of(1, 2, 3, 9, Number.NaN, 5, 4, 3, 2, 1);
    const series = createSeries({
      start: 0,
      step: HOUR,
      shape: [1],
      channels: [{ name: 'v', unit: 'm' }],
      values,
    });
    const samples = windows(series, { steps: 2, horizon: 3, inputs: ['v'], targets: ['v'], missing: 'mask' });
    const expected = (of: (there: number[]) => number) =>
      Array.from({ length: samples.count }, (_, i) =>
        of(Array.from(values.subarray(i + 2, i + 5)).filter((each) => !Number.isNaN(each))),
      );
    expect(Array.from(targetStatistic(samples, 'max'))).toEqual(expected((there) => Math.max(...there)));
    expect(Array.from(targetStatistic(samples, 'min'))).toEqual(expected((there) => Math.min(...there)));
    expect(Array.from(targetStatistic(samples, (there) => there.length))).toEqual(
      expected((there) => there.length),
    );
    // Wrapped windows are windows still.
    const wrapped = reweighted(samples, targetStatistic(samples, 'max'));
    expect(wrapped.origins).toBe(samples.origins);
    const weight = wrapped.batch([1]).weight!;
    expect(Array.from(weight.data)).toEqual([9, 0, 9]);
    expect(wrapped.batch([1]).mask).toEqual(samples.batch([1]).mask);
  });
});

describe('classWeights', () => {
  it('are N / (K·n) when balanced', () => {
    const { byClass, byExample } = classWeights([0, 0, 0, 1]);
    expect(Array.from(byClass)).toEqual([4 / 6, 2]);
    expect(Array.from(byExample)).toEqual([4 / 6, 4 / 6, 4 / 6, 2]);
  });

  it('follow the effective number of examples, by hand', () => {
    // β 0.9: E₃ = (1 − 0.9³)/(1 − 0.9) = 2.71, E₁ = 1; weights 1/2.71 and 1, scaled to sum to 2.
    const { byClass } = classWeights([0, 0, 0, 1], { scheme: 'effectiveNumber', beta: 0.9 });
    const sum = 1 / 2.71 + 1;
    expect(byClass[0]).toBeCloseTo(((1 / 2.71) * 2) / sum, 12);
    expect(byClass[1]).toBeCloseTo(2 / sum, 12);
    expect(Array.from(classWeights([0, 0, 1], { scheme: 'effectiveNumber', beta: 0 }).byClass)).toEqual([
      1, 1,
    ]);
  });

  it('refuse bad options', () => {
    expect(() => classWeights([0, 1], { scheme: 'effectiveNumber', beta: 1 })).toThrow('beta must be');
    expect(() => classWeights([0, 1], { scheme: 'other' as 'balanced' })).toThrow(
      "classWeights: scheme must be one of balanced, effectiveNumber, got 'other'.",
    );
    expect(() => classWeights([])).toThrow('classWeights: expected at least one label, got none.');
  });
});

describe('reweighted', () => {
  it('multiplies weights into those that are there, by example, by step and by target', () => {
    const y = randomArray([2, 3, 2], 2);
    const weight = { data: Float32Array.from({ length: 12 }, (_, i) => i), shape: [2, 3, 2] };
    const samples = arraySamples({ x: randomArray([2, 4], 1), y: y, weight });
    const of = (by: Parameters<typeof reweighted>[1]) =>
      Array.from(reweighted(samples, by).batch([1, 0]).weight!.data);
    expect(of([2, 3])).toEqual([18, 21, 24, 27, 30, 33, 0, 2, 4, 6, 8, 10]);
    const steps = { data: Float32Array.of(1, 0, 2, 3, 0, 1), shape: [2, 3] };
    expect(of(steps)).toEqual([18, 21, 0, 0, 10, 11, 0, 1, 0, 0, 8, 10]);
    expect(of({ data: weight.data, shape: [2, 3, 2] })).toEqual([
      36, 49, 64, 81, 100, 121, 0, 1, 4, 9, 16, 25,
    ]);
    expect(samples.batch([0]).weight!.data[1]).toBe(1);
    expect(() => reweighted(samples, { data: new Float32Array(4).fill(1), shape: [2, 2] })).toThrow(
      'reweighted: weights must be [2] or the first axes of [2, 3, 2], got [2, 2] of 4 values.',
    );
    expect(() => reweighted(samples, [1, Number.NaN])).toThrow('finite and not negative, got NaN at 1');
  });
});

const networks: Record<string, { layers: LayerConfig[]; xShape: number[] }> = {
  'a sequence through a GRU': { layers: [gru({ units: 4 }), dense({ units: 2 })], xShape: [5, 2] },
  'an image through a convolution': {
    layers: [cnn2d({ filters: 3 }), flatten(), dense({ units: 2 })],
    xShape: [5, 5, 1],
  },
};
const paths = testBackend === 'wasm' ? ['planned', 'tape'] : ['tape'];

describe.each(Object.entries(networks))('weights of classes, %s', (_, { layers, xShape }) => {
  const labels = [0, 1, 0, 0, 0, 1, 0, 0];
  const samples = classified(labels, xShape);
  // Three times as much as the others, or three times as often.
  const weights = labels.map((label) => (label === 1 ? 3 : 1));
  const thrice = labels.flatMap((label, i) => (label === 1 ? [i, i, i] : [i]));
  const { x, y } = samples.batch(thrice);
  const duplicated = arraySamples({ x, y });

  const train = async (of: Samples, path: string) => {
    const model = createModel({ input: xShape, layers }, { seed: 2 });
    const run: Model = path === 'tape' ? { ...model, plan: undefined } : model;
    let taken: string | undefined;
    const loss = crossEntropy();
    await fit(run, of, {
      loss,
      optimizer: sgd({ learningRate: 0.3 }),
      epochs: 3,
      batchSize: 20,
      seed: 1,
      onProgress: (event) => {
        if (event.kind === 'start') taken = event.path;
      },
    });
    expect(taken).toBe(path);
    const result = { weights: weightsOf(model), loss: await evaluate(model, of, { loss }) };
    model.dispose();
    return result;
  };

  it.each(paths)(
    'give the gradient, and the metric, of examples that are there as often, within 2e-6, %s',
    async (path) => {
      const got = await train(reweighted(samples, weights), path);
      const expected = await train(duplicated, path);
      expect(Math.abs(got.loss - expected.loss)).toBeLessThan(2e-6);
      for (const [name, values] of Object.entries(expected.weights)) {
        for (const [i, value] of values.entries()) {
          expect(Math.abs(value - got.weights[name]![i]!)).toBeLessThan(2e-6);
        }
      }
      const plain = await train(samples, path);
      expect(Math.abs(plain.loss - expected.loss)).toBeGreaterThan(1e-3);
    },
  );
});

it('weights of steps and masks of inputs reach the loss and the metric: what weighs 0 may hold anything', async () => {
  const x = randomArray([6, 4, 2], 3);
  const y = randomArray([6, 4, 1], 4);
  const mask = { data: Float32Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 0 : 1)), shape: [6, 4] };
  const steps = { data: mask.data, shape: [6, 4] };
  const changed = { data: y.data.map((value, i) => (i % 4 === 3 ? 99 : value)), shape: y.shape };
  const run = async (targets: typeof y) => {
    const samples = reweighted(arraySamples({ x: x, y: targets, mask }), steps);
    const layers = [gru({ units: 3, returnSequences: true }), dense({ units: 1 })];
    const model = createModel({ input: [4, 2], layers }, { seed: 1 });
    await fit(model, samples, {
      loss: mse(),
      optimizer: sgd({ learningRate: 0.1 }),
      epochs: 2,
      batchSize: 3,
      seed: 1,
    });
    const loss = await evaluate(model, samples, { loss: mse() });
    model.dispose();
    return loss;
  };
  expect(await run(changed)).toBe(await run(y));
});
