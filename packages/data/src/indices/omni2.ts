// The geomagnetic and solar indices of NASA's hourly OMNI 2 files.
// Layout and fill values: https://spdf.gsfc.nasa.gov/pub/data/omni/low_res_omni/omni2.text.

import { HOUR } from '../series.ts';
import { type Collector, createCollector } from './collect.ts';
import { dayOfYearStart, linesOf, parseInteger, parseNumber, quote } from './fields.ts';
import { IndexError } from './index-error.ts';
import { readTenths } from './kp-wdc.ts';
import type { IndexOptions, Indices } from './types.ts';

/** Words of a row: 55, and up to two more in the extended files. */
export const OMNI2_FIELDS = { least: 55, most: 57 };

/**
 * Reads Kp, ap, F10.7 and Dst of hourly OMNI 2 files (`omni2_YYYY.dat`, also extended); fill values become NaN.
 * Kp and ap are repeated in the three hours of an interval and F10.7 in the hours of a day: each is one value
 * here, and hours that disagree are refused. OMNI's F10.7 is the one adjusted to 1 au, so `f107Adjusted`.
 * @throws IndexError with the line for ragged rows, impossible values, times out of order or given twice
 */
export function readOmni2(text: string, options: IndexOptions = {}): Indices {
  const collector = createCollector('omni2', options);
  linesOf(text).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return;
    collector.row(index + 1, () => readHour(line, index + 1, collector));
  });
  return collector.finish();
}

function readHour(line: string, number: number, collector: Collector): number {
  const row = line.trim().split(/\s+/);
  if (row.length < OMNI2_FIELDS.least || row.length > OMNI2_FIELDS.most) {
    throw new IndexError(
      `expected ${OMNI2_FIELDS.least} to ${OMNI2_FIELDS.most} fields, got ${row.length}: ${quote(line)}.`,
      number,
    );
  }
  const year = parseInteger(row[0]!, 'year', number);
  const day = dayOfYearStart(year, parseInteger(row[1]!, 'day of the year', number), number);
  const hour = parseInteger(row[2]!, 'hour', number);
  if (hour < 0 || hour > 23) throw new IndexError(`hour must be in 0 … 23, got ${row[2]}.`, number);
  const time = day + hour * HOUR;
  // Words 39, 41, 50 and 51 of the format description.
  const kp = row[38] === '99' ? Number.NaN : readTenths(row[38]!, number);
  collector.put('kp', time, kp);
  collector.put('ap', time, unlessFill(parseInteger(row[49]!, 'ap', number), 999));
  collector.put('f107Adjusted', time, unlessFill(parseNumber(row[50]!, 'F10.7', number), 999.9));
  collector.put('dst', time, unlessFill(parseInteger(row[40]!, 'Dst', number), 99999));
  return time;
}

function unlessFill(value: number, fill: number): number {
  return value === fill ? Number.NaN : value;
}
