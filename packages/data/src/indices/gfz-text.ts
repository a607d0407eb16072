// Kp, ap and F10.7 as GFZ Potsdam publishes them in text, one row a day or one row every 3 hours.
// Layouts: the headers of https://kp.gfz.de files; Matzka et al. 2021, doi 10.5880/Kp.0001.

import { DAY, HOUR } from '../series.ts';
import { type Collector, createCollector } from './collect.ts';
import { dayStart, linesOf, parseInteger, parseNumber, quote } from './fields.ts';
import { IndexError } from './index-error.ts';
import { kpFromDecimal } from './kp-codes.ts';
import type { IndexOptions, Indices } from './types.ts';

const FIRST_DAY = Date.UTC(1932, 0, 1);

/** Fields of a row a day, and of a row every 3 hours. */
export const DAILY_FIELDS = 28;
export const THREE_HOURLY_FIELDS = 10;

/**
 * Reads GFZ's text files `Kp_ap_Ap_SN_F107…` (a row a day) and `Kp_ap…` (a row every 3 hours), with or without
 * their header. Missing values (−1) become NaN. `f107` is the observed flux, which GFZ recommends for the
 * ionosphere; `f107Adjusted` the one adjusted to 1 au.
 * @throws IndexError with the line for ragged rows, impossible values, dates out of order or given twice
 */
export function readKpGfz(text: string, options: IndexOptions = {}): Indices {
  const lines = linesOf(text);
  const first = lines.find((line) => line.trim() !== '' && !line.startsWith('#')) ?? '';
  const fields = first.trim().split(/\s+/).length;
  const daily = fields > THREE_HOURLY_FIELDS;
  const collector = createCollector(daily ? 'gfz-daily' : 'gfz-3h', options);
  const expected = daily ? DAILY_FIELDS : THREE_HOURLY_FIELDS;
  lines.forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    const number = index + 1;
    collector.row(number, () => {
      const row = line.trim().split(/\s+/);
      if (row.length !== expected) {
        throw new IndexError(
          `expected ${expected} fields, got ${row.length}: ${quote(line)}. Is the row cut off?`,
          number,
        );
      }
      return daily ? readDay(row, number, collector) : readInterval(row, number, collector);
    });
  });
  return collector.finish();
}

/** Year, month, day, days since 1932, the same at midday, Bartels rotation and day, 8 Kp, 8 ap, Ap, SN, 2 F10.7, D. */
function readDay(row: string[], line: number, collector: Collector): number {
  const day = readDate(row, line);
  checkDays(row[3]!, day, line);
  // D: 0 all preliminary, 1 Kp definitive, 2 Kp and the sunspot number definitive.
  const definitive = readFlag(row[27]!, 2, line) >= 1;
  for (let i = 0; i < 8; i++) {
    const time = day + i * 3 * HOUR;
    collector.put('kp', time, readKp(row[7 + i]!, line), definitive);
    collector.put('ap', time, orMissing(parseInteger(row[15 + i]!, 'ap', line)), definitive);
  }
  collector.put('f107', day, orMissing(parseNumber(row[25]!, 'observed F10.7', line)));
  collector.put('f107Adjusted', day, orMissing(parseNumber(row[26]!, 'adjusted F10.7', line)));
  return day;
}

/** Year, month, day, hour, middle hour, days since 1932, the same at the middle, Kp, ap, D. */
function readInterval(row: string[], line: number, collector: Collector): number {
  const hour = parseNumber(row[3]!, 'hour', line);
  if (!(hour >= 0 && hour <= 21 && hour % 3 === 0)) {
    throw new IndexError(
      `the hour must be one of 0, 3 … 21, got ${row[3]}. Is this a file of Hp30 or Hp60, which are not Kp?`,
      line,
    );
  }
  const time = readDate(row, line) + hour * HOUR;
  checkDays(row[5]!, time, line);
  const definitive = readFlag(row[9]!, 1, line) >= 1;
  collector.put('kp', time, readKp(row[7]!, line), definitive);
  collector.put('ap', time, orMissing(parseInteger(row[8]!, 'ap', line)), definitive);
  return time;
}

function readDate(row: string[], line: number): number {
  const year = parseInteger(row[0]!, 'year', line);
  const month = parseInteger(row[1]!, 'month', line);
  return dayStart(year, month, parseInteger(row[2]!, 'day', line), line);
}

/** The date is written twice; rows put together from parts of others are caught here. */
function checkDays(field: string, time: number, line: number): void {
  const days = parseNumber(field, 'days since 1932-01-01', line);
  const expected = (time - FIRST_DAY) / DAY;
  if (Math.abs(days - expected) > 1e-4) {
    throw new IndexError(`days since 1932-01-01 must be ${expected} for this date, got ${field}.`, line);
  }
}

function readKp(field: string, line: number): number {
  const value = parseNumber(field, 'Kp', line);
  if (value === -1) return Number.NaN;
  const kp = kpFromDecimal(value);
  if (Number.isNaN(kp)) throw new IndexError(`Kp must be in 0 … 9 in thirds, got ${field}.`, line);
  return kp;
}

function readFlag(field: string, largest: number, line: number): number {
  const value = parseInteger(field, 'D', line);
  if (value < 0 || value > largest) throw new IndexError(`D must be in 0 … ${largest}, got ${field}.`, line);
  return value;
}

function orMissing(value: number): number {
  return value === -1 ? Number.NaN : value;
}
