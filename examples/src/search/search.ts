// Four ways to search the course grid (a part of it: 36 networks, 27 epochs) for the network that forecasts a tide best:
// what each finds for the epochs it pays, and what mattered. And a known function, on which the model-based way must be
// better than drawing at random.

import { fitSampleScalers, scaleSamples, splitByTime, timeAt, windows } from '@tidecast/data';
import { type SeedResult, seedSpread } from '@tidecast/eval';
import type { ChartSpec } from '@tidecast/eval/report';
import {
  cnn1d,
  createModel,
  dense,
  flatten,
  gru,
  type LayerConfig,
  lstm,
  network,
  reshape,
  rnn,
} from '@tidecast/models';
import {
  adam,
  asha,
  choice,
  courseGrid,
  fitTrial,
  grid,
  type Importance,
  importance,
  importanceChart,
  mse,
  parallelChart,
  random,
  type SearchResult,
  type Space,
  type StrategyConfig,
  search,
  type TrialInput,
  tpe,
  uniform,
} from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { tideSeries } from './tide-series.ts';

const STEPS = 12;
const HORIZON = 3;
const BUDGET = [1, 3, 9, 27];

/** A part of the course grid. */
const space: Space = {
  ...courseGrid().space,
  units: choice([5, 10, 20]),
  batchSize: choice([16, 32, 64]),
};

const strategies: Record<string, StrategyConfig> = {
  grid: grid(),
  random: random({ trials: 36 }),
  ASHA: asha({ trials: 81, minimum: 1, reduction: 3 }),
  TPE: tpe({ trials: 36 }),
};

const bodies: Record<string, (units: number) => LayerConfig[]> = {
  rnn: (units) => [rnn({ units })],
  lstm: (units) => [lstm({ units })],
  gru: (units) => [gru({ units })],
  cnn1d: (filters) => [cnn1d({ filters, activation: 'relu' }), flatten()],
};

/** Scaled windows to learn from and to validate on. */
function tide(seed: number, length: number) {
  const series = tideSeries(seed, length);
  const validationFrom = timeAt(series, Math.round(0.7 * length));
  const all = windows(series, { steps: STEPS, horizon: HORIZON, inputs: ['tide'], targets: ['tide'] });
  const { train, validation } = splitByTime(all, { validationFrom, testFrom: timeAt(series, length - 1) });
  const scalers = fitSampleScalers('standard', train);
  return { train: scaleSamples(train, scalers), validation: scaleSamples(validation, scalers) };
}

/** A strategy's search with one seed. */
interface Found extends SearchResult {
  strategy: string;
  seed: number;
  /** Best loss so far after each step, by the epochs paid. */
  course: { spent: number; best: number }[];
}

async function searchTide(strategy: string, seed: number, { quick, signal }: ExampleOptions): Promise<Found> {
  const { train, validation } = tide(seed, quick ? 80 : 500);
  const course: Found['course'] = [];
  const reached = new Map<number, number>();
  let spent = 0;
  let best = Number.POSITIVE_INFINITY;
  const executor = async (trial: TrialInput<null>) => {
    const { family, units, batchSize } = trial.values as { family: string; units: number; batchSize: number };
    const layers = [...bodies[family]!(units), dense({ units: HORIZON }), reshape({ shape: [HORIZON, 1] })];
    const model = createModel(network({ input: [STEPS, 1], layers }), { seed: trial.seed });
    try {
      const optimizer = adam({ learningRate: 0.003 });
      return await fitTrial(model, train, { loss: mse(), optimizer, batchSize, validation, signal }, trial);
    } finally {
      model.dispose();
    }
  };
  const result = await search({
    space: quick ? { ...space, units: choice([5]), batchSize: choice([16, 32]) } : space,
    strategy: strategies[strategy]!,
    executor,
    data: null,
    seed,
    budget: quick ? [1, 2] : BUDGET,
    signal,
    onProgress(event) {
      if (event.kind !== 'end') return;
      const { trial, budget, losses } = event.step;
      spent += budget - (reached.get(trial) ?? 0);
      reached.set(trial, budget);
      best = Math.min(best, ...losses.map(({ loss }) => loss));
      course.push({ spent, best });
    },
  });
  return { strategy, seed, course, ...result };
}

/** Branin's function (Dixon and Szegő 1978): three minima of 0.397887 on [−5, 10] × [0, 15]. */
function branin(x: number, y: number): number {
  const valley = y - (5.1 * x * x) / (4 * Math.PI ** 2) + (5 * x) / Math.PI - 6;
  return valley ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
}
const BRANIN_MINIMUM = 0.397887;
const BRANIN_TRIALS = 60;

async function searchBranin(strategy: StrategyConfig, seed: number): Promise<number> {
  const { best } = await search({
    space: { x: uniform(-5, 10), y: uniform(0, 15) },
    strategy,
    executor: ({ values }: TrialInput<null>) => branin(values.x as number, values.y as number),
    data: null,
    seed,
  });
  return best.loss!;
}

/** The example. */
export const searchExample: Example = {
  title: 'Search: the course grid by grid, random, successive halving and TPE',
  source:
    'Bergstra and Bengio 2012, JMLR 13 (random); Li et al. 2020, MLSys (ASHA); Bergstra et al. 2011, NeurIPS (TPE); ' +
    'Hutter, Hoos and Leyton-Brown 2014, ICML (what mattered). Selection is on the validation windows alone.',
  async run(options) {
    const { seeds, quick, progress, signal } = options;
    const found: Found[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      for (const strategy of Object.keys(strategies)) {
        const result = await searchTide(strategy, seed, options);
        progress(
          `seed ${seed}, ${strategy}: ${result.best.loss!.toPrecision(4)} after ${result.spent} epochs`,
        );
        found.push(result);
      }
    }
    const known: { strategy: string; seed: number; value: number }[] = [];
    for (const [strategy, config] of [
      ['random', random({ trials: BRANIN_TRIALS })],
      ['TPE', tpe({ trials: BRANIN_TRIALS })],
    ] as const) {
      for (let seed = 1; seed <= 4 * seeds && !(quick && seed > 4); seed++) {
        signal.throwIfAborted();
        known.push({ strategy, seed, value: await searchBranin(config, seed) });
      }
    }
    const grids = found.filter(({ strategy }) => strategy === 'grid');
    const mattered = grids.map(({ rows }) => importance(rows, space));
    return {
      claims: [ashaClaim(found), ...budgetClaims(found), braninClaim(known)],
      rows: [
        ...found.map(({ strategy, seed, best, spent, trials }) => ({
          strategy,
          seed,
          validationLoss: best.loss!,
          epochs: spent,
          trials,
          ...(best.values as Record<string, string | number>),
          epoch: best.budget,
        })),
        ...known.map(({ strategy, seed, value }) => ({ strategy: `Branin, ${strategy}`, seed, value })),
      ],
      charts: [
        {
          name: 'search',
          caption:
            'The best validation loss found, against the epochs paid for it: mean over the seeds. Successive halving looks ' +
            'at more networks, most of them for an epoch or three.',
          spec: courseChart(found),
        },
        {
          name: 'search-importance',
          caption:
            'How much of the variance of the loss over the grid each field explains by itself (analysis of variance, mean ' +
            'over the seeds). `budget` is the number of epochs.',
          spec: importanceChart(meanImportance(mattered)),
        },
        {
          name: 'search-parallel',
          caption: 'Every network of the grid after all its epochs (seed 1), the best ones dark.',
          spec: parallelChart(
            grids[0]!.rows.filter(
              ({ budget }) => budget === Math.max(...grids[0]!.rows.map((row) => row.budget)),
            ),
            space,
          ),
        },
      ],
    };
  },
};

const of = (found: readonly Found[], strategy: string) => found.filter((each) => each.strategy === strategy);
const spread = (results: readonly SeedResult[]) => seedSpread(results);
const shown = (results: readonly SeedResult[], decimals: number) => {
  const { mean, sd } = spread(results);
  return `${mean.toFixed(decimals)} ± ${sd.toFixed(decimals)}`;
};
const losses = (found: readonly Found[]): SeedResult[] =>
  found.map(({ seed, best }) => ({ seed, value: best.loss! }));

/** How near to the grid's best, and for which share of its epochs. */
function ashaClaim(found: readonly Found[]): Claim {
  const whole = of(found, 'grid');
  const pairs = of(found, 'ASHA').map((each) => {
    const { best, spent } = whole.find(({ seed }) => seed === each.seed)!;
    return { seed: each.seed, loss: 100 * (each.best.loss! / best.loss! - 1), epochs: each.spent / spent };
  });
  const above = pairs.map(({ seed, loss }) => ({ seed, value: loss }));
  const share = spread(pairs.map(({ seed, epochs }) => ({ seed, value: epochs }))).mean;
  return {
    method: 'Search: asynchronous successive halving (ASHA)',
    figure: `best loss ${shown(above, 1)} % above the grid's, for ${(100 * share).toFixed(0)} % of its epochs`,
    bar: 'at most 5 % above, for at most a third of the epochs',
    met: spread(above).mean <= 5 && share <= 1 / 3,
  };
}

/** Random and model-based search, for as many epochs as the grid. */
function budgetClaims(found: readonly Found[]): Claim[] {
  const whole = losses(of(found, 'grid'));
  return ['random', 'TPE'].map((strategy) => {
    const results = losses(of(found, strategy));
    return {
      method: `Search: ${strategy === 'random' ? 'random' : 'tree-structured Parzen estimator (TPE)'}, as many epochs as the grid`,
      figure: `best loss ${shown(results, 4)}`,
      bar: `the grid's ${shown(whole, 4)}; at most 5 % above`,
      met: spread(results).mean <= 1.05 * spread(whole).mean,
    };
  });
}

function braninClaim(known: readonly { strategy: string; seed: number; value: number }[]): Claim {
  const results = (name: string) => known.filter(({ strategy }) => strategy === name);
  const [modelled, blind] = [results('TPE'), results('random')];
  return {
    method: `Search: TPE on Branin's function, ${BRANIN_TRIALS} trials`,
    figure: `best value ${shown(modelled, 3)} over ${modelled.length} seeds`,
    bar: `random search ${shown(blind, 3)}; the minimum is ${BRANIN_MINIMUM}`,
    met: spread(modelled).mean < spread(blind).mean,
  };
}

function meanImportance(each: readonly Importance[]): Importance {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const fields = each[0]!.fields.map(({ field }) => ({
    field,
    alone: mean(each.map((one) => one.fields.find((other) => other.field === field)!.alone)),
  }));
  return {
    fields: fields.sort((a, b) => b.alone - a.alone),
    together: mean(each.map(({ together }) => together)),
    method: each[0]!.method,
  };
}

/** The best loss so far by epochs, as steps, the mean over seeds. */
function courseChart(found: readonly Found[]): ChartSpec {
  const names = Object.keys(strategies);
  const values = names.flatMap((strategy) => {
    const courses = of(found, strategy).map(({ course }) => course);
    const end = Math.min(...courses.map((course) => course.at(-1)!.spent));
    const begin = Math.max(...courses.map((course) => course[0]!.spent));
    const at = Array.from({ length: 100 }, (_, i) => begin * (end / begin) ** (i / 99));
    return at.map((spent) => {
      const best = courses.map((course) => course.findLast((each) => each.spent <= spent + 1e-9)!.best);
      return { strategy, spent, loss: best.reduce((sum, value) => sum + value, 0) / best.length };
    });
  });
  return {
    description: 'Best validation loss found so far against epochs, by strategy',
    width: 640,
    height: 300,
    data: { values },
    mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2 },
    encoding: {
      x: { field: 'spent', type: 'quantitative', title: 'Epochs paid', scale: { type: 'log', nice: false } },
      y: {
        field: 'loss',
        type: 'quantitative',
        title: 'Best validation loss (scaled, MSE)',
        scale: { type: 'log', nice: false },
      },
      color: {
        field: 'strategy',
        type: 'nominal',
        title: null,
        sort: names,
        scale: { domain: names, range: ['#8a8a8a', '#e07b1a', '#1f9e6e', '#2f7ed8'] },
        legend: { orient: 'top' },
      },
    },
  };
}
