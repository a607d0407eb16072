import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  adam,
  asha,
  choice,
  courseGrid,
  createInProcessExecutor,
  fit,
  fitTrial,
  grid,
  logUniform,
  mse,
  random,
  search,
  type TrialInput,
} from '../../src/index.ts';
import { sequenceSamples, smallModel } from '../helpers.ts';

setUpBackend();

const train = sequenceSamples(64, 1);
const validation = sequenceSamples(32, 2);

/** Trains a small network; counts the epochs. */
function job(count: { epochs: number }, extra: object = {}) {
  return async (trial: TrialInput<null>) => {
    const { rate, batchSize = 16 } = trial.values as { rate: number; batchSize?: number };
    const model = smallModel(trial.seed);
    try {
      const options = {
        loss: mse(),
        optimizer: adam({ learningRate: rate }),
        batchSize,
        validation,
        onProgress: ({ kind }: { kind: string }) => void (kind === 'epoch' && count.epochs++),
        ...extra,
      };
      return await fitTrial(model, train, options, trial);
    } finally {
      model.dispose();
    }
  };
}

const space = { rate: logUniform(1e-4, 0.1) };

describe('fitTrial', () => {
  it('reads the losses of 3, 5 and 8 epochs off one training of 8, those of fit, bit for bit', async () => {
    const count = { epochs: 0 };
    const { rows } = await search({
      space,
      strategy: random({ trials: 2 }),
      seed: 1,
      data: null,
      budget: [3, 5, 8],
      executor: job(count),
    });
    expect(count.epochs).toBe(16);
    expect(rows).toHaveLength(6);
    let seed = 0;
    await search({
      space,
      strategy: random({ trials: 1 }),
      seed: 1,
      data: null,
      executor: (trial: TrialInput<null>) => {
        seed = trial.seed;
        return 1;
      },
    });
    const model = smallModel(seed);
    const { epochs } = await fit(model, train, {
      loss: mse(),
      optimizer: adam({ learningRate: rows.find(({ trial }) => trial === 0)!.values.rate as number }),
      batchSize: 16,
      seed,
      epochs: 5,
      validation,
    });
    model.dispose();
    for (const budget of [3, 5]) {
      const row = rows.find((each) => each.trial === 0 && each.budget === budget)!;
      expect(row.loss).toBe(epochs[budget - 1]!.validationLoss);
    }
  });

  it('goes on from checkpoints in successive halving: as many epochs as are paid for, losses as without a pause', async () => {
    const count = { epochs: 0 };
    const options = { space, seed: 2, data: null, budget: 8 };
    const halving = await search({
      ...options,
      strategy: asha({ trials: 8, minimum: 2, reduction: 2 }),
      executor: job(count),
    });
    expect(count.epochs).toBe(halving.spent);
    const all = await search({
      ...options,
      strategy: random({ trials: 8 }),
      budget: [2, 4, 8],
      executor: job({ epochs: 0 }),
    });
    expect(halving.spent).toBeLessThan(all.spent);
    for (const { trial, budget, loss } of halving.rows) {
      expect(loss).toBe(all.rows.find((row) => row.trial === trial && row.budget === budget)!.loss);
    }
  });

  it('gives the lowest loss so far with early stopping', async () => {
    const executor = job({ epochs: 0 }, { earlyStopping: { patience: 100 } });
    const { rows } = await search({
      space: { rate: choice([0.1]) },
      strategy: grid(),
      seed: 1,
      data: null,
      budget: [1, 2, 3, 4, 6, 8, 10, 12],
      executor,
    });
    const losses = [...rows].sort((a, b) => a.budget - b.budget).map(({ loss }) => loss!);
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
  });

  it('gives the loss of the weights that stay: with minDelta the first, with restoreBest false the last', async () => {
    const table = async (earlyStopping: object) => {
      const executor = job({ epochs: 0 }, { earlyStopping: { patience: 100, ...earlyStopping } });
      const { rows } = await search({
        ...{ space: { rate: choice([0.1]) }, strategy: grid(), seed: 1, data: null, executor },
        budget: [1, 2, 3, 4, 6, 8, 10, 12],
      });
      return [...rows].sort((a, b) => a.budget - b.budget).map(({ loss }) => loss!);
    };
    const each = await table({ restoreBest: false });
    expect(each).not.toEqual([...each].sort((a, b) => b - a));
    expect(new Set(await table({ minDelta: 100 }))).toEqual(new Set([each[0]]));
  });

  it('makes a training that turns NaN a failed trial', async () => {
    const { rows } = await search({
      space: { rate: choice([1e30, 1e-3]) },
      strategy: grid(),
      seed: 1,
      data: null,
      budget: 2,
      executor: createInProcessExecutor(job({ epochs: 0 })),
    });
    expect(rows.map(({ values, loss }) => [values.rate, loss === null])).toEqual([
      [1e-3, false],
      [1e30, true],
    ]);
    expect(rows[1]!.error).toMatch(/^NonFiniteError: /);
  });
});

describe('the course grid', () => {
  it('is 96 trainings and 768 rows', async () => {
    const seen = new Set<string>();
    const { rows, trials, spent } = await search({
      ...courseGrid(),
      strategy: grid(),
      seed: 1,
      data: null,
      executor: ({ values, readAt }: TrialInput<null>) => {
        seen.add(Object.values(values).join(' '));
        return { losses: readAt.map((budget) => ({ budget, loss: 1 / budget })) };
      },
    });
    expect([trials, seen.size, rows.length, spent]).toEqual([96, 96, 768, 96_000]);
    expect(seen).toContain('lstm 50 32');
  });
});
