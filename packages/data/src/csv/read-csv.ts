// Any table of numbers with a time becomes a Series: the caller names the time, the columns and their units.

import { type Channel, createSeries, type Series } from '../series.ts';
import { CsvError } from './csv-error.ts';
import { findColumn, isBlank, parseTable, type Table } from './table.ts';
import { type CsvTime, timeColumns, timeReader } from './time-columns.ts';

/** One column to read, and the channel it becomes. */
export interface CsvColumn extends Omit<Channel, 'name'> {
  /** Name in the header, by default the name of the channel. */
  from?: string;
  /**
   * What turns a number of the file into the unit: a factor, or a function such as `kpFromTenths`.
   * A function that gives NaN refuses the number.
   */
  scale?: number | ((value: number) => number);
}

/** How to read a CSV file. */
export interface CsvOptions {
  /** Where the time of a row is; times without a zone are UTC. */
  time: CsvTime;
  /** The channels to make, by name, in this order. */
  columns: Readonly<Record<string, CsvColumn>>;
  /** By default found out: one of `,` `;` tab `|`. */
  delimiter?: string;
  /** Cells that stand for a missing value, besides empty ones and NaN: `['-', '9999']`. */
  missing?: readonly string[];
  /** The decimal sign, by default `'.'`. */
  decimal?: '.' | ',';
  /** Time between samples [ms]; by default the smallest difference between rows. */
  step?: number;
}

/** The most values a series made here may have. */
const MAX_VALUES = 2 ** 26;
/** Without a given step, at most so many samples for each row of the file (above a thousand). */
const MAX_SPARSENESS = 50;

const DECIMAL_POINT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const DECIMAL_COMMA = /^[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?$/;

/**
 * Reads a CSV text with a header into a Series `[T, C]`. Rows must be in order of time, on even steps; rows left
 * out become NaN. Names in the header are trimmed, quotes and a byte order mark are understood.
 * @throws CsvError with row and column: names that are not there, cells that are no numbers, rows of another
 *   length, times that are uneven, twice or out of order, or so far apart that a date must be wrong
 */
export function readCsv(text: string, options: CsvOptions): Series {
  const { columns, delimiter, decimal = '.', step } = options;
  const names = Object.keys(columns);
  if (names.length === 0) throw new CsvError('columns must name at least one column to read.');
  if (step !== undefined && !(Number.isSafeInteger(step) && step > 0)) {
    throw new CsvError(`step must be a positive whole number of ms, got ${step}.`);
  }
  const guesses = decimal === ',' ? [';', '\t', '|'] : [',', ';', '\t', '|'];
  const froms = names.map((name) => columns[name]!.from ?? name);
  const table = parseTable(text, delimiter, { guesses, wanted: [...froms, ...timeColumns(options.time)] });
  const positions = froms.map((from) => findColumn(table.header, from));
  const readNumber = numberReader(decimal);
  const { times, rows } = readTimes(table, timeReader(options.time, table.header, readNumber));
  const grid = evenGrid(times, rows, step);
  const count = names.length;
  if (grid.length * count > MAX_VALUES) {
    throw new CsvError(
      `expected at most ${MAX_VALUES} values, got ${grid.length} samples of ${count}. Is a time wrong?`,
    );
  }
  const missing = new Set(['', 'nan', ...(options.missing ?? []).map((token) => token.trim().toLowerCase())]);
  const values = new Float32Array(grid.length * count).fill(Number.NaN);
  names.forEach((name, c) => {
    const at = positions[c]!;
    const convert = converter(columns[name]!.scale);
    for (let i = 0; i < rows.length; i++) {
      const cell = table.rows[rows[i]! - table.firstRow]![at]!.trim();
      if (missing.has(cell.toLowerCase())) continue;
      const value = Math.fround(convert(readNumber(cell)));
      if (!Number.isFinite(value)) {
        throw new CsvError(
          `expected a finite number, got ${JSON.stringify(cell.slice(0, 60))}.`,
          rows[i]!,
          froms[c],
        );
      }
      values[((times[i]! - grid.start) / grid.step) * count + c] = value;
    }
  });
  const channels = names.map((name): Channel => {
    const { from: _from, scale: _scale, ...channel } = columns[name]!;
    return { name, ...channel };
  });
  return createSeries({ start: grid.start, step: grid.step, shape: [count], channels, values });
}

/** The time of every row that is not blank, and its number in the file. */
function readTimes(table: Table, timeOf: (record: string[], row: number) => number) {
  const times: number[] = [];
  const rows: number[] = [];
  table.rows.forEach((record, index) => {
    if (isBlank(record)) return;
    const row = table.firstRow + index;
    if (record.length !== table.header.length) {
      throw new CsvError(
        `expected ${table.header.length} cells as in the header, got ${record.length}. Is the row cut off, or a delimiter in a number?`,
        row,
      );
    }
    const time = timeOf(record, row);
    const before = times.at(-1);
    if (before !== undefined && time <= before) {
      const text = new Date(time).toISOString();
      throw new CsvError(
        time === before
          ? `the time ${text} appears twice, here and in row ${rows.at(-1)}. Remove one.`
          : `times must increase, got ${text} after ${new Date(before).toISOString()}. Sort the file.`,
        row,
      );
    }
    times.push(time);
    rows.push(row);
  });
  if (times.length === 0) throw new CsvError('expected rows of data below the header, got none.');
  return { times, rows };
}

/** The even axis that holds all times. */
function evenGrid(times: number[], rows: number[], given: number | undefined) {
  const start = times[0]!;
  let step = given ?? Number.POSITIVE_INFINITY;
  if (given === undefined) {
    for (let i = 1; i < times.length; i++) step = Math.min(step, times[i]! - times[i - 1]!);
    if (times.length === 1) throw new CsvError('a single row has no step. Give step [ms].');
  }
  const length = Math.floor((times.at(-1)! - start) / step) + 1;
  if (given === undefined && length > Math.max(1000, MAX_SPARSENESS * times.length)) {
    throw new CsvError(
      `${times.length} rows at steps of ${step} ms would make ${length} samples. Is a time wrong? Else give step [ms].`,
    );
  }
  for (let i = 1; i < times.length; i++) {
    if ((times[i]! - start) % step !== 0) {
      throw new CsvError(
        `times must be even, got ${new Date(times[i]!).toISOString()}, which is no multiple of ${step} ms after the first row. Resample the file, or give step [ms].`,
        rows[i],
      );
    }
  }
  return { start, step, length };
}

/** Reads a number with the decimal sign `decimal`; NaN if the cell holds none. */
function numberReader(decimal: '.' | ','): (cell: string) => number {
  if (decimal === '.') {
    return (cell) => {
      const trimmed = cell.trim();
      return DECIMAL_POINT.test(trimmed) ? Number(trimmed) : Number.NaN;
    };
  }
  return (cell) => {
    const trimmed = cell.trim();
    return DECIMAL_COMMA.test(trimmed) ? Number(trimmed.replace(',', '.')) : Number.NaN;
  };
}

function converter(scale: CsvColumn['scale']): (value: number) => number {
  if (scale === undefined) return (value) => value;
  return typeof scale === 'number' ? (value) => value * scale : scale;
}
