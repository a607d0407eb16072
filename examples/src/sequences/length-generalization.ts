// Whether a network that has learnt short sequences solves longer ones, which it never saw.

import { addingProblem, type Samples } from '@tidecast/data';
import { formatSeedSpread, seedSpread } from '@tidecast/eval';
import { type ChartSpec, modelColors } from '@tidecast/eval/report';
import { createModel, dense, lstm, type Model, network } from '@tidecast/models';
import { adam, fit, mse, predict } from '@tidecast/train';
import type { Example, ExampleOptions } from '../example.ts';

/** An answer counts as right within this error (Hochreiter and Schmidhuber 1997). */
const TOLERANCE = 0.04;
/** Share of right answers of always answering 1: u + v is within the tolerance of 1. */
const GUESSING = 1 - (1 - TOLERANCE) ** 2;
const TEST_SEED = 1_000_000;

const variants = {
  LSTM: { layerNorm: false },
  'LSTM with layer norm': { layerNorm: true },
} as const;
type Variant = keyof typeof variants;

interface LengthRun {
  variant: Variant;
  seed: number;
  /** Share of right answers by length. */
  accuracy: ReadonlyMap<number, number>;
}

/** The adding problem, learnt on lengths 4 … 10, and asked for longer ones. */
export const lengthGeneralization: Example = {
  title: 'Length generalisation: an LSTM on sequences longer than any it has learnt',
  source:
    'Adding problem: Hochreiter and Schmidhuber 1997, Neural Computation 9(8), with their measure (error below 0.04); ' +
    'layer norm: Ba, Kiros and Hinton 2016, arXiv:1607.06450.',
  async run(options) {
    const { quick, seeds } = options;
    const longest = 10;
    const lengths = quick ? [6, 10, 20] : [4, 6, 8, 10, 14, 20, 28, 40, 60, 80];
    const runs: LengthRun[] = [];
    for (const variant of Object.keys(variants) as Variant[]) {
      for (let seed = 1; seed <= seeds; seed++) {
        const run = await train({ variant, seed, longest, lengths }, options);
        runs.push(run);
        options.progress(
          `${variant}, seed ${seed}: ${[...run.accuracy].map(([steps, share]) => `T ${steps} ${percent(share)}`).join(', ')}`,
        );
      }
    }
    const spread = (variant: Variant, steps: number) =>
      seedSpread(
        runs
          .filter((run) => run.variant === variant)
          .map(({ seed, accuracy }) => ({ seed, value: 100 * accuracy.get(steps)! })),
        { better: 'higher' },
      );
    const shown = (variant: Variant, steps: number) =>
      `${formatSeedSpread(spread(variant, steps), { decimals: 1 })} % right at T ${steps}`;
    const far = lengths.at(-1)!;
    return {
      claims: [
        {
          method: 'Length generalisation, LSTM',
          figure: [longest, 2 * longest, far].map((steps) => shown('LSTM', steps)).join('; '),
          bar: `at T ${2 * longest}, twice the longest length learnt, more than guessing (${percent(GUESSING)}) with every seed`,
          met: spread('LSTM', 2 * longest).worst.value > 100 * GUESSING,
        },
        {
          method: 'Length generalisation, LSTM with layer norm',
          figure: [longest, 2 * longest, far].map((steps) => shown('LSTM with layer norm', steps)).join('; '),
          bar: `at T ${2 * longest} a higher mean than without layer norm`,
          met: spread('LSTM with layer norm', 2 * longest).mean > spread('LSTM', 2 * longest).mean,
        },
      ],
      rows: runs.flatMap(({ variant, seed, accuracy }) =>
        [...accuracy].map(([steps, share]) => ({
          variant,
          seed,
          steps,
          learnt: steps <= longest,
          accuracy: Number(share.toFixed(4)),
        })),
      ),
      charts: [
        {
          name: 'length-generalization',
          caption:
            'Share of right answers by length; lengths on the shaded side were learnt. Lines: mean over seeds, dots: each seed. ' +
            'Dashed: always answering 1.',
          spec: chart(runs, longest),
        },
      ],
    };
  },
};

async function train(
  {
    variant,
    seed,
    longest,
    lengths,
  }: { variant: Variant; seed: number; longest: number; lengths: readonly number[] },
  { quick, signal }: ExampleOptions,
): Promise<LengthRun> {
  const updates = quick ? 10 : 800;
  const batchSize = 32;
  const samples = addingProblem({ steps: longest, minSteps: 4, count: updates * batchSize, seed });
  const layers = [lstm({ units: quick ? 6 : 24, ...variants[variant] }), dense({ units: 1 })];
  const model = createModel(network({ input: [null, 2], layers }), { seed });
  try {
    await fit(model, samples, {
      loss: mse(),
      optimizer: adam({ learningRate: 0.01 }),
      schedule: { type: 'cosine' },
      clip: { norm: 1 },
      epochs: 1,
      batchSize,
      seed,
      signal,
    });
    const accuracy = new Map<number, number>();
    for (const steps of lengths) {
      accuracy.set(
        steps,
        await share(model, addingProblem({ steps, count: quick ? 50 : 1000, seed: TEST_SEED }), signal),
      );
    }
    return { variant, seed, accuracy };
  } finally {
    model.dispose();
  }
}

/** Share of answers within the tolerance. */
async function share(model: Model, test: Samples, signal: AbortSignal): Promise<number> {
  const { data } = await predict(model, test, { signal });
  const { y } = test.batch(Array.from({ length: test.count }, (_, i) => i));
  return data.filter((answer, i) => Math.abs(answer - y.data[i]!) < TOLERANCE).length / test.count;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

function chart(runs: readonly LengthRun[], longest: number): ChartSpec {
  const names = Object.keys(variants);
  const colors = modelColors(names);
  const values = runs.flatMap(({ variant, seed, accuracy }) =>
    [...accuracy].map(([steps, right]) => ({ variant, seed, steps, right: 100 * right })),
  );
  const shortest = Math.min(...values.map(({ steps }) => steps));
  const x = {
    field: 'steps',
    type: 'quantitative',
    title: 'Length T',
    scale: { type: 'log', nice: false },
    axis: { grid: false, values: [...new Set(values.map(({ steps }) => steps))] },
  };
  const color = {
    field: 'variant',
    type: 'nominal',
    scale: { domain: names, range: names.map((name) => colors[name]) },
    legend: { title: null, orient: 'top', symbolType: 'stroke', labelLimit: 260 },
  };
  const y = { field: 'right', type: 'quantitative', title: 'Right answers [%]', scale: { domain: [0, 100] } };
  return {
    width: 620,
    height: 280,
    layer: [
      {
        data: { values: [{ from: shortest, to: longest }] },
        mark: { type: 'rect', color: '#888', opacity: 0.12 },
        encoding: { x: { ...x, field: 'from' }, x2: { field: 'to' } },
      },
      {
        data: { values: [{ right: 100 * GUESSING }] },
        mark: { type: 'rule', strokeDash: [5, 4] },
        encoding: { y },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2 },
        encoding: { x, y: { ...y, aggregate: 'mean' }, color },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 24, opacity: 0.5 },
        encoding: { x, y, color },
      },
    ],
  };
}
