// Days picked by an index, so that scores can be given for storms and for quiet days apart.

import { channelIndex, DAY, lengthOf, type Series, sampleSize, timeAt } from '@tidecast/data';

/**
 * A filter that keeps the UTC days on which `channel` of `series` reaches `atLeast`: with Kp and 5, the
 * geomagnetic storms of NOAA's scale (G1 and up). Hours of a day without a value are passed over.
 * Kp comes in thirds, and a float32 third is not exact, so a value within 10⁻⁶ below `atLeast` counts.
 */
export function stormDays(
  series: Series,
  { channel, atLeast }: { channel: string; atLeast: number },
): (time: number) => boolean {
  const column = channelIndex(series, channel);
  const size = sampleSize(series);
  const days = new Set<number>();
  for (let i = 0; i < lengthOf(series); i++) {
    if (series.values[i * size + column]! >= atLeast - 1e-6) days.add(Math.floor(timeAt(series, i) / DAY));
  }
  return (time) => days.has(Math.floor(time / DAY));
}
