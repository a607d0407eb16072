// 90 % bands around forecasts of real VTEC through a whole year: fixed ones, and ones that adapt, month by month and in storms.

import { join } from 'node:path';
import { DAY, endOf, type ForecastFunction, type Series, selectChannels } from '@tidecast/data';
import {
  adaptiveConformal,
  type BacktestResult,
  bandOf,
  type ConformalOptions,
  type CoverageSpan,
  conformal,
  coverageOverTime,
  fitConformal,
  scoreProbabilistic,
  seedSpread,
  stormDays,
  withSpread,
} from '@tidecast/eval';
import { bandChart, barChart, coverageChart } from '@tidecast/eval/report';
import {
  backtestStudy,
  readVtecFolder,
  STUDY_TRAINING,
  studySeries,
  trainStudyNetwork,
  trainStudySpread,
} from '@tidecast/tec';
import { asForecastFunction, type Loss, mse, quantileLoss } from '@tidecast/train';
import type { Claim, Example } from '../example.ts';

const NOMINAL = 0.9;
const LEVELS = [0.05, 0.95];
const FIXED = 'Split';
const FIXED_SPREAD = 'Split, Kp spread';
const ADAPTIVE = 'ACI, Kp spread';

/** Methods side by side: what they stand around, how they are calibrated, and whether they go on learning. */
const METHODS: readonly {
  name: string;
  base: 'point' | 'spread' | 'quantiles';
  options: ConformalOptions;
  adapts: boolean;
}[] = [
  { name: FIXED, base: 'point', options: { method: 'residual' }, adapts: false },
  { name: FIXED_SPREAD, base: 'spread', options: { method: 'scaled' }, adapts: false },
  { name: 'CQR', base: 'quantiles', options: { method: 'quantile' }, adapts: false },
  { name: 'ACI', base: 'point', options: { method: 'residual' }, adapts: true },
  { name: 'ACI, CQR', base: 'quantiles', options: { method: 'quantile' }, adapts: true },
  { name: ADAPTIVE, base: 'spread', options: { method: 'scaled' }, adapts: true },
];

/** What the 90 % band of one method held at one latitude. */
interface Held {
  seed: number;
  latitude: string;
  method: string;
  coverage: number;
  coverageStorm: number;
  width: number;
  intervalScore: number;
  crps: number;
  months: CoverageSpan[];
}

/** A backtest as a forecast function: what was said at each origin, without asking the network again for every method. */
function recorded({
  origins,
  firstTimes,
  step,
  targets,
  levels,
  quantiles,
}: BacktestResult): ForecastFunction {
  const rowOf = new Map(origins.map((origin, row) => [origin, row]));
  const size = quantiles.length / origins.length;
  const Q = levels.length;
  return (_, origin) => {
    const row = rowOf.get(origin);
    if (row === undefined) throw new Error(`vtec-intervals: no forecast was recorded at ${origin}.`);
    const values = Float32Array.from({ length: size }, (_, i) => {
      const width = size / Q;
      return quantiles[row * size + (i % width) * Q + Math.floor(i / width)]!;
    });
    return { origin, firstTime: firstTimes[row]!, step, channels: targets, levels, values };
  };
}

/** How forecasts are made and recorded. */
interface Plan {
  seed: number;
  until: number;
  to: number;
  quick: boolean;
  signal: AbortSignal;
}

/** The forecasts of a network trained on `loss` and changed by `change`, from the validation days to the end. */
async function forecasts(
  series: Series,
  loss: Loss,
  { seed, until, to, quick, signal }: Plan,
  changes: readonly ((forecast: ForecastFunction) => ForecastFunction)[],
): Promise<ForecastFunction[]> {
  const epochs = quick ? 1 : 15;
  const network = await trainStudyNetwork(series, { family: 'gru', seed, until, epochs, loss, signal });
  try {
    const days = { from: until - STUDY_TRAINING.validationDays * DAY, to, signal };
    const forecast = asForecastFunction(network);
    const made: ForecastFunction[] = [];
    for (const change of changes) made.push(recorded(await backtestStudy(change(forecast), series, days)));
    return made;
  } finally {
    network.model.dispose();
  }
}

/** The example. */
export const vtecIntervals: Example = {
  title: '90 % bands of 24-hour VTEC forecasts through a year',
  source:
    'Split conformal (Lei et al. 2018), CQR (Romano, Patterson and Candès 2019), ACI with several γ (Gibbs and Candès 2024) ' +
    'around the GRU of the VTEC study, calibrated on the four months before the test year; methods were chosen on the second ' +
    'half of 2016.',
  needsData: true,
  async run({ seeds, quick, data, progress, signal }) {
    const { hourly, targets } = await readVtecFolder(join(data!, 'tec'));
    const until = Date.UTC(new Date(endOf(hourly) - 1).getUTCFullYear(), 0, 1);
    const to = quick ? until + 30 * DAY : endOf(hourly);
    const held: Held[] = [];
    let shown: { result: BacktestResult; latitude: string } | undefined;
    for (const target of quick ? targets.slice(0, 1) : targets) {
      const latitude = target.replace('VTEC_', '');
      const series = studySeries(hourly, target);
      // Recorded forecasts need no inputs, only what came.
      const tec = selectChannels(series, ['tec']);
      const where = stormDays(series, { channel: 'kp', atLeast: 5 });
      const { spread, atLeast } = trainStudySpread(series, until);
      for (let seed = 1; seed <= seeds; seed++) {
        const plan = { seed, until, to, quick, signal };
        const [point, spreading] = await forecasts(series, mse(), plan, [
          (forecast) => forecast,
          (forecast) => withSpread(forecast, spread, { atLeast }),
        ]);
        const [quantiles] = await forecasts(series, quantileLoss({ levels: [0.05, 0.5, 0.95] }), plan, [
          (forecast) => forecast,
        ]);
        const bases = { point: point!, spread: spreading!, quantiles: quantiles! };
        for (const method of METHODS) {
          const base = bases[method.base];
          const wanted = { ...method.options, levels: LEVELS };
          const calibration = await backtestStudy(base, tec, {
            from: until - STUDY_TRAINING.validationDays * DAY,
            to: until,
            signal,
          });
          const forecast = method.adapts
            ? adaptiveConformal(base, { ...wanted, every: DAY, calibration })
            : conformal(base, fitConformal(calibration, wanted));
          const result = await backtestStudy(forecast, tec, { from: until, to, signal });
          held.push({ seed, latitude, method: method.name, ...whatHeld(result, where) });
          if (method.name === ADAPTIVE && seed === 1) shown ??= { result, latitude };
        }
        progress(`${latitude}, seed ${seed} of ${seeds}`);
      }
    }
    return {
      claims: claimsOf(held),
      rows: held.map(({ months: _, ...row }) => row),
      charts: [
        {
          name: 'vtec-intervals',
          caption:
            'Coverage of the 90 % band in every month of the test year, mean over latitudes and seeds. Fixed bands drift off ' +
            'with the season; adaptive ones stay.',
          spec: coverageChart({ nominal: NOMINAL, lines: METHODS.map(({ name }) => monthly(held, name)) }),
        },
        {
          name: 'vtec-intervals-storms',
          caption:
            'Coverage over all days and over storm days (Kp reached 5), mean over latitudes and seeds.',
          spec: barChart({
            y: 'Coverage [%]',
            decimals: 1,
            rows: METHODS.flatMap(({ name }) => [
              { group: 'all days', name, value: 100 * averageOf(held, name, ({ coverage }) => coverage) },
              { group: 'storm days', name, value: 100 * averageOf(held, name, (each) => each.coverageStorm) },
            ]),
          }),
        },
        stormChart(shown!),
      ],
    };
  },
};

function whatHeld(result: BacktestResult, where: (time: number) => boolean) {
  const all = scoreProbabilistic(result)[0]!.pooled;
  const { coverage, width, intervalScore } = bandOf(all, NOMINAL);
  return {
    coverage,
    coverageStorm: bandOf(scoreProbabilistic(result, { where })[0]!.pooled, NOMINAL).coverage,
    width,
    intervalScore,
    crps: all.crps,
    months: coverageOverTime(result, { nominal: NOMINAL }),
  };
}

function claimsOf(held: readonly Held[]): Claim[] {
  const spread = (method: string, value: (each: Held) => number, latitude?: string) =>
    seedSpread(
      [...new Set(held.map(({ seed }) => seed))].map((seed) => {
        const own = held.filter(
          (each) => each.seed === seed && each.method === method && (!latitude || each.latitude === latitude),
        );
        return { seed, value: own.reduce((sum, each) => sum + value(each), 0) / own.length };
      }),
    );
  const shown = ({ mean, sd }: { mean: number; sd: number }) =>
    `${(100 * mean).toFixed(1)} ± ${(100 * sd).toFixed(1)} %`;
  const versus = (rival: string, what: string, value: (each: Held) => number): Claim => {
    const [adaptive, fixed] = [spread(ADAPTIVE, value), spread(rival, value)];
    return {
      method: `${ADAPTIVE}: ${what}`,
      figure: shown(adaptive),
      bar: `less than that of ${rival}: ${shown(fixed)}`,
      met: adaptive.mean < fixed.mean,
    };
  };
  const latitudes = [...new Set(held.map(({ latitude }) => latitude))];
  return [
    ...latitudes.map((latitude): Claim => {
      const covered = spread(ADAPTIVE, ({ coverage }) => coverage, latitude);
      const storm = spread(ADAPTIVE, ({ coverageStorm }) => coverageStorm, latitude);
      return {
        method: `${ADAPTIVE}: coverage of the 90 % band at ${latitude}, whole test year`,
        figure: shown(covered) + (storm.n > 0 ? ` (storm days ${shown(storm)})` : ''),
        bar: '88 to 92 %',
        met: covered.mean >= 0.88 && covered.mean <= 0.92,
      };
    }),
    // Against fixed bands without the spread, and against fixed ones around the same spread.
    ...[FIXED, FIXED_SPREAD].flatMap((rival) => [
      versus(rival, '|coverage − 90 %| over all days', ({ coverage }) => Math.abs(coverage - NOMINAL)),
      versus(rival, '|coverage − 90 %| month by month', ({ months }) => {
        return months.reduce((sum, { coverage }) => sum + Math.abs(coverage - NOMINAL), 0) / months.length;
      }),
      ...(held.some(({ coverageStorm }) => Number.isFinite(coverageStorm))
        ? [versus(rival, '|coverage − 90 %| on storm days', (each) => Math.abs(each.coverageStorm - NOMINAL))]
        : []),
    ]),
  ];
}

function averageOf(held: readonly Held[], method: string, value: (each: Held) => number): number {
  const own = held.filter((each) => each.method === method);
  return own.reduce((sum, each) => sum + value(each), 0) / own.length;
}

function monthly(held: readonly Held[], name: string) {
  const months = held[0]!.months.map(({ from }) => from);
  const coverage = months.map((_, m) => averageOf(held, name, (each) => each.months[m]!.coverage));
  return { name, x: months, coverage };
}

/** The adaptive band around the strongest storm, or the first days. */
function stormChart({ result, latitude }: { result: BacktestResult; latitude: string }) {
  const { horizon, step, firstTimes, levels, quantiles, forecast, observed } = result;
  // September 2017 had the strongest storm of its year; another year shows its first days.
  const wanted = firstTimes.indexOf(Date.UTC(2017, 8, 4));
  const begin = Math.max(0, wanted) * horizon;
  const end = Math.min(observed.length, begin + 10 * horizon);
  const Q = levels.length;
  const at = (values: Float32Array, stride: number, offset: number) =>
    Array.from({ length: end - begin }, (_, i) => values[(begin + i) * stride + offset]!);
  const times = Array.from({ length: end - begin }, (_, i) => {
    const position = begin + i;
    return firstTimes[Math.floor(position / horizon)]! + (position % horizon) * step;
  });
  return {
    name: 'vtec-intervals-band',
    caption: `Forecast, 90 % band (${ADAPTIVE}) and observed VTEC at ${latitude}, seed 1.`,
    spec: bandChart({
      times,
      bands: [{ name: '90 %', lower: at(quantiles, Q, 0), upper: at(quantiles, Q, Q - 1) }],
      median: at(forecast, 1, 0),
      observed: at(observed, 1, 0),
      y: 'VTEC [TECU]',
    }),
  };
}
