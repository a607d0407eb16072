// What the baselines share: which times a forecast is about, and which earlier value stands for each of them.

import {
  availableAt,
  type Channel,
  channelIndex,
  type Forecast,
  lengthOf,
  type Series,
  sampleSize,
} from '@tidecast/data';

/** What a baseline forecasts. */
export interface BaselineOptions {
  /** Names of the channels to forecast. */
  targets: readonly string[];
  /** Number of steps to forecast, each one step of the series. */
  horizon: number;
  /**
   * Time [ms] between the last input sample and the origin, as in `windows`: 0 to one step, default 0.
   * The first forecast step is one step of the series after the last input sample.
   */
  issueDelay?: number;
}

/** Checks the options of the baseline called `what` once, when it is made. */
export function checkBaseline(what: string, options: BaselineOptions): void {
  const { targets, horizon, issueDelay = 0 } = options;
  if (targets.length === 0) throw new Error(`${what}: targets must name at least one channel, got none.`);
  if (!(Number.isInteger(horizon) && horizon >= 1)) {
    throw new Error(`${what}: horizon must be a whole number of steps from 1, got ${horizon}.`);
  }
  if (!(Number.isFinite(issueDelay) && issueDelay >= 0)) {
    throw new Error(`${what}: issueDelay must be 0 or more ms, got ${issueDelay}.`);
  }
}

/** Checks that `period` is a whole number of steps of the history, and returns that number. */
export function stepsPerPeriod(what: string, period: number, step: number): number {
  const steps = period / step;
  if (!(Number.isInteger(steps) && steps >= 1)) {
    throw new Error(
      `${what}: the period must be a whole number of steps of the series, got ${period} ms over ${step} ms.`,
    );
  }
  return steps;
}

/** One target of one forecast step, seen from the history. */
export interface TargetStep {
  /** Position of the target's sample on the axis of the history; may lie after its end. */
  index: number;
  /** The target channel, and its position in the history. */
  channel: Channel;
  column: number;
  /**
   * The smallest number of whole periods to go back, so that the value there was known at the origin
   * and belongs to an input sample.
   */
  lag: (periodSteps: number) => number;
  /** The value at a position of the history; NaN where it is missing or outside. */
  at: (index: number) => number;
}

/** A point forecast from `origin` whose every value `predict` gives. */
export function pointForecast(
  what: string,
  history: Series,
  origin: number,
  options: BaselineOptions,
  predict: (target: TargetStep) => number,
): Forecast {
  const { targets, horizon, issueDelay = 0 } = options;
  const { start, step, values } = history;
  if (issueDelay > step) {
    throw new Error(`${what}: issueDelay must be at most one step (${step} ms), got ${issueDelay} ms.`);
  }
  if (history.shape.length !== 1) {
    throw new Error(
      `${what}: expected a series of channels, got maps of shape [${history.shape.join(', ')}]. Extract stations first.`,
    );
  }
  const size = sampleSize(history);
  const length = lengthOf(history);
  const lastInput = origin - issueDelay;
  const lastIndex = (lastInput - start) / step;
  if (!Number.isInteger(lastIndex)) {
    throw new Error(
      `${what}: origin − issueDelay must be the time of a sample, got ${describeTime(lastInput)}; ` +
        `samples come every ${step} ms from ${describeTime(start)}.`,
    );
  }
  const columns = targets.map((name) => channelIndex(history, name));
  const channels = columns.map((column) => history.channels[column]!);
  const output = new Float32Array(horizon * targets.length);
  for (let h = 0; h < horizon; h++) {
    const index = lastIndex + 1 + h;
    columns.forEach((column, k) => {
      const channel = channels[k]!;
      output[h * columns.length + k] = predict({
        index,
        channel,
        column,
        at: (i) => (i >= 0 && i < length ? values[i * size + column]! : Number.NaN),
        lag: (periodSteps) => {
          let periods = Math.max(1, Math.ceil((index - lastIndex) / periodSteps));
          for (; ; periods++) {
            const earlier = index - periods * periodSteps;
            if (earlier < 0 || availableAt(channel, start + earlier * step) <= origin) return periods;
          }
        },
      });
    });
  }
  return { origin, firstTime: lastInput + step, step, channels, levels: [0.5], values: output };
}

/** A time as text: `2017-09-08T00:00:00.000Z`, or the number where it is no date. */
export function describeTime(time: number): string {
  return Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
}
