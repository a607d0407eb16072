// Over how many steps each cell carries a string of ten symbols: the copy task at three lengths.

import { copyBaseline, copyTask } from '@tidecast/data';
import { modelColors } from '@tidecast/eval/report';
import { createModel, dense, type Model, network } from '@tidecast/models';
import { adam, crossEntropy, evaluate, predict } from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { memoryCells } from './cells.ts';
import { type MemoryRun, memoryCeiling, memoryChart, memoryRows, solvedText } from './memory-runs.ts';
import { trainUntilSolved } from './train-until-solved.ts';

/** Share of the baseline's cross-entropy below which a length counts as solved: half of the string is known then. */
const SOLVED = 0.5;
const TEST_SEED = 1_000_000;
const SYMBOLS = 10;

interface CopyRun extends MemoryRun {
  /** Share of the symbols repeated at their place. */
  accuracy: number;
  /** Cross-entropy of the answer without memory [nats a step]. */
  baseline: number;
}

/** The copy task for every cell, number of blanks and seed. */
export const copyTaskExample: Example = {
  title: 'Vanishing gradients and their three cures: the copy task',
  source:
    'Hochreiter and Schmidhuber 1997, Neural Computation 9(8); Arjovsky, Shah and Bengio 2016, arXiv:1511.06464 ' +
    '(10 symbols of 8, baseline 10 ln 8 / (T + 20)); training here is by Adam with clipped gradients.',
  async run(options) {
    const lengths = options.quick ? [2] : [50, 150, 400];
    const runs: CopyRun[] = [];
    for (const blanks of lengths) {
      for (const cell of memoryCells) {
        for (let seed = 1; seed <= options.seeds; seed++) {
          const run = await runOne(cell, { blanks, seed }, options);
          runs.push(run);
          options.progress(
            `${cell.name}, T ${blanks}, seed ${seed}: ${(100 * run.accuracy).toFixed(1)} % of the symbols, ` +
              `cross-entropy ${run.error.toFixed(4)} (baseline ${run.baseline.toFixed(4)}), ${run.updates} updates`,
          );
        }
      }
    }
    const rows = memoryRows(runs, 'testCrossEntropy').map((row, i) => ({
      ...row,
      baseline: Number(runs[i]!.baseline.toPrecision(4)),
      accuracy: Number(runs[i]!.accuracy.toFixed(4)),
    }));
    return {
      claims: claims(runs, lengths),
      rows,
      charts: [
        {
          name: 'copy-task',
          caption:
            'Cross-entropy on examples never seen before, by updates; one line for each seed, which ends where the task ' +
            `is solved. Dashed: the best answer without memory. ${memoryCeiling}`,
          spec: memoryChart(runs, {
            y: 'Cross-entropy [nats a step]',
            baselines: new Map(lengths.map((blanks) => [blanks, copyBaseline({ blanks })])),
            colors: modelColors(memoryCells.map(({ name }) => name)),
          }),
        },
      ],
    };
  },
};

async function runOne(
  { name, layer, units, copyRate }: (typeof memoryCells)[number],
  { blanks, seed }: { blanks: number; seed: number },
  { quick, signal }: ExampleOptions,
): Promise<CopyRun> {
  // About as much computation at every length.
  const updates = quick ? 20 : blanks > 200 ? 600 : blanks > 100 ? 1500 : 4000;
  const batchSize = 20;
  const baseline = copyBaseline({ blanks });
  const samples = copyTask({ blanks, count: updates * batchSize, seed });
  const config = network({
    input: [null, samples.xShape[1]!],
    layers: [
      layer({ units: quick ? 8 : 2 * units, returnSequences: true }),
      dense({ units: samples.yShape[1]! }),
    ],
  });
  const model = createModel(config, { seed });
  try {
    const { losses, updates: made } = await trainUntilSolved(model, samples, {
      loss: crossEntropy(),
      optimizer: adam({ learningRate: copyRate }),
      clip: { norm: 1 },
      batchSize,
      seed,
      signal,
      below: 0.4 * baseline,
      every: quick ? 10 : 50,
    });
    const test = copyTask({ blanks, count: quick ? 20 : 200, seed: TEST_SEED });
    const error = await evaluate(model, test, { loss: crossEntropy(), signal });
    const accuracy = await symbolAccuracy(model, test);
    return {
      cell: name,
      steps: blanks,
      seed,
      solved: error < SOLVED * baseline,
      updates: made,
      error,
      losses,
      accuracy,
      baseline,
    };
  } finally {
    model.dispose();
  }
}

/** Share of the last ten steps at which the likeliest class is the symbol asked for. */
async function symbolAccuracy(model: Model, test: ReturnType<typeof copyTask>): Promise<number> {
  const [steps, classes] = test.yShape as [number, number];
  const { data } = await predict(model, test);
  const { y } = test.batch(Array.from({ length: test.count }, (_, i) => i));
  let right = 0;
  for (let row = 0; row < test.count; row++) {
    for (let t = steps - SYMBOLS; t < steps; t++) {
      const start = (row * steps + t) * classes;
      const logits = data.subarray(start, start + classes);
      if (y.data[start + logits.indexOf(Math.max(...logits))] === 1) right++;
    }
  }
  return right / (test.count * SYMBOLS);
}

function claims(runs: readonly CopyRun[], lengths: readonly number[]): Claim[] {
  const [shortest, longest] = [lengths[0]!, lengths.at(-1)!];
  const ratioOf = (own: readonly CopyRun[], steps: number) => {
    const some = own.filter((run) => run.steps === steps);
    return some.reduce((sum, { error, baseline }) => sum + error / baseline, 0) / some.length;
  };
  const plain = ratioOf(
    runs.filter(({ cell }) => cell === 'tanh RNN'),
    shortest,
  );
  return memoryCells.map(({ name }): Claim => {
    const own = runs.filter(({ cell }) => cell === name);
    const ratios = lengths.map((steps) => `${ratioOf(own, steps).toFixed(2)} at T ${steps}`).join(', ');
    const figure = `${solvedText(own)} of the seeds solved; cross-entropy by that of the baseline: ${ratios}`;
    const method = `Copy task, ${name}`;
    if (name === 'tanh RNN' || name === 'LSTM') {
      const bar = `near the baseline (> 0.9) at T ${longest} (Arjovsky et al. 2016: so are tanh RNN and LSTM from T 100 on)`;
      return { method, figure, bar, met: ratioOf(own, longest) > 0.9 };
    }
    const bar = `lower than the tanh RNN (${plain.toFixed(2)}) at T ${shortest}`;
    return { method, figure, bar, met: ratioOf(own, shortest) < plain };
  });
}
