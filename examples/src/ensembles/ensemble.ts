// One network against five of them together, on a tide with little to learn from: errors, how well the bands fit, and
// what the members' disagreement is worth.

import {
  createSeries,
  type Series,
  splitByTime,
  subset,
  timeAt,
  type WindowSamples,
  windows,
} from '@tidecast/data';
import { type SeedResult, seedSpread } from '@tidecast/eval';
import type { ChartSpec } from '@tidecast/eval/report';
import { createModel, dense, gru, loadModel, network, reshape, saveModel } from '@tidecast/models';
import {
  adam,
  bootstrap,
  disposeEnsemble,
  ensemble,
  ensembleDistributions,
  fitForecaster,
  gaussianNll,
  type JobContext,
  loadEnsemble,
  type MemberInput,
  saveEnsemble,
  saveForecaster,
} from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { tideSeries } from '../search/tide-series.ts';
import { compare, negativeLogLikelihoods, observedAt } from './scores.ts';

const spec = { steps: 12, horizon: 3, inputs: ['tide'], targets: ['tide'] };
const MEMBERS = 5;

interface Data {
  train: WindowSamples;
  epochs: number;
  bagging: boolean;
}

/** A member: a GRU with a Gaussian head, on all windows or on a bag of them. */
async function trainMember(
  { seed, data: { train, epochs, bagging } }: MemberInput<Data>,
  { signal }: Pick<JobContext, 'signal'>,
): Promise<Uint8Array> {
  const loss = gaussianNll();
  const units = spec.horizon * loss.head!.parameters;
  const layers = [
    gru({ units: 12 }),
    dense({ units }),
    reshape({ shape: [spec.horizon, 1, loss.head!.parameters] }),
  ];
  const model = createModel(network({ input: [spec.steps, 1], layers }), { seed });
  try {
    const samples = bagging ? subset(train, bootstrap(train.count, { seed }).drawn) : train;
    const optimizer = adam({ learningRate: 0.01 });
    const { forecaster } = await fitForecaster(model, samples, {
      loss,
      optimizer,
      epochs,
      batchSize: 32,
      seed,
      signal,
    });
    return saveForecaster(forecaster, saveModel);
  } finally {
    model.dispose();
  }
}

/** Figures of one seed. */
interface Row {
  seed: number;
  kind: 'seeds' | 'bagging';
  rmseSingle: number;
  /** The best of the members, which nobody knows beforehand. */
  rmseBest: number;
  rmseEnsemble: number;
  crpsSingle: number;
  crpsBest: number;
  crpsEnsemble: number;
  nllSingle: number;
  nllBest: number;
  nllEnsemble: number;
  coverage90Single: number;
  coverage90Ensemble: number;
  /** Relative error of: squared error of the mean = mean squared error of the members less their disagreement. */
  ambiguityError: number;
  /** Mean disagreement (standard deviation) on tides twice as high, as a multiple of that on the test part. */
  disagreementOutside: number;
}

/** The same tide, twice as high. */
function doubled(series: Series): Series {
  return createSeries({
    ...series,
    channels: [...series.channels],
    shape: [...series.shape],
    values: series.values.map((value) => 2 * value),
  });
}

async function runSeed(seed: number, kind: Row['kind'], { quick, signal }: ExampleOptions): Promise<Row> {
  const length = quick ? 200 : 1500;
  const series = tideSeries(seed, length);
  // Little to learn from, much to be tested on.
  const at = timeAt(series, quick ? 100 : 250);
  const { train, test } = splitByTime(windows(series, spec), { validationFrom: at, testFrom: at });
  // Windows hold functions: a job in this thread reads them where they are.
  const data = { epochs: quick ? 2 : 60, bagging: kind === 'bagging' };
  const { ensemble: trained } = await ensemble({
    count: quick ? 2 : MEMBERS,
    seed,
    data,
    executor: (input, context) => trainMember({ ...input, data: { ...input.data, train } }, context),
    loadModel,
    signal,
  });
  // As a user would: from one file.
  const bytes = saveEnsemble(trained, saveModel);
  disposeEnsemble(trained);
  const made = loadEnsemble(bytes, loadModel);
  const said = await ensembleDistributions(made, test);
  const high = await ensembleDistributions(
    made,
    splitByTime(windows(doubled(series), spec), { validationFrom: at, testFrom: at }).test,
  );
  disposeEnsemble(made);

  const { observed } = observedAt(series, test, 0);
  const all = Array.from(observed.keys());
  const { single, ensemble: together } = compare(said, observed, all);
  const nll = negativeLogLikelihoods(said.members, observed);
  const squared = mean(single.map(({ rmse }) => rmse ** 2));
  const { epistemic } = said.variance;
  return {
    seed,
    kind,
    rmseSingle: mean(single.map(({ rmse }) => rmse)),
    rmseBest: Math.min(...single.map(({ rmse }) => rmse)),
    rmseEnsemble: together.rmse,
    crpsSingle: mean(single.map(({ crps }) => crps)),
    crpsBest: Math.min(...single.map(({ crps }) => crps)),
    crpsEnsemble: together.crps,
    nllSingle: mean(nll.single),
    nllBest: Math.min(...nll.single),
    nllEnsemble: nll.ensemble,
    coverage90Single: mean(single.map(({ coverage90 }) => coverage90)),
    coverage90Ensemble: together.coverage90,
    ambiguityError: Math.abs((squared - mean(epistemic)) / together.rmse ** 2 - 1),
    disagreementOutside: mean(high.variance.epistemic.map(Math.sqrt)) / mean(epistemic.map(Math.sqrt)),
  };
}

/** The example. */
export const ensembleExample: Example = {
  title: 'Ensembles: five networks together against one',
  source:
    'Lakshminarayanan, Pritzel and Blundell 2017, NeurIPS (deep ensembles); Krogh and Vedelsby 1995, NIPS (squared error ' +
    'and disagreement); Breiman 1996 (bagging). Gaussian heads, 250 hours to learn from.',
  async run(options) {
    const rows: Row[] = [];
    for (let seed = 1; seed <= options.seeds; seed++) {
      for (const kind of ['seeds', 'bagging'] as const) {
        const row = await runSeed(seed, kind, options);
        options.progress(
          `seed ${seed}, ${kind}: RMSE ${row.rmseSingle.toFixed(4)} alone, ${row.rmseEnsemble.toFixed(4)} together`,
        );
        rows.push(row);
      }
    }
    const bySeeds = rows.filter(({ kind }) => kind === 'seeds');
    return {
      claims: [
        againstSingle(bySeeds, 'rmse', 'RMSE', ' m'),
        againstSingle(bySeeds, 'crps', 'CRPS', ' m'),
        againstSingle(bySeeds, 'nll', 'negative log-likelihood', ''),
        coverageClaim(bySeeds),
        ambiguityClaim(rows),
        outsideClaim(bySeeds),
        againstSingle(
          rows.filter(({ kind }) => kind === 'bagging'),
          'rmse',
          'RMSE with bagging',
          ' m',
        ),
      ],
      rows: rows.map((row) => ({ ...row })),
      charts: [
        {
          name: 'ensemble',
          caption: 'One network and five together, for each seed: the ensemble is better every time.',
          spec: pairsChart(bySeeds),
        },
      ],
    };
  },
};

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}

function shown(results: readonly SeedResult[], decimals: number): string {
  const { mean, sd } = seedSpread(results);
  return `${mean.toFixed(decimals)} ± ${sd.toFixed(decimals)}`;
}

const column = (rows: readonly Row[], name: Exclude<keyof Row, 'kind'>): SeedResult[] =>
  rows.map((row) => ({ seed: row.seed, value: row[name] }));

/** Against one of its members; how often it beats the best of them, which nobody knows beforehand, is told. */
function againstSingle(
  rows: readonly Row[],
  score: 'rmse' | 'crps' | 'nll',
  name: string,
  unit: string,
): Claim {
  const [single, best] = [column(rows, `${score}Single`), column(rows, `${score}Best`)];
  const together = column(rows, `${score}Ensemble`);
  const belowBest = together.filter(({ value }, i) => value < best[i]!.value).length;
  return {
    method: `Ensemble of ${MEMBERS}: ${name}`,
    figure: `${shown(together, 4)}${unit}; below the best of its own members for ${belowBest} of ${rows.length} seeds`,
    bar: `one network, ${shown(single, 4)}${unit}; below it for every seed, as the score is convex`,
    met: together.every(({ value }, i) => value < single[i]!.value),
  };
}

function coverageClaim(rows: readonly Row[]): Claim {
  const together = column(rows, 'coverage90Ensemble').map((each) => ({ ...each, value: 100 * each.value }));
  const single = column(rows, 'coverage90Single').map((each) => ({ ...each, value: 100 * each.value }));
  const miss = (results: readonly SeedResult[]) => Math.abs(seedSpread(results).mean - 90);
  return {
    method: `Ensemble of ${MEMBERS}: coverage of its 90 % band`,
    figure: `${shown(together, 1)} %, one network ${shown(single, 1)} %`,
    bar: '90 %; nearer to it than one network',
    met: miss(together) < miss(single),
  };
}

function ambiguityClaim(rows: readonly Row[]): Claim {
  const worst = Math.max(...rows.map(({ ambiguityError }) => ambiguityError));
  return {
    method: 'Ensemble: squared error is that of the members less their disagreement',
    figure: `relative error at most ${worst.toExponential(1)}`,
    bar: 'an identity (Krogh and Vedelsby 1995); 1e-9',
    met: worst < 1e-9,
  };
}

function outsideClaim(rows: readonly Row[]): Claim {
  const ratio = column(rows, 'disagreementOutside');
  return {
    method: 'Ensemble: disagreement on tides twice as high as any it learnt from',
    figure: `${shown(ratio, 1)} times that on the test part`,
    bar: 'above 1 for every seed',
    met: ratio.every(({ value }) => value > 1),
  };
}

/** Three scores side by side: one network and the ensemble, a line for each seed. */
function pairsChart(rows: readonly Row[]): ChartSpec {
  const panel = (score: 'rmse' | 'crps' | 'nll', title: string) => ({
    width: 150,
    height: 260,
    data: {
      values: rows.flatMap((row) => [
        { seed: row.seed, who: 'one', value: row[`${score}Single`] },
        { seed: row.seed, who: 'five', value: row[`${score}Ensemble`] },
      ]),
    },
    mark: { type: 'line', point: { size: 50 }, strokeWidth: 2 },
    encoding: {
      x: { field: 'who', type: 'nominal', sort: ['one', 'five'], title: null, axis: { labelAngle: 0 } },
      y: { field: 'value', type: 'quantitative', title, scale: { zero: false } },
      color: { field: 'seed', type: 'nominal', title: 'seed' },
    },
  });
  return {
    description: 'Scores of one network and of five together, by seed',
    hconcat: [panel('rmse', 'RMSE [m]'), panel('crps', 'CRPS [m]'), panel('nll', 'Negative log-likelihood')],
  };
}
