// How times and durations are written in messages.

import { DAY, HOUR } from '../series.ts';

/** `2017-09-08T00:00Z`, with seconds only where there are any. */
export function instant(time: number): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return `${time} ms`;
  return date.toISOString().replace(/(:00)?\.000Z$/, 'Z');
}

/** `90 min`, `2 h`, `27 d`: the largest unit that gives a whole number. */
export function duration(ms: number): string {
  if (ms === 0) return '0 h';
  for (const [unit, size] of [
    ['d', DAY],
    ['h', HOUR],
    ['min', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms % size === 0) return `${ms / size} ${unit}`;
  }
  return `${ms} ms`;
}
