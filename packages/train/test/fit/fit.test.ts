import * as tf from '@tensorflow/tfjs-core';
import { arraySamples, type Samples } from '@tidecast/data';
import { createModel, dense, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  adam,
  crossEntropy,
  evaluate,
  type FitOptions,
  fit,
  focal,
  mse,
  type ProgressEvent,
  predict,
  sgd,
} from '../../src/index.ts';
import { randomArray, sequenceSamples, smallModel, weightsOf } from '../helpers.ts';

setUpBackend();

const train = sequenceSamples(50, 1);
const validation = sequenceSamples(20, 2);
const base: FitOptions = {
  loss: mse(),
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 3,
  batchSize: 16,
  seed: 5,
};

/** Trains the small model and returns its history, weights and events. */
async function run(options: Partial<FitOptions> = {}, samples: Samples = train) {
  const model = smallModel();
  const events: ProgressEvent[] = [];
  const history = await fit(model, samples, {
    ...base,
    ...options,
    onProgress: (event) => events.push(event),
  });
  const weights = weightsOf(model);
  model.dispose();
  return { history, weights, events };
}

describe('fit', () => {
  it('learns: the loss falls and validation comes near the noise', async () => {
    const { history } = await run({ epochs: 30, validation, optimizer: adam({ learningRate: 0.02 }) });
    expect(history.epochs).toHaveLength(30);
    expect(history.reason).toBe('finished');
    expect(history.epochs.at(-1)!.loss).toBeLessThan(0.5 * history.epochs[0]!.loss);
    expect(history.epochs.at(-1)!.validationLoss).toBeLessThan(0.1);
  });

  it('with the same seed twice gives the same history and weights, dropout and all', async () => {
    const [first, second, other] = [
      await run({ validation }),
      await run({ validation }),
      await run({ seed: 6 }),
    ];
    expect(second).toEqual(first);
    expect(other.history).not.toEqual(first.history);
  });

  it('tells of its start, every batch, every epoch and its end', async () => {
    const { events, history } = await run({ epochs: 2 });
    expect(events.map(({ kind }) => kind)).toEqual([
      'start',
      ...['batch', 'batch', 'batch', 'batch', 'epoch'],
      ...['batch', 'batch', 'batch', 'batch', 'epoch'],
      'end',
    ]);
    expect(events[0]).toEqual({
      kind: 'start',
      epochs: 2,
      batches: 4,
      epoch: 1,
      parameters: 4 * 5 * 8 + 12,
      ...(testBackend === 'wasm'
        ? { path: 'planned' }
        : { path: 'tape', why: 'the backend is tensorflow, and plans run on wasm' }),
    });
    expect(events.at(-1)).toEqual({ kind: 'end', history });
  });

  it('goes through every sample once an epoch, in a new order each time', async () => {
    const seen: number[][] = [];
    const samples: Samples = {
      ...train,
      batch(indices) {
        seen.push(Array.from(indices));
        return train.batch(indices);
      },
    };
    await run({ epochs: 2 }, samples);
    const batches = seen.slice(-8);
    const all = Array.from({ length: 50 }, (_, i) => i);
    const epochs = [batches.slice(0, 4).flat(), batches.slice(4).flat()];
    for (const order of epochs) expect([...order].sort((a, b) => a - b)).toEqual(all);
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('weighs batches by their targets: the epoch loss is Σ w·l / Σ w over all of them', async () => {
    const y = randomArray([10, 1], 3);
    const weight = { data: Float32Array.from({ length: 10 }, (_, i) => (i % 3) / 2), shape: [10, 1] };
    const samples = arraySamples({ x: randomArray([10, 4], 4), y: y, weight });
    const model = createModel(network({ input: [4], layers: [dense({ units: 1 })] }), { seed: 1 });
    const expected = await evaluate(model, samples, { loss: mse(), batchSize: 10 });
    const options = { ...base, epochs: 1, batchSize: 3, optimizer: sgd({ learningRate: 1e-12 }) };
    const { epochs } = await fit(model, samples, options);
    expect(Math.abs(epochs[0]!.loss - expected)).toBeLessThan(1e-6 * expected);
    model.dispose();
  });

  it.each([
    ['crossEntropy', crossEntropy({ classWeights: [1, 20], labelSmoothing: 0.1 })],
    ['focal', focal({ alpha: [1, 20] })],
  ])(
    'weighs batches by the classes that they hold: %s is one number, whatever the batch size',
    async (_, loss) => {
      const y = {
        data: Float32Array.from({ length: 20 }, (_, i) => Number(i < 18 === (i % 2 === 0))),
        shape: [10, 2],
      };
      // A row that is of no class counts for nothing.
      y.data.fill(0, 6, 8);
      const samples = arraySamples({ x: randomArray([10, 4], 4), y });
      const model = createModel(network({ input: [4], layers: [dense({ units: 2 })] }), { seed: 1 });
      const expected = await evaluate(model, samples, { loss, batchSize: 10 });
      expect(await evaluate(model, samples, { loss, batchSize: 3 })).toBeCloseTo(expected, 6);
      expect(await evaluate(model, samples, { loss, batchSize: 1 })).toBeCloseTo(expected, 6);
      const options = { ...base, epochs: 1, batchSize: 1, loss, optimizer: sgd({ learningRate: 1e-12 }) };
      const { epochs } = await fit(model, samples, options);
      expect(epochs[0]!.loss).toBeCloseTo(expected, 6);
      expect(epochs[0]!.skipped).toBe(1);
      model.dispose();
    },
  );

  it.each(['planned', 'tape'])('leaves out a target that weighs 0 also where it is NaN, %s', async (path) => {
    const { plan, ...rest } = mse();
    const loss = path === 'planned' ? mse() : rest;
    const weight = { data: Float32Array.of(1, 0, 1, 1), shape: [4, 1] };
    const of = (missing: number) => {
      const y = { data: Float32Array.of(1, missing, 2, 3), shape: [4, 1] };
      return arraySamples({ x: randomArray([4, 4], 4), y, weight });
    };
    const trained = async (samples: Samples) => {
      const model = createModel(network({ input: [4], layers: [dense({ units: 1 })] }), { seed: 1 });
      const history = await fit(model, samples, { ...base, loss, validation: samples });
      const weights = weightsOf(model);
      model.dispose();
      return { history, weights };
    };
    expect(plan).toBeDefined();
    expect(await trained(of(Number.NaN))).toEqual(await trained(of(0)));
  });

  it('skips a batch without targets and counts it; refuses when no sample has any', async () => {
    const weight = (values: number[]) => ({ data: Float32Array.from(values), shape: [4, 1] });
    const samples = (values: number[]) =>
      arraySamples({ x: randomArray([4, 4], 4), y: randomArray([4, 1], 3), weight: weight(values) });
    const model = createModel(network({ input: [4], layers: [dense({ units: 1 })] }), { seed: 1 });
    const { epochs } = await fit(model, samples([1, 0, 0, 1]), { ...base, epochs: 1, batchSize: 1 });
    expect(epochs[0]!.skipped).toBe(2);
    await expect(fit(model, samples([0, 0, 0, 0]), { ...base, epochs: 1 })).rejects.toThrow(
      'all weights are 0',
    );
    await expect(fit(model, samples([1, -1, 0, 0]), { ...base, epochs: 1 })).rejects.toThrow(
      'sample weights must be finite and not negative, got -1.',
    );
    model.dispose();
  });

  it('counts how often clipping bit', async () => {
    const { history, events } = await run({ clip: { norm: 1e-3, value: 1e-5 }, epochs: 1 });
    expect(history.epochs[0]).toMatchObject({ clippedByNorm: 0, clippedByValue: 4 });
    const loose = await run({ clip: { norm: 1e-3 }, epochs: 1 });
    expect(loose.history.epochs[0]).toMatchObject({ clippedByNorm: 4, clippedByValue: 0 });
    expect(events[1]).toMatchObject({ clippedByValue: true, clippedByNorm: false });
    expect((await run({ clip: { norm: 1e9, value: 1e9 } })).history).toEqual((await run()).history);
  });
});

describe('refusals', () => {
  it.each([
    [{ epochs: 0 }, 'fit: epochs must be a whole number at least 1, got 0.'],
    [{ batchSize: 1.5 }, 'fit: batchSize must be a whole number'],
    [{ seed: undefined as never }, 'fit: seed must be a whole number, got undefined.'],
    [{ earlyStopping: { patience: 2 } }, 'fit: earlyStopping needs validation samples, got none.'],
    [{ schedule: { type: 'plateau', factor: 0.5, patience: 1 } }, 'fit: a plateau schedule needs validation'],
    [{ clip: { norm: 0 } }, 'fit: clip.norm must be a finite number greater than 0, got 0.'],
    [{ clip: 1 as never }, 'fit: clip must be an object, got 1.'],
    [{ loss: 'mse' as never }, "fit: loss must be a Loss, for example mse(), got 'mse'."],
    [{ loss: mse as never }, 'fit: loss must be a Loss, for example mse(), got a function.'],
    [
      { validation: [] as never },
      'fit: validation must be Samples, for example arraySamples({ x, y }), got [].',
    ],
  ] as [Partial<FitOptions>, string][])('%o', async (options, message) => {
    const model = smallModel();
    await expect(fit(model, train, { ...base, ...options })).rejects.toThrow(message);
    model.dispose();
  });

  it('names shapes that do not fit the model', async () => {
    const model = smallModel();
    const samples = arraySamples({ x: randomArray([4, 6, 3], 1), y: randomArray([4, 2], 2) });
    await expect(fit(model, samples, base)).rejects.toThrow(
      'fit: the model takes inputs of [6, 2], but samples have [6, 3].',
    );
    await expect(fit(model, { ...train, count: 0 }, base)).rejects.toThrow(
      'fit: expected at least one sample, got none.',
    );
    model.dispose();
    await expect(fit(model, train, base)).rejects.toThrow('fit: the model was disposed.');
  });
});

describe('a batch that is not what its samples say', () => {
  const ones = (...shape: number[]) => ({
    ...{ data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape },
  });
  it.each([
    [
      'weight',
      { weight: ones(16, 1) },
      'weight of 16 examples must be [16, 2], got [16, 1] of 16 values. For one',
    ],
    ['mask', { mask: ones(16, 5) }, 'mask of 16 examples must be [16, 6], got [16, 5] of 80 values.'],
    ['x', { x: ones(15, 6, 2) }, 'x of 16 examples must be [16, 6, 2], got [15, 6, 2] of 180 values.'],
    ['y', { y: ones(16, 1) }, 'y of 16 examples must be [16, 2], got [16, 1] of 16 values.'],
  ])('is refused: %s', async (what, part, message) => {
    const wrong: Samples = {
      ...train,
      count: 32,
      batch: (indices) => ({ ...train.batch(indices), ...part }),
    };
    const model = smallModel();
    for (const each of [model, { ...model, plan: undefined }]) {
      await expect(fit(each, wrong, base)).rejects.toThrow(`samples: ${message}`);
    }
    await expect(evaluate(model, wrong, { loss: mse(), batchSize: 16 })).rejects.toThrow(message);
    const predicted = predict(model, wrong, { batchSize: 16 });
    if (what === 'x' || what === 'mask') await expect(predicted).rejects.toThrow(message);
    else expect((await predicted).shape).toEqual([32, 2]);
    model.dispose();
  });
});

describe('predict', () => {
  it('gives the outputs in order, whatever the batch size, without dropout', async () => {
    const model = smallModel();
    const all = await predict(model, train);
    expect(all.shape).toEqual([50, 2]);
    const { x } = train.batch(Array.from({ length: 50 }, (_, i) => i));
    const rows = await predict(model, x, { batchSize: 7 });
    const direct = tf.tidy(() => model.apply(tf.tensor(x.data, x.shape)).dataSync());
    rows.data.forEach((value, i) => {
      expect(Math.abs(value - direct[i]!)).toBeLessThan(1e-6);
      expect(Math.abs(value - all.data[i]!)).toBeLessThan(1e-6);
    });
    await expect(predict(model, { data: new Float32Array(5), shape: [2, 6, 2] })).rejects.toThrow(
      'predict: x must be',
    );
    model.dispose();
  });

  it('honours masks', async () => {
    const model = smallModel();
    const x = randomArray([3, 6, 2], 1);
    const mask = { data: new Float32Array(18).fill(1), shape: [3, 6] };
    for (const t of [0, 1]) mask.data[6 + t] = 0;
    const masked = arraySamples({ x: x, y: randomArray([3, 2], 2), mask });
    const [with_, without] = [await predict(model, masked), await predict(model, x)];
    expect(with_.data.slice(0, 2)).toEqual(without.data.slice(0, 2));
    expect(with_.data.slice(2, 4)).not.toEqual(without.data.slice(2, 4));
    model.dispose();
  });
});
