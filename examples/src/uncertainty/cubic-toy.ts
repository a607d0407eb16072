// The toy of evidential and ensemble papers: a cubic with noise of its own at every x, trained on the middle and looked at
// beyond. Its noise is known, so both parts of the uncertainty can be held against the truth.

import { createRandom } from '@tidecast/data';
import {
  type Distributions,
  gaussian,
  mixture,
  seedSpread,
  splitVariance,
  type VarianceParts,
} from '@tidecast/eval';
import type { ChartSpec } from '@tidecast/eval/report';
import { betaNll, gaussianNll, quantileLoss, studentTNll } from '@tidecast/train';
import type { Claim, Example, ExampleOptions } from '../example.ts';
import { coverage, grid, meanOf, type Points, type Trained, trainToy } from './toy.ts';

const cubic = (x: number) => x ** 3 / 6;
const sigma = (x: number) => 2 * Math.exp(-((x + 1) ** 2)) + 0.2;

/** Points where training data is, and those a step of 1 away from it. */
const INSIDE = grid(-4, 4, 161);
const OUTSIDE = Float32Array.from([...grid(-6, -5, 21), ...grid(5, 6, 21)]);
const ALL = grid(-6, 6, 121);

const ENSEMBLE = 'Gaussian head, 5 members';
const METHODS = {
  gaussian: { name: 'Gaussian head', loss: gaussianNll() },
  beta: { name: 'β-NLL', loss: betaNll() },
  student: { name: 'Student-t head', loss: studentTNll() },
  quantile: {
    name: 'Quantile head',
    loss: quantileLoss({ levels: [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95] }),
  },
  dropout: { name: 'MC dropout', loss: gaussianNll(), rate: 0.1 },
} as const;

/** What one method found with one seed. */
interface Found {
  seed: number;
  method: string;
  /** Share of test points inside the central 90 % band, −4 ≤ x ≤ 4. */
  coverage90: number;
  crps: number;
  /** RMSE of the aleatoric standard deviation against the true one, −4 ≤ x ≤ 4. */
  sigmaRmse: number;
  /** Mean epistemic standard deviation where training data is, and beyond |x| = 5. */
  epistemicInside: number;
  epistemicOutside: number;
}

/** `count` points with x even in [−4, 4]. */
function draw(count: number, seed: number): Points {
  const random = createRandom(seed, 'cubic');
  const x = Float32Array.from({ length: count }, () => 8 * random.uniform() - 4);
  return { x, y: x.map((value) => cubic(value) + sigma(value) * random.normal()) };
}

/** Members of one prediction at some x: of an ensemble, of passes, or the only one. */
type Say = (x: Float32Array) => Promise<readonly Distributions[]>;

async function score(say: Say, test: Points): Promise<Omit<Found, 'seed' | 'method'>> {
  const said = mixture(await say(test.x));
  const inside = splitVariance(await say(INSIDE));
  const outside = splitVariance(await say(OUTSIDE));
  const errors = inside.aleatoric.map((variance, i) => (Math.sqrt(variance) - sigma(INSIDE[i]!)) ** 2);
  return {
    coverage90: coverage(said, test.y, 0.9),
    crps: meanOf(said.crps(test.y)),
    sigmaRmse: Math.sqrt(meanOf(errors)),
    epistemicInside: meanOf(inside.epistemic.map(Math.sqrt)),
    epistemicOutside: meanOf(outside.epistemic.map(Math.sqrt)),
  };
}

/**
 * RMSE of the true σ by the best smoother in hindsight: squares of the true residuals, averaged over a Gaussian window
 * whose width is the best of many for this very sample.
 */
function smootherRmse({ x, y }: Points): number {
  const squares = x.map((value, i) => (y[i]! - cubic(value)) ** 2);
  const widths = grid(0.05, 0.6, 23);
  return Math.min(
    ...Array.from(widths, (width) => {
      const errors = INSIDE.map((at) => {
        const weights = x.map((value) => Math.exp(-0.5 * ((value - at) / width) ** 2));
        const sum = squares.reduce((total, square, i) => total + weights[i]! * square, 0);
        return (Math.sqrt(sum / weights.reduce((total, each) => total + each, 0)) - sigma(at)) ** 2;
      });
      return Math.sqrt(meanOf(errors));
    }),
  );
}

/** Trains every method with one seed; what they say over all x goes into the charts. */
async function runSeed(
  seed: number,
  test: Points,
  { quick, signal, progress }: ExampleOptions,
): Promise<{ found: Found[]; smoother: number; said: Map<string, readonly Distributions[]>; train: Points }> {
  const train = draw(quick ? 200 : 2000, seed);
  const epochs = quick ? 5 : 120;
  const found: Found[] = [];
  const said = new Map<string, readonly Distributions[]>();
  const members: Trained[] = [];
  const add = async (method: string, say: Say) => {
    const scores = await score(say, test);
    found.push({ seed, method, ...scores });
    said.set(method, await say(ALL));
    progress(
      `seed ${seed}, ${method}: 90 % band holds ${(100 * scores.coverage90).toFixed(1)} %, CRPS ${scores.crps.toFixed(4)}`,
    );
  };
  for (const [kind, { name, loss, ...more }] of Object.entries(METHODS)) {
    const trained = await trainToy({ loss, ...more, train, epochs, seed: 10 * seed, signal });
    if (kind === 'dropout') {
      await add(name, (x) => trained.passesAt(x, { passes: quick ? 5 : 50, seed }));
    } else await add(name, async (x) => [await trained.at(x)]);
    if (kind === 'gaussian') members.push(trained);
    else trained.dispose();
  }
  for (let member = 1; member < 5; member++) {
    members.push(
      await trainToy({ loss: METHODS.gaussian.loss, train, epochs, seed: 10 * seed + member, signal }),
    );
  }
  await add(ENSEMBLE, (x) => Promise.all(members.map((each) => each.at(x))));
  for (const each of members) each.dispose();
  return { found, smoother: smootherRmse(train), said, train };
}

/** The example. */
export const cubicToy: Example = {
  title: 'Aleatoric and epistemic uncertainty on y = x³/6 with noise σ = 2·exp(−(x + 1)²) + 0.2',
  source:
    'Lakshminarayanan, Pritzel and Blundell 2017 (ensembles); Seitzer et al. 2022 (β-NLL); Gal and Ghahramani 2016 (MC ' +
    'dropout). 2000 points in [−4, 4], tested on 4000 more and looked at in [−6, 6]. The noise is known: its CRPS is the ' +
    'lowest there is, and σ is also estimated by the best Gaussian smoother of the true residuals in hindsight.',
  async run(options) {
    const test = draw(options.quick ? 200 : 4000, 999);
    const truth = gaussian({ mean: Float64Array.from(test.x, cubic), sd: Float64Array.from(test.x, sigma) });
    const runs = [];
    for (let seed = 1; seed <= options.seeds; seed++) runs.push(await runSeed(seed, test, options));
    const found = runs.flatMap((run) => run.found);
    const least = meanOf(truth.crps(test.y));
    const bar = meanOf(runs.map(({ smoother }) => smoother));
    return {
      claims: claimsOf(found, least, bar),
      rows: [
        ...found.map((each) => ({ ...each })),
        ...runs.map(({ smoother }, i) => ({
          seed: i + 1,
          method: 'Smoother of the true residuals',
          sigmaRmse: smoother,
        })),
        { method: 'The true law', coverage90: coverage(truth, test.y, 0.9), crps: least, sigmaRmse: 0 },
      ],
      charts: [
        {
          name: 'cubic-toy',
          caption:
            'The 90 % band of five Gaussian heads (seed 1). Inside the training data the band is noise, and as wide as the ' +
            'true noise (dashed); beyond it the members disagree.',
          spec: bandChart(splitVariance(runs[0]!.said.get(ENSEMBLE)!), runs[0]!.train),
        },
        {
          name: 'cubic-toy-methods',
          caption:
            '90 % bands of every method (seed 1). One network alone knows the noise, not where it knows nothing.',
          spec: methodsChart(runs[0]!.said),
        },
      ],
    };
  },
};

function claimsOf(found: readonly Found[], leastCrps: number, smoother: number): Claim[] {
  const of = (method: string, value: (each: Found) => number) =>
    seedSpread(
      found.filter((each) => each.method === method).map((each) => ({ seed: each.seed, value: value(each) })),
    );
  const text = ({ mean, sd }: { mean: number; sd: number }, digits: number) =>
    `${mean.toFixed(digits)} ± ${sd.toFixed(digits)}`;
  const names = [ENSEMBLE, ...Object.values(METHODS).map(({ name }) => name)];
  const sigmas = of(ENSEMBLE, (each) => each.sigmaRmse);
  return [
    ...names.map((name) => {
      const spread = of(name, (each) => 100 * each.coverage90);
      return {
        method: `${name}: coverage of the 90 % band for |x| ≤ 4`,
        figure: `${text(spread, 1)} %`,
        bar: '88 to 92 %',
        met: spread.mean >= 88 && spread.mean <= 92,
      };
    }),
    {
      method: `${ENSEMBLE}: aleatoric σ(x) for |x| ≤ 4, RMSE against the true one`,
      figure: text(sigmas, 3),
      bar: `${smoother.toFixed(3)}, the best smoother of the true residuals`,
      met: sigmas.mean <= smoother,
    },
    ...[ENSEMBLE, METHODS.dropout.name].map((name) => {
      const spread = of(name, (each) => each.epistemicOutside / each.epistemicInside);
      return {
        method: `${name}: epistemic standard deviation for |x| > 5 against |x| ≤ 4`,
        figure: `${text(spread, 1)} times`,
        bar: 'more than 3 times with every seed',
        met: spread.n > 0 && Math.min(spread.best.value, spread.worst.value) > 3,
      };
    }),
    ...names.map((name) => {
      const spread = of(name, (each) => each.crps / leastCrps);
      return {
        method: `${name}: CRPS for |x| ≤ 4 against that of the true law`,
        figure: `${text(spread, 3)} times`,
        bar: 'at most 1.02 times',
        met: spread.mean <= 1.02,
      };
    }),
  ];
}

const Z90 = 1.6448536269514722;

/** The band of an ensemble in its two parts, over the training points and the truth. */
function bandChart({ mean, aleatoric, total }: VarianceParts, train: Points): ChartSpec {
  const part = (name: string, variance: Float64Array) =>
    Array.from(ALL, (x, i) => ({
      name,
      x,
      low: mean[i]! - Z90 * Math.sqrt(variance[i]!),
      high: mean[i]! + Z90 * Math.sqrt(variance[i]!),
    }));
  const parts = ['noise and disagreement', 'noise alone'];
  const lines = Array.from(ALL, (x, i) => [
    { line: 'mean', x, y: mean[i]! },
    { line: 'x³/6', x, y: cubic(x) },
    { line: 'low', x, y: cubic(x) - Z90 * sigma(x) },
    { line: 'high', x, y: cubic(x) + Z90 * sigma(x) },
  ]).flat();
  const x = { field: 'x', type: 'quantitative', title: 'x' };
  return {
    title: 'What five networks know, and what they do not',
    width: 760,
    height: 340,
    layer: [
      {
        data: { values: [...part(parts[0]!, total), ...part(parts[1]!, aleatoric)] },
        mark: { type: 'area', opacity: 0.45 },
        encoding: {
          x,
          y: { field: 'low', type: 'quantitative', title: 'y' },
          y2: { field: 'high' },
          color: {
            field: 'name',
            type: 'nominal',
            sort: null,
            scale: { domain: parts, range: ['#e07b1a', '#2f7ed8'] },
            legend: { title: null, orient: 'top', symbolType: 'square' },
          },
        },
      },
      {
        data: { values: Array.from(train.x.subarray(0, 400), (value, i) => ({ x: value, y: train.y[i]! })) },
        mark: { type: 'point', filled: true, size: 7, opacity: 0.5, color: 'currentColor' },
        encoding: { x, y: { field: 'y', type: 'quantitative' } },
      },
      {
        data: { values: lines },
        mark: { type: 'line', strokeWidth: 1.4 },
        encoding: {
          x,
          y: { field: 'y', type: 'quantitative' },
          detail: { field: 'line' },
          strokeDash: { condition: { test: "datum.line === 'mean'", value: [1, 0] }, value: [5, 4] },
          color: { condition: { test: "datum.line === 'mean'", value: '#1b4f8f' }, value: 'currentColor' },
        },
      },
    ],
  };
}

/** Bands of all methods side by side. */
function methodsChart(said: ReadonlyMap<string, readonly Distributions[]>): ChartSpec {
  const rows = [...said].flatMap(([name, members]) => {
    const all = mixture(members);
    const [low, middle, high] = [all.quantile(0.05), all.quantile(0.5), all.quantile(0.95)];
    return Array.from(ALL, (x, i) => ({
      name,
      x,
      low: low[i]!,
      middle: middle[i]!,
      high: high[i]!,
      trueLow: cubic(x) - Z90 * sigma(x),
      trueHigh: cubic(x) + Z90 * sigma(x),
    }));
  });
  const x = { field: 'x', type: 'quantitative', title: 'x' };
  const line = (field: string, mark: object) => ({
    mark: { type: 'line', ...mark },
    encoding: { x, y: { field, type: 'quantitative', title: 'y' } },
  });
  return {
    title: '90 % bands, and that of the true noise (dashed)',
    data: { values: rows },
    facet: { field: 'name', type: 'nominal', title: null, sort: [...said.keys()] },
    columns: 3,
    spec: {
      width: 230,
      height: 180,
      layer: [
        {
          mark: { type: 'area', opacity: 0.4, color: '#2f7ed8' },
          encoding: { x, y: { field: 'low', type: 'quantitative', title: 'y' }, y2: { field: 'high' } },
        },
        line('middle', { strokeWidth: 1.5, color: '#1b4f8f' }),
        line('trueLow', { strokeWidth: 1, strokeDash: [4, 3], color: 'currentColor' }),
        line('trueHigh', { strokeWidth: 1, strokeDash: [4, 3], color: 'currentColor' }),
      ],
    },
  };
}
