// The one noun for evenly spaced data: a station's TEC, an index, or a stack of global maps.
// A Series also knows when each of its values became available, so that leakage can be refused in one place.

/** What a column of a {@link Series} holds, and when its values can be known. */
export interface Channel {
  /** Unique within its series, for example `tec` or `kp`. */
  name: string;
  /** Unit of the values, for example `TECU`; `1` for a pure number. */
  unit: string;
  /**
   * Length [ms] of the interval a value belongs to, where it is not an instant: Kp is a value of three hours.
   * Intervals start at multiples of their length since 1970-01-01T00:00Z; the value is known at their end.
   */
  interval?: number;
  /**
   * Delay [ms] between a sample's time (or the end of its interval) and the moment it is known; default 0.
   * Positive for look-ahead resampling or late publication, negative for what is known in advance,
   * such as a mean of the same hour of earlier days.
   */
  latency?: number;
  /** `'always'` for what can be computed for any future time, such as the day of the year. */
  known?: 'always';
}

/** A regular latitude–longitude grid: the axes of a map series, both in degrees. */
export interface Grid {
  latitudes: readonly number[];
  longitudes: readonly number[];
  /** Height of the single layer above the mean Earth radius [km]. */
  heightKm?: number;
}

/**
 * Evenly spaced samples. Sample `i` is at `start + i · step`.
 * `values` is row-major `[T, ...shape]`; a missing value is NaN. Immutable by convention.
 */
export interface Series {
  /** Time of the first sample [ms since 1970-01-01T00:00Z]. */
  start: number;
  /** Time between samples [ms]. */
  step: number;
  /** Shape of one sample: `[C]` for C channels, `[latitudes, longitudes]` for maps of one channel. */
  shape: readonly number[];
  channels: readonly Channel[];
  values: Float32Array;
  /** Present for maps. */
  grid?: Grid;
}

/** Hour and day in milliseconds. */
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** Number of values in one sample. */
export function sampleSize(series: Series): number {
  return series.shape.reduce((product, size) => product * size, 1);
}

/** Number of samples T. */
export function lengthOf(series: Series): number {
  return series.values.length / sampleSize(series);
}

/** Time of sample `index` [ms]. */
export function timeAt(series: Series, index: number): number {
  return series.start + index * series.step;
}

/** Time just after the last sample: `start + T · step` [ms]. */
export function endOf(series: Series): number {
  return timeAt(series, lengthOf(series));
}

/** The moment [ms] at which the sample of `channel` at `time` became known. */
export function availableAt(channel: Channel, time: number): number {
  if (channel.known === 'always') return Number.NEGATIVE_INFINITY;
  const known = channel.interval ? (Math.floor(time / channel.interval) + 1) * channel.interval : time;
  return known + (channel.latency ?? 0);
}

/** Position of the channel called `name`. Throws with the names there are if it is absent. */
export function channelIndex(series: Series, name: string): number {
  const index = series.channels.findIndex((channel) => channel.name === name);
  if (index < 0) {
    const names = series.channels.map((channel) => channel.name).join(', ');
    throw new Error(`series: expected a channel '${name}', got only ${names}. Name one of these.`);
  }
  return index;
}

/**
 * Makes a checked Series.
 * @throws if the step is not positive, the values do not fill whole samples, or channels and shape disagree.
 */
export function createSeries(parts: Series): Series {
  const { start, step, shape, channels, values, grid } = parts;
  if (!Number.isFinite(start)) throw new Error(`series: start must be a time in ms, got ${start}.`);
  if (!(Number.isFinite(step) && step > 0))
    throw new Error(`series: step must be a positive number of ms, got ${step}.`);
  if (shape.length === 0 || shape.some((size) => !Number.isInteger(size) || size < 1)) {
    throw new Error(`series: shape must hold positive integers, got [${shape.join(', ')}].`);
  }
  const size = shape.reduce((product, each) => product * each, 1);
  if (values.length % size !== 0) {
    throw new Error(
      `series: ${values.length} values do not fill whole samples of shape [${shape.join(', ')}].`,
    );
  }
  if (grid) {
    if (shape.length !== 2 || shape[0] !== grid.latitudes.length || shape[1] !== grid.longitudes.length) {
      throw new Error(
        `series: a grid of ${grid.latitudes.length} × ${grid.longitudes.length} needs that shape, got [${shape.join(', ')}].`,
      );
    }
    if (channels.length !== 1) throw new Error(`series: maps hold one channel, got ${channels.length}.`);
  } else if (shape.length !== 1 || shape[0] !== channels.length) {
    throw new Error(
      `series: ${channels.length} channels need the shape [${channels.length}], got [${shape.join(', ')}].`,
    );
  }
  const names = new Set(channels.map((channel) => channel.name));
  if (names.size !== channels.length) throw new Error('series: channel names must differ from each other.');
  return parts;
}
