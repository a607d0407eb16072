import { HistoryError } from '../history-error.ts';
import { availableAt, createSeries, lengthOf, type Series, sampleSize, timeAt } from '../series.ts';

/**
 * The series as it was known at `origin` [ms]: every value with `availableAt(channel, time) > origin` is NaN, and samples
 * of which nothing was known, or later than `until` [ms], are cut off.
 * @throws HistoryError if nothing was known.
 */
export function asKnownAt(series: Series, origin: number, { until = Number.POSITIVE_INFINITY } = {}): Series {
  const size = sampleSize(series);
  const width = size / series.channels.length;
  const T = Math.min(lengthOf(series), Math.floor((until - series.start) / series.step) + 1);
  // What is known at a time was known at every earlier one, so each channel has one end.
  const ends = series.channels.map((channel) => {
    let end = T;
    while (end > 0 && availableAt(channel, timeAt(series, end - 1)) > origin) end--;
    return end;
  });
  const length = Math.max(0, ...ends);
  if (length === 0) {
    throw new HistoryError(
      `asKnownAt: nothing was known at ${new Date(origin).toISOString()}. Choose a later origin.`,
    );
  }
  const values = series.values.slice(0, length * size);
  for (const [c, end] of ends.entries()) {
    for (let t = end; t < length; t++)
      values.fill(Number.NaN, t * size + c * width, t * size + (c + 1) * width);
  }
  return createSeries({ ...series, values });
}
