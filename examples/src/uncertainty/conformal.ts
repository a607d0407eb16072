// Conformal prediction by simulation: bands hold the share they promise, also where the forecast under them is wrong, and
// adaptive ones also where the series drifts.

import { createRandom, createSeries, DAY, type ForecastFunction, type Series } from '@tidecast/data';
import {
  adaptiveConformal,
  adaptiveSteps,
  type BacktestResult,
  backtest,
  bandOf,
  type ConformalOptions,
  conformal,
  coverageOverTime,
  fitConformal,
  persistence,
  scoreProbabilistic,
  scoreQuantiles,
  seedSpread,
} from '@tidecast/eval';
import { coverageChart } from '@tidecast/eval/report';
import type { Claim, Example } from '../example.ts';
import { type CoverageLaw, coverageHistogram, distanceFromLaw, lawMoments } from './coverage-law.ts';

const NOMINAL = 0.9;
const LEVELS = [0.05, 0.95];
/** Examples a band is calibrated on, and tested on, in each repetition. */
const CALIBRATION = 199;
const TEST = 1000;
/** The threshold is the k-th smallest of n scores, k = ⌈(n + 1)·0.9⌉. */
const RANK = Math.ceil((CALIBRATION + 1) * NOMINAL - 1e-9);
const LAW: CoverageLaw = { a: RANK, b: CALIBRATION + 1 - RANK, trials: TEST };

const METHODS: readonly { name: string; options: ConformalOptions }[] = [
  { name: 'Split', options: { method: 'residual' } },
  { name: 'CQR', options: { method: 'quantile' } },
  { name: 'Normalised', options: { method: 'scaled' } },
];

/** What one repetition of one method found. */
interface Repetition {
  method: string;
  seed: number;
  coverage: number;
  width: number;
  /** Coverage where the noise is largest: a third of the examples. */
  coverageNoisy: number;
}

/** Noise that grows with x; the forecast is biased and thinks that it is a third of what it is. */
function draw(count: number, seed: number, label: string) {
  const random = createRandom(seed, label);
  const x = Float64Array.from({ length: count }, () => random.uniform());
  const y = x.map((value) => Math.sin(6 * value) + (0.2 + 2 * value) * random.normal());
  const median = x.map((value) => 0.5 - value);
  const half = x.map((value) => (1.645 * (0.2 + 2 * value)) / 3);
  return { x, y, median, half };
}

/** All examples as one forecast of as many steps. */
function forecastOf({ median, half }: ReturnType<typeof draw>) {
  const lower = median.map((value, i) => value - half[i]!);
  const upper = median.map((value, i) => value + half[i]!);
  const levels = [LEVELS[0]!, 0.5, LEVELS[1]!];
  return { levels, columns: [lower, median, upper] };
}

async function repeat(method: (typeof METHODS)[number], seed: number, n: number): Promise<Repetition> {
  const point = method.options.method === 'residual';
  const known = draw(CALIBRATION, seed, `calibration ${n}`);
  const fitted = fitConformal(asBacktest(known, point), {
    ...method.options,
    levels: LEVELS,
    groupBy: 'all',
  });
  const test = draw(TEST, seed, `test ${n}`);
  const { values, levels } = await conformal(asForecast(test, point), fitted)(EMPTY, 0);
  const rows = Float64Array.from({ length: TEST * 3 }, (_, i) => values[(i % 3) * TEST + Math.floor(i / 3)]!);
  const { coverage, width } = bandOf(scoreQuantiles(levels, rows, test.y), NOMINAL);
  const noisy = Array.from(test.x, (_, i) => i).filter((i) => test.x[i]! > 2 / 3);
  const hits = noisy.filter((i) => test.y[i]! >= rows[3 * i]! && test.y[i]! <= rows[3 * i + 2]!);
  return { method: method.name, seed, coverage, width, coverageNoisy: hits.length / noisy.length };
}

const EMPTY = createSeries({
  start: 0,
  step: DAY,
  shape: [1],
  channels: [{ name: 'y', unit: '1' }],
  values: new Float32Array(1),
});

function asBacktest(examples: ReturnType<typeof draw>, point: boolean): BacktestResult {
  const { levels, columns } = forecastOf(examples);
  const forecast = Float32Array.from(examples.median);
  const Q = levels.length;
  const quantiles = forecast.length * Q;
  return {
    targets: EMPTY.channels,
    horizon: forecast.length,
    step: DAY,
    origins: [0],
    firstTimes: [DAY],
    forecast,
    levels: point ? [0.5] : levels,
    quantiles: point
      ? forecast
      : Float32Array.from({ length: quantiles }, (_, i) => columns[i % Q]![Math.floor(i / Q)]!),
    observed: Float32Array.from(examples.y),
    skipped: [],
  };
}

function asForecast(examples: ReturnType<typeof draw>, point: boolean): ForecastFunction {
  const { levels, columns } = forecastOf(examples);
  return (_, origin) => ({
    origin,
    firstTime: origin + DAY,
    step: DAY,
    channels: EMPTY.channels,
    levels: point ? [0.5] : levels,
    values: Float32Array.from(point ? examples.median : columns.flatMap((column) => Array.from(column))),
  });
}

/** Bands on a series that drifts: fixed ones, one γ, and several. */
const DRIFTING: readonly { name: string; gamma: 'fixed' | number | readonly number[] }[] = [
  { name: 'Split, fixed', gamma: 'fixed' },
  { name: 'ACI, γ = 0.02', gamma: 0.02 },
  { name: 'ACI, eight γ', gamma: adaptiveSteps },
];

/** Noise whose size wanders: slow waves, and a jump in the middle. */
function drifting(days: number, seed: number): Series {
  const random = createRandom(seed, 'drift');
  return createSeries({
    start: 0,
    step: DAY,
    shape: [1],
    channels: [{ name: 'y', unit: '1' }],
    values: Float32Array.from({ length: days }, (_, day) => {
      const jump = day > days / 2 ? 2 : 1;
      return jump * Math.exp(0.6 * Math.sin((2 * Math.PI * day) / 500)) * random.normal();
    }),
  });
}

/** What one method held of the drifting series, all in all and along the way. */
async function followDrift({ name, gamma }: (typeof DRIFTING)[number], seed: number, days: number) {
  const series = drifting(days, seed);
  const what = { targets: ['y'], horizon: 1 };
  const split = Math.floor(days / 10);
  const run = (forecast: ForecastFunction, from: number, to: number) =>
    backtest(forecast, series, { ...what, from: from * DAY, to: to * DAY, every: DAY });
  const base = persistence({ ...what, period: DAY });
  const calibration = await run(base, 1, split);
  const forecast =
    gamma === 'fixed'
      ? conformal(base, fitConformal(calibration, { levels: LEVELS }))
      : adaptiveConformal(base, { levels: LEVELS, every: DAY, calibration, gamma });
  const result = await run(forecast, split, days - 1);
  const { n, levels, bands } = scoreProbabilistic(result)[0]!.pooled;
  const spans = coverageOverTime(result, { nominal: NOMINAL, period: 100 * DAY }).filter(
    (span) => span.n >= 50,
  );
  const wander = spans.reduce((sum, span) => sum + Math.abs(span.coverage - NOMINAL), 0) / spans.length;
  return { name, seed, n, coverage: bandOf({ levels, bands }, NOMINAL).coverage, wander, spans };
}

type Followed = Awaited<ReturnType<typeof followDrift>>;

/** The example. */
export const conformalExample: Example = {
  title: 'Conformal bands hold what they promise',
  source:
    'Lei et al. 2018 (split); Romano, Patterson and Candès 2019 (CQR); Gibbs and Candès 2021 and 2024 (ACI). Split: a biased ' +
    `forecast of noise that grows with x, ${CALIBRATION} calibration and ${TEST} test examples in each repetition; theory gives ` +
    'the law of the coverage. ACI: a series whose noise changes its size sixfold; theory bounds how far the share missed ' +
    'may be from 10 % in the long run.',
  async run({ seeds, quick, progress, signal }) {
    const repetitions: Repetition[] = [];
    const followed: Followed[] = [];
    for (let seed = 1; seed <= seeds; seed++) {
      for (const method of METHODS) {
        for (let n = 0; n < (quick ? 20 : 400); n++) {
          signal.throwIfAborted();
          repetitions.push(await repeat(method, seed, n));
        }
      }
      for (const method of DRIFTING) {
        signal.throwIfAborted();
        followed.push(await followDrift(method, seed, quick ? 400 : 2000));
      }
      progress(`seed ${seed} of ${seeds}`);
    }
    return {
      claims: [...splitClaims(repetitions), ...driftClaims(followed)],
      rows: [...summaryRows(repetitions), ...followed.map(({ spans: _, ...row }) => row)],
      charts: [
        {
          name: 'conformal',
          caption:
            'Coverage on test examples, one for each calibration. However wrong the forecast is, it follows the law that ' +
            'theory gives for exchangeable examples (line).',
          spec: coverageHistogram(repetitions, LAW, { from: 0.8, to: 0.98, width: 0.01 }),
        },
        {
          name: 'conformal-drift',
          caption:
            'Coverage in stretches of 100 days on a drifting series (seed 1). Fixed bands are right only while the noise is ' +
            'as in the calibration; adaptive ones come back to 90 % after every change.',
          spec: coverageChart({
            nominal: NOMINAL,
            x: 'Day',
            lines: followed
              .filter(({ seed }) => seed === 1)
              .map(({ name, spans }) => ({
                name,
                x: spans.map(({ from }) => from / DAY + 50),
                coverage: spans.map(({ coverage }) => coverage),
              })),
          }),
        },
      ],
    };
  },
};

function splitClaims(repetitions: readonly Repetition[]): Claim[] {
  const { mean, sd } = lawMoments(LAW);
  return METHODS.flatMap(({ name }) => {
    const own = repetitions.filter(({ method }) => method === name);
    const shares = own.map(({ coverage }) => coverage);
    const average = meanOf(shares);
    const spread = Math.sqrt(meanOf(shares.map((share) => (share - average) ** 2)));
    const error = sd / Math.sqrt(shares.length);
    const distance = distanceFromLaw(shares, LAW);
    const critical = 1.628 / Math.sqrt(shares.length);
    return [
      {
        method: `${name} conformal: coverage over ${shares.length} calibrations`,
        figure: `${percent(average, 2)} ± ${percent(spread, 2)}`,
        bar: `${percent(mean, 2)} within 4 standard errors of ${percent(error, 3)}; sd by theory ${percent(sd, 2)}`,
        met: Math.abs(average - mean) <= 4 * error,
      },
      {
        method: `${name} conformal: distance of the coverages from the beta-binomial law`,
        figure: distance.toFixed(4),
        bar: `at most ${critical.toFixed(4)} (Kolmogorov, 1 %)`,
        met: distance <= critical,
      },
    ];
  });
}

function driftClaims(followed: readonly Followed[]): Claim[] {
  const of = (name: string, value: (each: Followed) => number) =>
    seedSpread(
      followed.filter((each) => each.name === name).map((each) => ({ seed: each.seed, value: value(each) })),
    );
  const simple = DRIFTING.find(({ gamma }) => typeof gamma === 'number')!;
  const [gamma, T] = [simple.gamma as number, followed[0]!.n];
  const bound = (NOMINAL + gamma) / (gamma * T);
  const off = of(simple.name, ({ coverage }) => Math.abs(coverage - NOMINAL));
  const fixed = of(DRIFTING[0]!.name, ({ wander }) => wander);
  return [
    {
      method: `${simple.name}: |missed − 10 %| over ${T} drifting days, the worst seed`,
      figure: percent(off.worst.value, 2),
      bar: `at most (0.9 + γ)/(γT) = ${percent(bound, 2)}`,
      met: off.failed === 0 && off.worst.value <= bound,
    },
    ...DRIFTING.slice(1).map(({ name }) => {
      const wander = of(name, (each) => each.wander);
      return {
        method: `${name}: |coverage − 90 %| in stretches of 100 days`,
        figure: `${percent(wander.mean, 1)} ± ${percent(wander.sd, 1)}`,
        bar: `less than half of fixed bands, ${percent(fixed.mean, 1)} ± ${percent(fixed.sd, 1)}`,
        met: wander.mean < fixed.mean / 2,
      };
    }),
  ];
}

function summaryRows(repetitions: readonly Repetition[]) {
  return METHODS.map(({ name }) => {
    const own = repetitions.filter(({ method }) => method === name);
    return {
      name,
      repetitions: own.length,
      coverage: meanOf(own.map(({ coverage }) => coverage)),
      coverageNoisyThird: meanOf(own.map(({ coverageNoisy }) => coverageNoisy)),
      width: meanOf(own.map(({ width }) => width)),
    };
  });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percent(share: number, decimals: number): string {
  return `${(100 * share).toFixed(decimals)} %`;
}
