import type { Channel, Series } from './series.ts';

/**
 * What was said at `origin` about the time after it.
 * Step h (from 0) is about the time `firstTime + h · step`.
 */
export interface Forecast {
  /** The moment the forecast was made [ms]: nothing known later went into it. */
  origin: number;
  /** Time of the first forecast step [ms]. */
  firstTime: number;
  /** Time between forecast steps [ms]. */
  step: number;
  /** The forecast channels, with their units. */
  channels: readonly Channel[];
  /** Quantile levels in increasing order; `[0.5]` for a point forecast. */
  levels: readonly number[];
  /** Row-major `[levels, horizon, channels]`, in the unit of each channel. */
  values: Float32Array;
  /** Mean of the forecast distribution, row-major `[horizon, channels]`; absent where it is not known, or the value itself. */
  mean?: Float32Array;
}

/**
 * A way to forecast: a baseline and a network have this same signature.
 * `history` holds NaN wherever a value was not known at `origin`; it reaches past `origin` only for
 * channels that are known in advance.
 */
export type ForecastFunction = (history: Series, origin: number) => Forecast | Promise<Forecast>;
