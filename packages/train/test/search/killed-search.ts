// A search in a process of its own, for the test that kills it: `killed-search.ts <folder> <strategy>`. It keeps its
// journal and checkpoints in the folder, logs the jobs it begins, and at the end writes the table there.

import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createExecutor } from '../../src/executor/executor-runs.ts';
import { fileJournal } from '../../src/node/file-journal.ts';
import { folderStore } from '../../src/node/folder-store.ts';
import { asha } from '../../src/search/asha.ts';
import { grid, random } from '../../src/search/blind.ts';
import { search } from '../../src/search/search.ts';
import { choice, integer, logUniform } from '../../src/search/space.ts';
import { tpe } from '../../src/search/tpe.ts';
import type { TrialInput, TrialResult } from '../../src/search/trial.ts';

const strategies = {
  grid: grid(),
  random: random({ trials: 24 }),
  asha: asha({ trials: 18, minimum: 2, reduction: 3 }),
  tpe: tpe({ trials: 24, startup: 5 }),
  trainings: asha({ trials: 9, minimum: 2, reduction: 3 }),
};

const [folder, name] = process.argv.slice(2) as [string, keyof typeof strategies];

type Job = (input: TrialInput<null>) => Promise<TrialResult>;

/** Adds up its epochs into a checkpoint, and takes a few ms. */
const addUp: Job = async (input) => {
  await new Promise((resolve) => setTimeout(resolve, 5 + (input.seed & 15)));
  const { rate = 0.01, units } = input.values as { rate?: number; units: number };
  let [epoch, loss] = input.checkpoint
    ? new Float64Array(input.checkpoint.slice().buffer)
    : [0, 10 + (input.seed % 100) / 100];
  const losses = [];
  while (epoch! < input.budget) {
    epoch!++;
    loss = loss! * 0.7 + 0.3 * ((Math.log10(rate) + 2) ** 2 + Math.abs(units - 12));
    if (input.readAt.includes(epoch!)) losses.push({ budget: epoch!, loss });
  }
  const checkpoint = new Uint8Array(Float64Array.of(epoch!, loss!).buffer);
  return { losses, ...(input.mayGoOn && { checkpoint }) };
};

const job: Job = name === 'trainings' ? (await import('./training-trial.ts')).trainTrial : addUp;

/** Two places. */
const executor = createExecutor<TrialInput<null>, TrialResult, unknown>({
  workers: 2,
  async attemptJob({ id, input }) {
    appendFileSync(join(folder, 'begun'), `${id}\n`);
    return { status: 'done', value: await job(input) };
  },
  release: async () => {},
});

const { rows, trials, spent } = await search({
  space:
    name === 'grid'
      ? { units: integer(1, 12), kind: choice(['a', 'b']) }
      : { units: integer(1, 30), rate: logUniform(1e-4, 1), kind: choice(['a', 'b']) },
  strategy: strategies[name],
  executor,
  data: null,
  seed: 7,
  budget: 18,
  journal: fileJournal(join(folder, 'journal.jsonl')),
  store: folderStore(join(folder, 'checkpoints')),
});
writeFileSync(join(folder, 'table.json'), JSON.stringify({ rows, trials, spent }));
