// Where in the day and the year a time is, as smooth numbers a network can use.

import { type Channel, createSeries, DAY, HOUR, lengthOf, type Series, timeAt } from '../series.ts';

/** Fraction of the cycle at a time [ms UTC] and longitude [°]. */
const cycles = {
  /** Time of the day, local mean solar time where a longitude is given. */
  day: (time: number, longitude: number) => (time + (longitude / 15) * HOUR) / DAY,
  /** Time of the year of 365.2425 days. */
  year: (time: number) => time / (365.2425 * DAY),
  /** Twice a year, as the semi-annual variation of the ionosphere. */
  halfYear: (time: number) => (2 * time) / (365.2425 * DAY),
} satisfies Record<string, (time: number, longitude: number) => number>;

/** A cycle of the calendar. */
export type CalendarCycle = keyof typeof cycles;

/**
 * Sine and cosine of each cycle at the times of `series`, as channels `daySin`, `dayCos`, … that are always known.
 * `extra` steps past its end are added; `longitude` [° east] makes the day that of local mean solar time.
 */
export function calendarFeatures(
  series: Series,
  names: readonly CalendarCycle[],
  { extra = 0, longitude = 0 }: { extra?: number; longitude?: number } = {},
): Series {
  for (const name of names) {
    if (!Object.hasOwn(cycles, name)) {
      throw new Error(`calendarFeatures: expected ${Object.keys(cycles).join(', ')}, got '${name}'.`);
    }
  }
  if (names.length === 0) throw new Error('calendarFeatures: expected at least one cycle, got none.');
  const T = lengthOf(series) + extra;
  const values = new Float32Array(T * names.length * 2);
  for (let t = 0; t < T; t++) {
    for (const [c, name] of names.entries()) {
      const angle = 2 * Math.PI * cycles[name](timeAt(series, t), longitude);
      values[(t * names.length + c) * 2] = Math.sin(angle);
      values[(t * names.length + c) * 2 + 1] = Math.cos(angle);
    }
  }
  const channels = names.flatMap((name): Channel[] => [
    { name: `${name}Sin`, unit: '1', known: 'always' },
    { name: `${name}Cos`, unit: '1', known: 'always' },
  ]);
  return createSeries({ start: series.start, step: series.step, shape: [channels.length], channels, values });
}
