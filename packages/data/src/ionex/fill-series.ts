// Lays merged maps on the even times of a series.

import type { MergedMap } from './merge-epochs.ts';

/** A run of samples for which no file has a map. */
export interface SeriesGap {
  /** Time of the first and of the last missing sample [ms]. */
  start: number;
  end: number;
  /** Number of missing samples. */
  samples: number;
}

/** The values of a series, and how they came about. */
export interface Filled {
  values: Float32Array;
  gaps: SeriesGap[];
  interpolated: number;
  leftOut: number;
  /** Longest time [ms] that an interpolated sample looks ahead. */
  latency: number;
}

/**
 * Takes each map that stands at a time of the series. Between two maps no further apart than the step of their files,
 * interpolates linearly if `interpolate` is set. Everything else is a gap of NaN.
 */
export function fillSeries(
  maps: readonly MergedMap[],
  frame: { start: number; step: number; count: number; size: number; interpolate: boolean },
): Filled {
  const { start, step, count, size, interpolate } = frame;
  const values = new Float32Array(count * size).fill(Number.NaN);
  const gaps: SeriesGap[] = [];
  let interpolated = 0;
  let taken = 0;
  let latency = 0;
  let next = 0;
  for (let i = 0; i < count; i++) {
    const time = start + i * step;
    while (next < maps.length && maps[next]!.epoch < time) next++;
    const after = maps[next];
    const before = maps[next - 1];
    if (after?.epoch === time) {
      values.set(after.values, i * size);
      taken++;
    } else if (
      interpolate &&
      before &&
      after &&
      after.epoch - before.epoch <= Math.max(before.step, after.step)
    ) {
      const weight = (time - before.epoch) / (after.epoch - before.epoch);
      for (let j = 0; j < size; j++) {
        const earlier = before.values[j]!;
        values[i * size + j] = earlier + (after.values[j]! - earlier) * weight;
      }
      latency = Math.max(latency, after.epoch - time);
      interpolated++;
    } else {
      const gap = gaps[gaps.length - 1];
      if (gap && gap.end === time - step) {
        gap.end = time;
        gap.samples++;
      } else gaps.push({ start: time, end: time, samples: 1 });
    }
  }
  return { values, gaps, interpolated, leftOut: maps.length - taken, latency };
}
