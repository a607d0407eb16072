// Real trainings side by side: the same weights however many workers there are, and after a crash.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { createInProcessExecutor, type Executor, type Outcome } from '../../src/index.ts';
import { type TrainingInput, type TrainingResult, train } from './training-job.ts';
import { setUpWorkers, startWorkers } from './workers.ts';

setUpBackend();
setUpWorkers();

type Trainings = Executor<TrainingInput, TrainingResult, number>;
const module = new URL('./training-job.ts', import.meta.url);
const start = (workers: number): Trainings => startWorkers('train', { module, workers });

const grid = ['rnn', 'lstm', 'gru', 'cnn1d'].flatMap((cell) =>
  [16, 20].map((batchSize, i) => ({ id: `${cell}-${batchSize}`, input: { cell, batchSize, seed: 3 + i } })),
);

/** Results by id; throws where a job failed. */
function results(outcomes: Outcome<TrainingResult>[]): Map<string, TrainingResult> {
  return new Map(
    outcomes.map((outcome) => {
      if (outcome.status === 'failed') throw new Error(`${outcome.id}: ${outcome.error.message}`);
      return [outcome.id, outcome.value];
    }),
  );
}

describe('8 trainings of four kinds of network', () => {
  let expected: Map<string, TrainingResult>;
  beforeAll(async () => {
    expected = results(await createInProcessExecutor(train).run(grid));
  });

  it('learn, each something else', () => {
    for (const { history } of expected.values()) {
      expect(history.epochs.at(-1)!.loss).toBeLessThan(0.9 * history.epochs[0]!.loss);
    }
    const last = [...expected.values()].map(({ history }) => history.epochs.at(-1)!.loss);
    expect(new Set(last).size).toBe(grid.length);
  });

  it.each([1, 2, 3])('give the same weights and history on %i workers, bit for bit', async (workers) => {
    const losses = new Map<string, number[]>();
    const outcomes = await start(workers).run(grid, {
      onProgress: ({ id, report }) => void losses.set(id, [...(losses.get(id) ?? []), report]),
    });
    expect(results(outcomes)).toEqual(expected);
    for (const [id, { history }] of expected) {
      expect(losses.get(id)).toEqual(history.epochs.map(({ loss }) => loss));
    }
  });

  it('give the same weights and history in another order on 2 workers, bit for bit', async () => {
    expect(results(await start(2).run([...grid].reverse()))).toEqual(new Map([...expected].reverse()));
  });
});

describe('a training whose worker dies', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tidecast-executor-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it('goes on from its checkpoint on a fresh worker, with the same weights, bit for bit', async () => {
    const input = { cell: 'lstm', seed: 1, batchSize: 16 };
    const [whole] = results(await start(1).run([{ id: 'whole', input }])).values();
    const outcomes = await start(2).run([
      { id: 'other', input: { ...input, seed: 2 } },
      {
        id: 'dies',
        input: { ...input, checkpoint: join(folder, 'dies'), diesOnce: join(folder, 'has died') },
      },
    ]);
    const dies = results(outcomes).get('dies')!;
    expect(outcomes.map(({ attempts }) => attempts)).toEqual([1, 2]);
    expect(dies.weights).toEqual(whole!.weights);
    expect(dies.history).toEqual(whole!.history);
    expect([whole!.trained, dies.trained]).toEqual([5, 3]);
  });
});
