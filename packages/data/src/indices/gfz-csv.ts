// Kp as a table of days: the header `Date,K_00,K_03,…,K_21` and the decimals of GFZ.

import { HOUR } from '../series.ts';
import { parseIsoDay } from './celestrak.ts';
import { createCollector } from './collect.ts';
import { linesOf, parseNumber, quote } from './fields.ts';
import { IndexError } from './index-error.ts';
import { kpFromDecimal } from './kp-codes.ts';
import type { IndexOptions, Indices } from './types.ts';

const NAMES = [0, 3, 6, 9, 12, 15, 18, 21].map((hour) => `K_${String(hour).padStart(2, '0')}`);

/**
 * Reads a CSV of Kp by days: columns `Date` (2016-01-31) and `K_00` … `K_21`; blank or −1 is missing.
 * @throws IndexError with the line for ragged rows, impossible values, dates out of order or given twice
 */
export function readKpGfzCsv(text: string, options: IndexOptions = {}): Indices {
  const collector = createCollector('gfz-csv', options);
  const lines = linesOf(text);
  const header = (lines[0] ?? '').split(',').map((name) => name.trim());
  const dateAt = header.indexOf('Date');
  const kpAt = NAMES.map((name) => header.indexOf(name));
  if (dateAt < 0 || kpAt.some((at) => at < 0)) {
    throw new IndexError(
      `expected the columns Date, ${NAMES.join(', ')} in the header, got ${quote(lines[0] ?? '')}.`,
      1,
    );
  }
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index]!;
    const number = index + 1;
    if (line.trim() === '') continue;
    collector.row(number, () => {
      const row = line.split(',');
      if (row.length !== header.length) {
        throw new IndexError(`expected ${header.length} fields, got ${row.length}: ${quote(line)}.`, number);
      }
      const day = parseIsoDay(row[dateAt]!, number);
      kpAt.forEach((at, i) => {
        collector.put('kp', day + i * 3 * HOUR, readKp(row[at]!, number));
      });
      return day;
    });
  }
  return collector.finish();
}

function readKp(field: string, line: number): number {
  if (field.trim() === '') return Number.NaN;
  const value = parseNumber(field, 'Kp', line);
  if (value === -1) return Number.NaN;
  const kp = kpFromDecimal(value);
  if (Number.isNaN(kp)) throw new IndexError(`Kp must be in 0 … 9 in thirds, got ${field.trim()}.`, line);
  return kp;
}
