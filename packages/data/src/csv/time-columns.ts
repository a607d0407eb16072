// Where a CSV file keeps the time of a row: one column, or one column for each part of it.

import { DAY, HOUR } from '../series.ts';
import { CsvError } from './csv-error.ts';
import { dateToTime, parseIsoTime } from './iso-time.ts';
import { findColumn } from './table.ts';

/**
 * Where the time of a row is. Names are those of the header. A time without a zone is UTC; local times have to
 * be turned into UTC, or carry their offset, before they are read.
 * - `'time'`: a column of ISO 8601 texts, such as `2016-01-31 06:00` or `2016-01-31T06:00:00Z`;
 * - `{ from: 'time', as: 's' }`: a column of seconds (`'s'`) or milliseconds (`'ms'`) since 1970-01-01T00:00Z;
 * - `{ year, dayOfYear, hour }` or `{ year, month, day, hour, minute, second }`: a column for each part, of
 *   which hour, minute and second may be left out. A fraction of an hour or day of the year is read to the second.
 */
export type CsvTime =
  | string
  | { from: string; as?: 'iso' | 's' | 'ms' }
  | { year: string; dayOfYear: string; hour?: string; minute?: string; second?: string }
  | { year: string; month: string; day: string; hour?: string; minute?: string; second?: string };

/** The names of the columns that hold the time. */
export function timeColumns(time: CsvTime): string[] {
  if (typeof time === 'string') return [time];
  return 'from' in time ? [time.from] : Object.values(time);
}

/** The largest time that `Date` holds [ms]. */
const MAX_TIME = 8.64e15;

/** Reads a number from a cell; NaN if there is none. */
type ReadNumber = (cell: string) => number;

/** A function that reads the time [ms] of a record in row `row`. @throws CsvError if a column is missing */
export function timeReader(
  time: CsvTime,
  header: string[],
  readNumber: ReadNumber,
): (record: string[], row: number) => number {
  if (typeof time === 'string') return isoReader(time, header);
  if ('from' in time) {
    const { from, as = 'iso' } = time;
    if (as === 'iso') return isoReader(from, header);
    if (as !== 's' && as !== 'ms') throw new CsvError(`time.as must be 'iso', 's' or 'ms', got '${as}'.`);
    const at = findColumn(header, from);
    const factor = as === 's' ? 1000 : 1;
    return (record, row) => {
      const value = Math.round(readNumber(record[at]!) * factor);
      if (!(Math.abs(value) <= MAX_TIME)) {
        throw new CsvError(
          `expected a time in ${as} since 1970, got ${JSON.stringify(record[at])}.`,
          row,
          from,
        );
      }
      return value;
    };
  }
  return partsReader(time, header, readNumber);
}

function isoReader(name: string, header: string[]): (record: string[], row: number) => number {
  const at = findColumn(header, name);
  return (record, row) => {
    const value = parseIsoTime(record[at]!);
    if (Number.isNaN(value)) {
      throw new CsvError(
        `expected a time like 2016-01-31T06:00, got ${JSON.stringify(record[at]!.slice(0, 60))}. ` +
          `For numbers say time: { from: '${name}', as: 's' } or 'ms'.`,
        row,
        name,
      );
    }
    return value;
  };
}

function partsReader(
  parts: Exclude<CsvTime, string | { from: string }>,
  header: string[],
  readNumber: ReadNumber,
): (record: string[], row: number) => number {
  const part = (name: string | undefined, least: number, most: number, whole: boolean) => {
    if (name === undefined) return () => 0;
    const at = findColumn(header, name);
    return (record: string[], row: number) => {
      const value = readNumber(record[at]!);
      if (!(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
        const kind = whole ? 'a whole number' : 'a number';
        const got = JSON.stringify(record[at]!.slice(0, 60));
        throw new CsvError(`expected ${kind} in ${least} … ${most}, got ${got}.`, row, name);
      }
      return value;
    };
  };
  const year = part(parts.year, 1, 9999, true);
  const hour = part(parts.hour, 0, 24, false);
  const minute = part(parts.minute, 0, 60, false);
  const second = part(parts.second, 0, 60, false);
  const ofDay = (record: string[], row: number) =>
    hour(record, row) * HOUR + minute(record, row) * 60_000 + second(record, row) * 1000;
  if ('dayOfYear' in parts) {
    const dayOfYear = part(parts.dayOfYear, 1, 367, false);
    return (record, row) => {
      const inYear = year(record, row);
      const day = dayOfYear(record, row);
      const start = dateToTime(inYear, 1, 1);
      if (start + (day - 1) * DAY >= dateToTime(inYear + 1, 1, 1)) {
        throw new CsvError(`${inYear} has no day ${day}.`, row, parts.dayOfYear);
      }
      return toSecond(start + (day - 1) * DAY + ofDay(record, row));
    };
  }
  const month = part(parts.month, 1, 12, true);
  const dayOfMonth = part(parts.day, 1, 31, true);
  return (record, row) => {
    const day = dateToTime(year(record, row), month(record, row), dayOfMonth(record, row));
    if (Number.isNaN(day)) throw new CsvError('expected a date, got a day that its month has not.', row);
    return toSecond(day + ofDay(record, row));
  };
}

/** A third of an hour has no exact decimal: 0.333333 h is 20 min. Whole ms of second columns stay. */
function toSecond(time: number): number {
  const second = Math.round(time / 1000) * 1000;
  return Math.abs(second - time) <= 20 ? second : Math.round(time);
}
