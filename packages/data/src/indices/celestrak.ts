// Kp, ap and F10.7 of CelesTrak's space weather files, without their predictions.
// Layouts: https://celestrak.org/SpaceData/SpaceWx-format.php.

import { HOUR } from '../series.ts';
import { type Collector, createCollector } from './collect.ts';
import { columns, dayStart, linesOf, parseInteger, parseNumber, quote } from './fields.ts';
import { IndexError } from './index-error.ts';
import { readTenths } from './kp-wdc.ts';
import type { IndexOptions, Indices } from './types.ts';

/** Observed rows reach to the observed F10.7; averages follow. */
const SHORTEST = 118;
const LONGEST = 130;

/**
 * Reads the observed days of CelesTrak's `SW-All.txt` and `SW-Last5Years.txt`. Predicted days and months are not
 * observations: they are counted in `skipped.predicted` and left out. F10.7 that CelesTrak interpolated between
 * days (qualifiers 2 to 4) uses the day after, so it is NaN here and counted in `skipped.interpolated`.
 * @throws IndexError with the line for rows cut off, impossible values, dates out of order or given twice, and
 *   where the number of observed days is not the one the file states
 */
export function readCelestrak(text: string, options: IndexOptions = {}): Indices {
  const collector = createCollector('celestrak', options);
  let section: string | undefined;
  let stated: number | undefined;
  let observed = 0;
  let complete = false;
  linesOf(text).forEach((line, index) => {
    const number = index + 1;
    const keyword = line.trim();
    if (keyword === '' || line.startsWith('#')) return;
    if (keyword.startsWith('BEGIN ')) {
      section = keyword.slice(6).trim();
    } else if (keyword.startsWith('END ')) {
      if (keyword.slice(4).trim() === 'OBSERVED') complete = true;
      section = undefined;
    } else if (section === 'OBSERVED') {
      observed++;
      collector.row(number, () => readDay(line, number, collector));
    } else if (section !== undefined) {
      collector.skip('predicted');
    } else if (/^\d/.test(keyword)) {
      collector.fault(`expected data only between BEGIN and END, got ${quote(line)}.`, number);
    } else {
      const match = /^NUM_OBSERVED_POINTS\s+(\d{1,9})$/.exec(keyword);
      if (match) stated = Number(match[1]);
    }
  });
  const indices = collector.finish();
  if (!complete) collector.fault("expected 'END OBSERVED', got the end of the file. Is it cut off?");
  if (stated !== undefined && stated !== observed) {
    collector.fault(`expected the ${stated} observed days that the file states, got ${observed}.`);
  }
  return indices;
}

function readDay(line: string, number: number, collector: Collector): number {
  if (line.length < SHORTEST || line.trimEnd().length > LONGEST) {
    throw new IndexError(
      `expected ${LONGEST} characters, got ${line.length}: ${quote(line)}. Is the row cut off?`,
      number,
    );
  }
  const year = parseInteger(columns(line, 1, 4), 'year', number);
  const month = parseInteger(columns(line, 5, 7), 'month', number);
  const day = dayStart(year, month, parseInteger(columns(line, 8, 10), 'day', number), number);
  for (let i = 0; i < 8; i++) {
    const kp = columns(line, 19 + 3 * i, 21 + 3 * i);
    const ap = columns(line, 47 + 4 * i, 50 + 4 * i);
    putKpAndAp(collector, day + i * 3 * HOUR, kp, ap, number);
  }
  const qualifier = columns(line, 99, 100).trim();
  // 0 as measured, 1 corrected for a burst, 2 approximated, 3 no observation, 4 interpolated by CelesTrak.
  const interpolated = qualifier === '2' || qualifier === '3' || qualifier === '4';
  putFlux(collector, day, columns(line, 113, 118), columns(line, 93, 98), interpolated, number);
  return day;
}

/** The columns of the CSV files that are read. */
const KP_COLUMNS = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => `KP${i}`);
const AP_COLUMNS = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => `AP${i}`);
const CSV_COLUMNS = ['DATE', ...KP_COLUMNS, ...AP_COLUMNS, 'F10.7_OBS', 'F10.7_ADJ', 'F10.7_DATA_TYPE'];

/**
 * Reads the observed days of CelesTrak's `SW-All.csv` and `SW-Last5Years.csv`; as {@link readCelestrak}.
 * Rows whose F10.7 is of type PRD or PRM are predictions; type INT is an interpolated F10.7.
 * @throws IndexError as {@link readCelestrak}
 */
export function readCelestrakCsv(text: string, options: IndexOptions = {}): Indices {
  const collector = createCollector('celestrak-csv', options);
  const lines = linesOf(text);
  const header = (lines[0] ?? '').split(',').map((name) => name.trim());
  const at = new Map(header.map((name, index) => [name, index]));
  const absent = CSV_COLUMNS.filter((name) => !at.has(name));
  if (absent.length > 0) throw new IndexError(`expected the columns ${absent.join(', ')} in the header.`, 1);
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index]!;
    const number = index + 1;
    if (line.trim() === '') continue;
    const row = line.split(',');
    const field = (name: string) => row[at.get(name)!] ?? '';
    const type = field('F10.7_DATA_TYPE').trim();
    if (type === 'PRD' || type === 'PRM') {
      collector.skip('predicted');
      continue;
    }
    collector.row(number, () => {
      if (row.length !== header.length) {
        throw new IndexError(`expected ${header.length} fields, got ${row.length}: ${quote(line)}.`, number);
      }
      if (type !== 'OBS' && type !== 'INT') {
        throw new IndexError(`the type of F10.7 must be OBS, INT, PRD or PRM, got ${quote(type)}.`, number);
      }
      const day = parseIsoDay(field('DATE'), number);
      for (let i = 0; i < 8; i++) {
        putKpAndAp(collector, day + i * 3 * HOUR, field(KP_COLUMNS[i]!), field(AP_COLUMNS[i]!), number);
      }
      putFlux(collector, day, field('F10.7_OBS'), field('F10.7_ADJ'), type === 'INT', number);
      return day;
    });
  }
  return collector.finish();
}

/** Start [ms] of the UT day written as `2016-01-31`. @throws IndexError */
export function parseIsoDay(text: string, line: number): number {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text.trim());
  if (!match) throw new IndexError(`expected a date like 2016-01-31, got ${quote(text.trim())}.`, line);
  return dayStart(Number(match[1]), Number(match[2]), Number(match[3]), line);
}

function putKpAndAp(collector: Collector, time: number, kp: string, ap: string, line: number): void {
  collector.put('kp', time, readTenths(kp, line));
  collector.put('ap', time, ap.trim() === '' ? Number.NaN : parseInteger(ap, 'ap', line));
}

function putFlux(
  collector: Collector,
  day: number,
  observed: string,
  adjusted: string,
  interpolated: boolean,
  line: number,
): void {
  const read = (text: string) =>
    text.trim() === '' || interpolated ? Number.NaN : parseNumber(text, 'F10.7', line);
  collector.put('f107', day, read(observed));
  collector.put('f107Adjusted', day, read(adjusted));
  if (interpolated) collector.skip('interpolated');
}
