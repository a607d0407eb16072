// Over how many steps each cell carries two numbers: the adding problem at three lengths.

import { addingBaseline, addingProblem } from '@tidecast/data';
import { modelColors } from '@tidecast/eval/report';
import { createModel, dense, network } from '@tidecast/models';
import { adam, evaluate, mse } from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { memoryCells } from './cells.ts';
import { type MemoryRun, memoryCeiling, memoryChart, memoryRows, solvedText } from './memory-runs.ts';
import { trainUntilSolved } from './train-until-solved.ts';

/** Test error below which a length counts as solved. */
const SOLVED = 0.02;
const TEST_SEED = 1_000_000;

/** The adding problem for every cell, length and seed. */
export const addingProblemExample: Example = {
  title: 'Vanishing gradients and their three cures: the adding problem',
  source:
    'Hochreiter and Schmidhuber 1997, Neural Computation 9(8); Le, Jaitly and Hinton 2015, arXiv:1504.00941 ' +
    '(IRNN: identity recurrence, zero bias, clipped gradients). Training here is by Adam on up to 4000 ' +
    'batches of 32 new examples (2000 at T 400).',
  async run(options) {
    const lengths = options.quick ? [8] : [50, 150, 400];
    const runs: MemoryRun[] = [];
    for (const steps of lengths) {
      for (const cell of memoryCells) {
        for (let seed = 1; seed <= options.seeds; seed++) {
          const run = await runOne(cell, { steps, seed }, options);
          runs.push(run);
          options.progress(
            `${cell.name}, T ${steps}, seed ${seed}: ${run.solved ? 'solved' : 'not solved'}, ` +
              `${run.updates} updates, test MSE ${run.error.toFixed(4)}`,
          );
        }
      }
    }
    return {
      claims: claims(runs, lengths),
      rows: memoryRows(runs, 'testMse'),
      charts: [
        {
          name: 'adding-problem',
          caption:
            'Squared error on examples never seen before, by updates; one line for each seed, which ends where the task ' +
            `is solved. Dashed: always answering 1. ${memoryCeiling}`,
          spec: memoryChart(runs, {
            y: 'Mean squared error',
            baselines: new Map(lengths.map((steps) => [steps, addingBaseline])),
            colors: modelColors(memoryCells.map(({ name }) => name)),
          }),
        },
      ],
    };
  },
};

async function runOne(
  { name, layer, units, learningRate }: (typeof memoryCells)[number],
  { steps, seed }: { steps: number; seed: number },
  { quick, signal }: ExampleOptions,
): Promise<MemoryRun> {
  const updates = quick ? 60 : steps > 200 ? 2000 : 4000;
  const batchSize = 32;
  const samples = addingProblem({ steps, count: updates * batchSize, seed });
  const config = network({
    input: [steps, 2],
    layers: [layer({ units: quick ? 8 : units, returnSequences: false }), dense({ units: 1 })],
  });
  const model = createModel(config, { seed });
  try {
    const { losses, updates: made } = await trainUntilSolved(model, samples, {
      loss: mse(),
      optimizer: adam({ learningRate }),
      clip: { norm: 1 },
      batchSize,
      seed,
      signal,
      below: SOLVED / 2,
      every: quick ? 20 : 100,
    });
    const test = addingProblem({ steps, count: quick ? 100 : 2000, seed: TEST_SEED });
    const error = await evaluate(model, test, { loss: mse(), signal });
    return { cell: name, steps, seed, solved: error < SOLVED, updates: made, error, losses };
  } finally {
    model.dispose();
  }
}

function claims(runs: readonly MemoryRun[], lengths: readonly number[]): Claim[] {
  const of = (cell: string, steps?: number) =>
    runs.filter((run) => run.cell === cell && (steps === undefined || run.steps === steps));
  const solved = (cell: string, steps?: number) => of(cell, steps).filter((run) => run.solved).length;
  const longest = lengths.at(-1)!;
  const middle = lengths.at(-2) ?? longest;
  const share = `of the seeds solved (test MSE < ${SOLVED}; guessing: ${addingBaseline.toFixed(3)})`;
  return memoryCells.map(({ name }): Claim => {
    const errors = lengths.map((steps) => {
      const own = of(name, steps);
      return `${(own.reduce((sum, { error }) => sum + error, 0) / own.length).toFixed(4)} at T ${steps}`;
    });
    const figure = `${solvedText(of(name))} ${share}; mean test MSE ${errors.join(', ')}`;
    const method = `Adding problem, ${name}`;
    if (name === 'tanh RNN') {
      const bar = `fails at T ${longest} (Le et al. 2015: fails where T is long)`;
      return { method, figure, bar, met: solved(name, longest) === 0 };
    }
    if (name === 'ReLU RNN') {
      const bar = 'more runs solved than by the tanh RNN (the cure by the activation alone)';
      return { method, figure, bar, met: solved(name) > solved('tanh RNN') };
    }
    const bar = `solves T ${middle} with every seed (Le et al. 2015: T 150 is solved by IRNN and LSTM)`;
    return { method, figure, bar, met: solved(name, middle) === of(name, middle).length };
  });
}
