// A Series as CSV, for spreadsheets and for reading back.

import Papa from 'papaparse';
import { lengthOf, type Series, sampleSize, timeAt } from '../series.ts';
import { CsvError } from './csv-error.ts';

/** ISO 8601 writes the years 0 … 9999 with four digits. */
const FIRST_TIME = Date.parse('0000-01-01T00:00:00Z');
const LAST_TIME = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * Writes a series of channels: a column of ISO 8601 times in UTC, called `time` by default, and one column for
 * each channel. Missing values are empty cells. Numbers are the shortest that give the same 32-bit value back.
 * @throws CsvError for maps, for infinite values, and for times that are no whole milliseconds or outside the years 0 … 9999
 */
export function writeCsv(series: Series, options: { time?: string; delimiter?: string } = {}): string {
  const { time = 'time', delimiter = ',' } = options;
  if (series.grid) throw new CsvError('maps cannot be written as CSV. Extract stations first.');
  const names = series.channels.map((channel) => channel.name);
  if (names.includes(time)) {
    throw new CsvError(`the column of times must differ from the channels, got '${time}' for both.`);
  }
  const size = sampleSize(series);
  const rows = Array.from({ length: lengthOf(series) }, (_, i) => {
    const at = timeAt(series, i);
    if (!(Number.isInteger(at) && at >= FIRST_TIME && at <= LAST_TIME)) {
      throw new CsvError(`expected times in whole ms in the years 0 … 9999, got ${at} at sample ${i}.`);
    }
    const row = [new Date(at).toISOString()];
    for (let c = 0; c < size; c++) row.push(shortest(series.values[i * size + c]!, names[c]!));
    return row;
  });
  return `${Papa.unparse({ fields: [time, ...names], data: rows }, { delimiter, newline: '\n' })}\n`;
}

/** The shortest decimal that rounds to the same 32-bit number. */
function shortest(value: number, name: string): string {
  if (Number.isNaN(value)) return '';
  if (!Number.isFinite(value)) throw new CsvError(`expected finite values, got ${value} in '${name}'.`);
  if (Object.is(value, -0)) return '-0';
  for (let digits = 6; digits < 9; digits++) {
    const text = String(Number(value.toPrecision(digits)));
    if (Math.fround(Number(text)) === value) return text;
  }
  return String(Number(value.toPrecision(9)));
}
