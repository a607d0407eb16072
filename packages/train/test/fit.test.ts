import * as tf from '@tensorflow/tfjs-core';
import type { Batch, Samples } from '@tidecast/data';
import { createModel, dense, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import {
  adam,
  evaluate,
  type FitOptions,
  fit,
  type History,
  mse,
  NonFiniteError,
  type ProgressEvent,
  predict,
  sgd,
} from '../src/index.ts';
import { arraySamples, randomArray, sequenceSamples, smallModel, weightsOf } from './helpers.ts';

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
    expect(events[0]).toEqual({ kind: 'start', epochs: 2, batches: 4, epoch: 1, parameters: 4 * 5 * 8 + 12 });
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
    const samples = arraySamples(randomArray([10, 4], 4), y, { weight });
    const model = createModel(network({ input: [4], layers: [dense({ units: 1 })] }), { seed: 1 });
    const expected = await evaluate(model, samples, { loss: mse(), batchSize: 10 });
    const options = { ...base, epochs: 1, batchSize: 3, optimizer: sgd({ learningRate: 1e-12 }) };
    const { epochs } = await fit(model, samples, options);
    expect(Math.abs(epochs[0]!.loss - expected)).toBeLessThan(1e-6 * expected);
    model.dispose();
  });

  it('skips a batch without targets and counts it; refuses when no sample has any', async () => {
    const weight = (values: number[]) => ({ data: Float32Array.from(values), shape: [4, 1] });
    const samples = (values: number[]) =>
      arraySamples(randomArray([4, 4], 4), randomArray([4, 1], 3), { weight: weight(values) });
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

describe('early stopping', () => {
  const options: Partial<FitOptions> = {
    epochs: 40,
    optimizer: adam({ learningRate: 0.2 }),
    validation,
    earlyStopping: { patience: 3 },
  };

  it('stops after `patience` epochs without a lower validation loss and restores the best weights', async () => {
    const model = smallModel();
    const byEpoch: Record<string, Float32Array>[] = [];
    const events: ProgressEvent[] = [];
    const history = await fit(model, train, {
      ...base,
      ...options,
      onProgress(event) {
        events.push(event);
        if (event.kind === 'epoch') byEpoch.push(weightsOf(model));
      },
    });
    const losses = history.epochs.map((epoch) => epoch.validationLoss!);
    const best = losses.indexOf(Math.min(...losses));
    expect(history.reason).toBe('early-stopping');
    expect(history.bestEpoch).toBe(best + 1);
    expect(history.bestLoss).toBe(losses[best]);
    expect(history.epochs).toHaveLength(best + 1 + 3);
    expect(weightsOf(model)).toEqual(byEpoch[best]);
    expect(await evaluate(model, validation, { loss: mse() })).toBe(losses[best]);
    expect(events.at(-2)).toEqual({ kind: 'restore', epoch: best + 1, validationLoss: losses[best] });
    model.dispose();
  });

  it('restores also where the epochs run out, and not where it is told not to', async () => {
    const worse = async (restoreBest: boolean) => {
      const model = smallModel();
      const earlyStopping = { patience: 100, restoreBest };
      const history = await fit(model, train, { ...base, ...options, epochs: 14, earlyStopping });
      const loss = await evaluate(model, validation, { loss: mse() });
      model.dispose();
      return { history, loss };
    };
    const [restored, last] = [await worse(true), await worse(false)];
    expect(restored.history.reason).toBe('finished');
    expect(restored.loss).toBe(restored.history.bestLoss);
    expect(last.loss).toBe(last.history.epochs.at(-1)!.validationLoss);
    expect(last.loss).toBeGreaterThan(restored.loss);
  });

  it('counts only improvements by more than minDelta', async () => {
    const { history } = await run({ ...options, earlyStopping: { patience: 2, minDelta: 100 } });
    expect(history).toMatchObject({ reason: 'early-stopping', bestEpoch: 1 });
    expect(history.epochs).toHaveLength(3);
  });

  it('goes with a plateau schedule', async () => {
    const schedule = { type: 'plateau', factor: 0.5, patience: 2, minDelta: 100 } as const;
    const { history } = await run({
      validation,
      schedule,
      epochs: 6,
      optimizer: adam({ learningRate: 0.01 }),
    });
    expect(history.epochs.map((epoch) => epoch.learningRate)).toEqual([
      0.01, 0.01, 0.01, 0.005, 0.005, 0.0025,
    ]);
  });
});

describe('abort', () => {
  it('throws the reason after a whole step, keeps the weights, and tells the history so far', async () => {
    const controller = new AbortController();
    const model = smallModel();
    let history: History | undefined;
    let weights: unknown;
    const going = fit(model, train, {
      ...base,
      epochs: 100,
      signal: controller.signal,
      onProgress(event) {
        if (event.kind === 'batch') weights = weightsOf(model);
        if (event.kind === 'batch' && event.epoch === 3 && event.batch === 2) controller.abort();
        if (event.kind === 'end') history = event.history;
      },
    });
    await expect(going).rejects.toMatchObject({ name: 'AbortError' });
    expect(history).toMatchObject({ reason: 'aborted' });
    expect(history!.epochs).toHaveLength(2);
    expect(weightsOf(model)).toEqual(weights);
    model.dispose();
  });

  it('lets timers run while it trains, so that an abort from outside arrives', async () => {
    const controller = new AbortController();
    const model = smallModel();
    const timer = setTimeout(() => controller.abort(new Error('enough')), 100);
    const started = performance.now();
    const going = fit(model, train, { ...base, epochs: 100_000, signal: controller.signal });
    await expect(going).rejects.toThrow('enough');
    expect(performance.now() - started).toBeLessThan(5_000);
    clearTimeout(timer);
    model.dispose();
  });

  it('does nothing under a signal that is aborted already', async () => {
    const model = smallModel();
    const before = weightsOf(model);
    await expect(fit(model, train, { ...base, signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(weightsOf(model)).toEqual(before);
    model.dispose();
  });

  it('leaves no tensor behind where a callback throws', async () => {
    const model = smallModel();
    const onProgress = () => {
      throw new Error('mine');
    };
    await expect(fit(model, train, { ...base, onProgress })).rejects.toThrow('mine');
    model.dispose();
  });
});

describe('NaN', () => {
  const poisoned = (which: 'x' | 'y', at: number): Samples => ({
    ...train,
    batch(indices): Batch {
      const batch = train.batch(indices);
      const row = Array.from(indices).indexOf(at);
      if (row >= 0) batch[which].data[row * (batch[which].data.length / indices.length)] = Number.NaN;
      return batch;
    },
  });

  it.each(['x', 'y'] as const)(
    'in %s stops with epoch, batch and weight; the weights stay finite',
    async (which) => {
      const model = smallModel();
      const before = weightsOf(model);
      const error = await fit(model, poisoned(which, 7), { ...base, epochs: 2 }).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(NonFiniteError);
      expect(error).toMatchObject({ epoch: 1, weight: '0.lstm.kernel', history: [] });
      expect((error as Error).message).toMatch(
        /^fit: stopped at epoch 1, batch \d: the loss is NaN and the first bad gradient is that of 0\.lstm\.kernel\. The (inputs|targets) of this batch hold NaN/,
      );
      for (const values of Object.values(weightsOf(model))) expect(values.every(Number.isFinite)).toBe(true);
      if ((error as NonFiniteError).batch === 1) expect(weightsOf(model)).toEqual(before);
      model.dispose();
    },
  );

  it('from too high a learning rate leaves the last finite weights and gives the history', async () => {
    const model = createModel(network({ input: [4], layers: [dense({ units: 1 })] }), { seed: 1 });
    const samples = arraySamples(randomArray([8, 4], 1), randomArray([8, 1], 2));
    let last: unknown;
    const options: FitOptions = {
      ...base,
      optimizer: sgd({ learningRate: 1e6 }),
      epochs: 100,
      onProgress(event) {
        if (event.kind === 'batch') last = weightsOf(model);
      },
    };
    const error = await fit(model, samples, options).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect((error as NonFiniteError).history.length).toBeGreaterThan(0);
    expect((error as Error).message).toContain('Lower the learning rate or clip the gradients.');
    expect(weightsOf(model)).toEqual(last);
    model.dispose();
  });

  it('in the validation samples is named as such', async () => {
    const model = smallModel();
    const going = fit(model, train, { ...base, validation: poisoned('x', 3) });
    await expect(going).rejects.toThrow('fit: the validation loss is NaN after epoch 1.');
    model.dispose();
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
    [{ loss: 'mse' as never }, 'fit: loss must be a Loss'],
  ] as [Partial<FitOptions>, string][])('%o', async (options, message) => {
    const model = smallModel();
    await expect(fit(model, train, { ...base, ...options })).rejects.toThrow(message);
    model.dispose();
  });

  it('names shapes that do not fit the model', async () => {
    const model = smallModel();
    const samples = arraySamples(randomArray([4, 6, 3], 1), randomArray([4, 2], 2));
    await expect(fit(model, samples, base)).rejects.toThrow(
      'fit: the model takes inputs of [6, 2], but samples have [6, 3].',
    );
    await expect(fit(model, { ...train, count: 0 }, base)).rejects.toThrow(
      'fit: expected at least one sample, got none.',
    );
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
    const masked = arraySamples(x, randomArray([3, 2], 2), { mask });
    const [with_, without] = [await predict(model, masked), await predict(model, x)];
    expect(with_.data.slice(0, 2)).toEqual(without.data.slice(0, 2));
    expect(with_.data.slice(2, 4)).not.toEqual(without.data.slice(2, 4));
    model.dispose();
  });
});
