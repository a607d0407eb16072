// Kp and ap in the fixed columns of the World Data Centres, as GFZ and NGDC distribute them.
// Layout: the format description of kpyymm.wdc files (GFZ), after NGDC's `kp_ap.fmt`.

import { HOUR } from '../series.ts';
import { type Collector, createCollector } from './collect.ts';
import { columns, dayStart, fullYear, linesOf, parseInteger, parseNumber, quote } from './fields.ts';
import { IndexError } from './index-error.ts';
import { kpFromTenths } from './kp-codes.ts';
import type { IndexOptions, Indices } from './types.ts';

/** A row reaches at least to the last ap. */
const SHORTEST = 55;
const LONGEST = 72;

/**
 * Reads Kp and ap of WDC files (`kpyymm.wdc`), definitive and nowcast; blanks are missing values.
 * Years have two digits: 32 … 99 are 1932 … 1999, 00 … 31 are 2000 … 2031.
 * Columns 66–70 hold F10.7 adjusted to 1 au in files of NGDC; GFZ leaves them out. The file does not tell
 * whether its values are definitive.
 * @throws IndexError with the line for rows that are too short, impossible values, dates out of order or twice
 */
export function readKpWdc(text: string, options: IndexOptions = {}): Indices {
  const collector = createCollector('kp-wdc', options);
  linesOf(text).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    collector.row(index + 1, () => readDay(line, index + 1, collector));
  });
  return collector.finish();
}

function readDay(line: string, number: number, collector: Collector): number {
  const length = line.trimEnd().length;
  if (line.length < SHORTEST || length > LONGEST) {
    throw new IndexError(
      `expected ${SHORTEST} to ${LONGEST} characters, got ${line.length}: ${quote(line)}. Is the row cut off?`,
      number,
    );
  }
  const year = fullYear(parseInteger(columns(line, 1, 2), 'year', number), 1932);
  const month = parseInteger(columns(line, 3, 4), 'month', number);
  const day = dayStart(year, month, parseInteger(columns(line, 5, 6), 'day', number), number);
  for (let i = 0; i < 8; i++) {
    const kpField = columns(line, 13 + 2 * i, 14 + 2 * i);
    const apField = columns(line, 32 + 3 * i, 34 + 3 * i);
    const time = day + i * 3 * HOUR;
    collector.put('kp', time, readTenths(kpField, number));
    collector.put('ap', time, apField.trim() === '' ? Number.NaN : parseInteger(apField, 'ap', number));
  }
  const flux = columns(line, 66, 70);
  if (flux.trim() !== '') {
    const value = parseNumber(flux, 'F10.7', number);
    const qualifier = columns(line, 71, 71).trim();
    // 2: interpolated or extrapolated, 3: no observation.
    const observed = value !== 0 && qualifier !== '2' && qualifier !== '3';
    if (value !== 0 && !observed) collector.skip('interpolated');
    collector.put('f107Adjusted', day, observed ? value : Number.NaN);
  }
  return day;
}

/** Kp from a field of ten times Kp; blank is NaN. @throws IndexError */
export function readTenths(field: string, line: number): number {
  if (field.trim() === '') return Number.NaN;
  const kp = kpFromTenths(parseInteger(field, 'Kp × 10', line));
  if (Number.isNaN(kp)) {
    throw new IndexError(`Kp × 10 must be one of 0, 3, 7, 10 … 87, 90, got ${quote(field.trim())}.`, line);
  }
  return kp;
}
