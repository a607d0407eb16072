// How a run ends before its time: early stopping, abort, and numbers that are not finite.

import { arraySamples, type Batch, type Samples } from '@tidecast/data';
import { createModel, dense, network } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  adam,
  evaluate,
  type FitOptions,
  fit,
  type History,
  mse,
  NonFiniteError,
  type ProgressEvent,
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
    const samples = arraySamples({ x: randomArray([8, 4], 1), y: randomArray([8, 1], 2) });
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
