// What to expect from earlier days alone: known a whole period ahead, so it may be an input for the time to come.

import { duration } from '../series/text.ts';
import {
  type Channel,
  channelIndex,
  createSeries,
  DAY,
  HOUR,
  lengthOf,
  type Series,
  sampleSize,
} from '../series.ts';

/** Which earlier values are averaged. */
export interface SeasonalMeanOptions {
  /** Time between the values that are averaged [ms], default one day. */
  period?: number;
  /** How many periods back, default 27. */
  count?: number;
  /** Periods after which a value weighs half; by default all weigh the same. */
  halfLife?: number;
  /** Fewest values that must be there, default `count`; with fewer the mean is NaN. */
  minCount?: number;
  /** Name of the new channel, default `<channel>Mean<count>`. */
  name?: string;
}

/**
 * The (weighted) mean of the values one, two, … `count` periods earlier, leaving out missing ones:
 * m(t) = Σ wₖ v(t − k·period) / Σ wₖ with wₖ = 2^(−(k − 1) / halfLife). A series of one channel that reaches one period
 * past the end of `series`; known one period before the channel itself.
 */
export function seasonalMean(series: Series, channel: string, options: SeasonalMeanOptions = {}): Series {
  const { period = DAY, count = 27, halfLife = Number.POSITIVE_INFINITY, minCount = count } = options;
  const lag = period / series.step;
  if (!(Number.isInteger(lag) && lag > 0)) {
    throw new Error(
      `seasonalMean: period must be a multiple of the step, got ${duration(period)} and ${duration(series.step)}.`,
    );
  }
  for (const [what, value] of Object.entries({ count, minCount })) {
    if (!(Number.isInteger(value) && value >= 1))
      throw new Error(`seasonalMean: ${what} must be 1 or more, got ${value}.`);
  }
  if (!(halfLife > 0)) throw new Error(`seasonalMean: halfLife must be positive, got ${halfLife}.`);
  const column = channelIndex(series, channel);
  const source = series.channels[column]!;
  const size = sampleSize(series);
  const T = lengthOf(series);
  const weights = Float64Array.from({ length: count }, (_, k) => 2 ** (-k / halfLife));
  const values = new Float32Array(T + lag);
  for (let t = 0; t < values.length; t++) {
    let sum = 0;
    let weight = 0;
    let n = 0;
    for (let k = 1; k <= count && t - k * lag >= 0; k++) {
      const value = series.values[(t - k * lag) * size + column]!;
      if (Number.isNaN(value)) continue;
      sum += weights[k - 1]! * value;
      weight += weights[k - 1]!;
      n++;
    }
    values[t] = n >= minCount ? sum / weight : Number.NaN;
  }
  const made: Channel = {
    ...source,
    name: options.name ?? `${channel}Mean${count}`,
    latency: (source.latency ?? 0) - period,
  };
  if (source.interval && period % source.interval !== 0) {
    throw new Error(
      `seasonalMean: period must be a multiple of the ${duration(source.interval)} that a value belongs to.`,
    );
  }
  return createSeries({ start: series.start, step: series.step, shape: [1], channels: [made], values });
}

/**
 * The value `lag` [ms] earlier: v(t − lag), for example of the solar rotation before. A series of one channel, called
 * `name` (default `<channel>Lag<hours>h`), that reaches `lag` past the end of `series`; known that much before the channel.
 * @throws if `lag` is not a positive multiple of the step, and of the interval that a value belongs to.
 */
export function lagged(
  series: Series,
  channel: string,
  lag: number,
  { name }: { name?: string } = {},
): Series {
  if (!(Number.isInteger(lag / series.step) && lag > 0)) {
    throw new Error(
      `lagged: lag must be a positive multiple of the step, got ${duration(lag)} and ${duration(series.step)}.`,
    );
  }
  return seasonalMean(series, channel, {
    period: lag,
    count: 1,
    name: name ?? `${channel}Lag${lag / HOUR}h`,
  });
}
