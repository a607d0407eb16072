// How a forecast would have done: it is asked at one origin after the other, each time with a history that
// holds only what was known by then, and its answers are set beside what came. A baseline and a network go
// through this same code.

import {
  asKnownAt,
  type Channel,
  channelIndex,
  type Forecast,
  type ForecastFunction,
  lengthOf,
  type Series,
  sampleSize,
} from '@tidecast/data';
import { describeTime } from './point-forecast.ts';

/** Which forecasts a backtest asks for. */
export interface BacktestOptions {
  /** First moment [ms] at which a forecast may be issued. */
  from: number;
  /** Forecasts are issued before this moment [ms]. */
  to: number;
  /** Time [ms] between origins, for example `DAY`. */
  every: number;
  /** A moment [ms] that origins are counted from: they are at `align + n · every`; default 0, 1970-01-01T00:00Z. */
  align?: number;
  /** Number of steps of each forecast, each one step of the series. */
  horizon: number;
  /** Names of the channels that are forecast. */
  targets: readonly string[];
  /** Time [ms] between the last input sample and the origin, as in `windows`: 0 to one step, default 0. */
  issueDelay?: number;
  /** Called after each origin. */
  onProgress?: (progress: { done: number; total: number; origin: number }) => void;
  /** Ends the backtest with the signal's reason. */
  signal?: AbortSignal;
}

/** Forecasts and what came. Row `i` is about `firstTimes[i] + h · step` for h = 0 … horizon − 1. */
export interface BacktestResult {
  /** The target channels K. */
  targets: readonly Channel[];
  /** Number of steps of each forecast. */
  horizon: number;
  /** Time between the steps of a forecast [ms]. */
  step: number;
  /** When each forecast was issued [ms], N of them. */
  origins: readonly number[];
  /** Time of the first step of each forecast [ms]. */
  firstTimes: readonly number[];
  /** Row-major `[N, horizon, K]`: the medians of the forecasts; NaN where one had nothing to say. */
  forecast: Float32Array;
  /** The quantile levels Q that every forecast came with, in increasing order; `[0.5]` for point forecasts. */
  levels: readonly number[];
  /** Row-major `[N, horizon, K, Q]`: the forecasts at these levels. */
  quantiles: Float32Array;
  /** Row-major `[N, horizon, K]`: the series itself; NaN where it is missing. */
  observed: Float32Array;
  /** Origins that are not among the rows, and why. */
  skipped: readonly { origin: number; reason: string }[];
}

/**
 * Rolling-origin backtest of `forecast` on `series`.
 *
 * At each origin the function gets the series as it was known then (`asKnownAt`): every value with
 * `availableAt > origin` is NaN. Its first step is one step of the series after the last input sample, which
 * is `issueDelay` before the origin. Observations come from the untouched series. An origin is skipped, and
 * told, where nothing was known yet, where the function throws a `HistoryError`, or where no target was observed.
 * @throws if origins do not fall on the samples, if a forecast is not about what was asked or has other levels than the
 * one before, or what `forecast` throws other than `HistoryError`.
 */
export async function backtest(
  forecast: ForecastFunction,
  series: Series,
  options: BacktestOptions,
): Promise<BacktestResult> {
  const { horizon, targets, issueDelay = 0, onProgress, signal } = options;
  const columns = targets.map((name) => channelIndex(series, name));
  const planned = planOrigins(series, options);
  const width = horizon * columns.length;
  let answers: Answers | undefined;
  const observed = new Float32Array(planned.length * width);
  const origins: number[] = [];
  const firstTimes: number[] = [];
  const skipped: { origin: number; reason: string }[] = [];
  let lastPause = performance.now();
  for (const [done, origin] of planned.entries()) {
    signal?.throwIfAborted();
    const firstTime = origin - issueDelay + series.step;
    const row = origins.length * width;
    if (!copyObserved(series, columns, firstTime, observed.subarray(row, row + width))) {
      skipped.push({ origin, reason: `no target was observed from ${describeTime(firstTime)}` });
    } else {
      const answer = await ask(forecast, series, origin);
      if (typeof answer === 'string') skipped.push({ origin, reason: answer });
      else {
        checkAnswer(answer, { origin, firstTime, step: series.step, targets, horizon });
        answers ??= createAnswers(answer.levels, planned.length, width);
        keep(answers, answer, origins.length);
        origins.push(origin);
        firstTimes.push(firstTime);
      }
    }
    onProgress?.({ done: done + 1, total: planned.length, origin });
    // Forecasts without I/O never let go of the thread; a pause lets an abort or a progress bar through.
    if (performance.now() - lastPause > 100) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      lastPause = performance.now();
    }
  }
  const used = origins.length * width;
  const { levels, medians, quantiles } = answers ?? createAnswers([0.5], 0, width);
  return {
    targets: columns.map((column) => series.channels[column]!),
    horizon,
    step: series.step,
    origins,
    firstTimes,
    forecast: medians.slice(0, used),
    levels,
    quantiles: quantiles.slice(0, used * levels.length),
    observed: observed.slice(0, used),
    skipped,
  };
}

function planOrigins(series: Series, options: BacktestOptions): number[] {
  const { from, to, every, align = 0, horizon, targets, issueDelay = 0 } = options;
  if (series.shape.length !== 1) {
    throw new Error(
      `backtest: expected a series of channels, got maps of shape [${series.shape.join(', ')}]. Extract stations first.`,
    );
  }
  if (!(Number.isFinite(from) && Number.isFinite(to) && from < to)) {
    throw new Error(
      `backtest: from must be a time before to, got ${describeTime(from)} and ${describeTime(to)}.`,
    );
  }
  if (!(Number.isInteger(every / series.step) && every > 0)) {
    throw new Error(
      `backtest: every must be a whole number of steps of the series (${series.step} ms), got ${every} ms.`,
    );
  }
  if (!(Number.isInteger(horizon) && horizon >= 1)) {
    throw new Error(`backtest: horizon must be a whole number of steps from 1, got ${horizon}.`);
  }
  if (targets.length === 0) throw new Error('backtest: targets must name at least one channel, got none.');
  if (!(issueDelay >= 0 && issueDelay <= series.step)) {
    throw new Error(
      `backtest: issueDelay must be between 0 and one step (${series.step} ms), got ${issueDelay} ms.`,
    );
  }
  if (!Number.isFinite(align)) throw new Error(`backtest: align must be a time in ms, got ${align}.`);
  const first = align + Math.ceil((from - align) / every) * every;
  if (!Number.isInteger((first - issueDelay - series.start) / series.step)) {
    throw new Error(
      `backtest: origin − issueDelay must be the time of a sample, got ${describeTime(first - issueDelay)}; ` +
        `samples come every ${series.step} ms from ${describeTime(series.start)}. Set align or issueDelay.`,
    );
  }
  // Origins far outside the series have nothing to be scored on; they are not worth a row each.
  const lowest = series.start - every;
  const highest = series.start + lengthOf(series) * series.step + issueDelay + every;
  const origins: number[] = [];
  for (let n = Math.max(0, Math.ceil((lowest - first) / every)); ; n++) {
    const origin = first + n * every;
    if (origin >= to || origin > highest) return origins;
    origins.push(origin);
  }
}

/** Writes what came into `into`, `[horizon, K]`; false if nothing did. */
function copyObserved(series: Series, columns: number[], firstTime: number, into: Float32Array): boolean {
  const size = sampleSize(series);
  const first = (firstTime - series.start) / series.step;
  const length = lengthOf(series);
  let any = false;
  for (let i = 0; i < into.length; i++) {
    const index = first + Math.floor(i / columns.length);
    const inside = index >= 0 && index < length;
    const value = inside ? series.values[index * size + columns[i % columns.length]!]! : Number.NaN;
    into[i] = value;
    if (!Number.isNaN(value)) any = true;
  }
  return any;
}

/** The forecast from `origin`, or why there is none. */
async function ask(forecast: ForecastFunction, series: Series, origin: number): Promise<Forecast | string> {
  try {
    return await forecast(asKnownAt(series, origin), origin);
  } catch (error) {
    // By name, so that a copy of the package in another bundle is understood too.
    if (error instanceof Error && error.name === 'HistoryError') return error.message;
    throw error;
  }
}

/** The forecasts so far. */
interface Answers {
  levels: readonly number[];
  /** Values of one forecast at one level, horizon · K. */
  width: number;
  medians: Float32Array;
  quantiles: Float32Array;
}

function createAnswers(levels: readonly number[], rows: number, width: number): Answers {
  return {
    levels: [...levels],
    width,
    medians: new Float32Array(rows * width),
    quantiles: new Float32Array(rows * width * levels.length),
  };
}

/** Puts a forecast, `[Q, horizon, K]`, into row `row`, `[horizon, K, Q]`. */
function keep({ levels, width, medians, quantiles }: Answers, { origin, ...answer }: Forecast, row: number) {
  if (answer.levels.join() !== levels.join()) {
    throw new Error(
      `backtest: all forecasts must have the same levels, ${levels.join(', ')}, got ${answer.levels.join(', ')} from ` +
        `the origin ${describeTime(origin)}.`,
    );
  }
  const Q = levels.length;
  const median = levels.indexOf(0.5);
  medians.set(answer.values.subarray(median * width, (median + 1) * width), row * width);
  for (let q = 0; q < Q; q++) {
    for (let i = 0; i < width; i++) quantiles[(row * width + i) * Q + q] = answer.values[q * width + i]!;
  }
}

/** Checks that a forecast is about what was asked. */
function checkAnswer(
  forecast: Forecast,
  asked: { origin: number; firstTime: number; step: number; targets: readonly string[]; horizon: number },
): void {
  const { origin, firstTime, step, targets, horizon } = asked;
  const names = forecast.channels.map((channel) => channel.name);
  const problems: string[] = [];
  if (forecast.origin !== origin) {
    problems.push(`the origin ${describeTime(origin)}, got ${describeTime(forecast.origin)}`);
  }
  if (forecast.firstTime !== firstTime) {
    problems.push(
      `the first step at ${describeTime(firstTime)}, got ${describeTime(forecast.firstTime)} (is issueDelay the same?)`,
    );
  }
  if (forecast.step !== step) problems.push(`steps of ${step} ms, got ${forecast.step} ms`);
  if (names.join('\n') !== targets.join('\n')) {
    problems.push(`the channels ${targets.join(', ')}, got ${names.join(', ')}`);
  }
  const width = horizon * targets.length;
  const { levels } = forecast;
  const increasing = levels.every((level, i) => level > (levels[i - 1] ?? 0) && level < 1);
  if (!increasing) problems.push(`increasing levels between 0 and 1, got ${levels.join(', ')}`);
  if (!levels.includes(0.5)) problems.push(`the level 0.5, got ${levels.join(', ')}`);
  if (forecast.values.length !== levels.length * width) {
    problems.push(`${levels.length} × ${horizon} × ${targets.length} values, got ${forecast.values.length}`);
  }
  if (problems.length > 0) throw new Error(`backtest: expected a forecast with ${problems.join('; ')}.`);
}
