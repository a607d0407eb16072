// Hourly Dst in the fixed columns of the WDC for Geomagnetism, Kyoto.
// Layout: https://wdc.kugi.kyoto-u.ac.jp/dstae/format/dstformat.html.

import { HOUR } from '../series.ts';
import { type Collector, createCollector } from './collect.ts';
import { columns, dayStart, fullYear, linesOf, parseInteger, quote } from './fields.ts';
import { IndexError } from './index-error.ts';
import type { IndexOptions, Indices } from './types.ts';

/** A row reaches at least to the 24th hour; the daily mean after it is not read. */
const SHORTEST = 116;
const LONGEST = 122;

/** The beginning of a row. */
export const DST_ROW = /^DST[ \d]\d[ \d]\d\*[ \d]\d/;

/**
 * Reads hourly Dst [nT]: value = 100 · base + field, 9999 → NaN. The first value of a row belongs to 00–01 UT.
 * Where the century is blank, years 57 … 99 are 1957 … 1999 and 00 … 56 are 2000 … 2056, as Dst begins in 1957.
 * Version 2 and up is definitive; 0 (quick look) and 1 (provisional) are not; blank tells nothing.
 * @throws IndexError with the line for rows cut off, impossible values, dates out of order or given twice
 */
export function readDst(text: string, options: IndexOptions = {}): Indices {
  const collector = createCollector('dst-wdc', options);
  linesOf(text).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    collector.row(index + 1, () => readDay(line, index + 1, collector));
  });
  return collector.finish();
}

function readDay(line: string, number: number, collector: Collector): number {
  if (!DST_ROW.test(line)) {
    throw new IndexError(`expected a row like 'DST0601*01…', got ${quote(line)}.`, number);
  }
  if (line.length < SHORTEST || line.trimEnd().length > LONGEST) {
    throw new IndexError(
      `expected 120 characters, got ${line.length}: ${quote(line)}. Is the row cut off?`,
      number,
    );
  }
  const yy = parseInteger(columns(line, 4, 5), 'year', number);
  const century = columns(line, 15, 16).trim();
  const year = century === '' ? fullYear(yy, 1957) : parseInteger(century, 'century', number) * 100 + yy;
  const month = parseInteger(columns(line, 6, 7), 'month', number);
  const day = dayStart(year, month, parseInteger(columns(line, 9, 10), 'day', number), number);
  const version = columns(line, 14, 14);
  const definitive = /\d/.test(version) ? Number(version) >= 2 : undefined;
  const baseField = columns(line, 17, 20);
  const base = baseField.trim() === '' ? 0 : parseInteger(baseField, 'base', number);
  for (let hour = 0; hour < 24; hour++) {
    const value = parseInteger(columns(line, 21 + 4 * hour, 24 + 4 * hour), `Dst of hour ${hour}`, number);
    const dst = value === 9999 ? Number.NaN : 100 * base + value;
    collector.put('dst', day + hour * HOUR, dst, definitive);
  }
  return day;
}
