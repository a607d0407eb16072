// The text of a CSV file as a header and rows of cells: papaparse does the parsing, this checks the outcome.

import Papa from 'papaparse';
import { CsvError } from './csv-error.ts';

/** The longest text [characters] and the most rows that are read. */
const MAX_CHARACTERS = 2 ** 28;
export const MAX_ROWS = 5_000_000;

/** A parsed CSV file. */
export interface Table {
  /** Names, trimmed, in the order of the columns. */
  header: string[];
  /** Every record after the header, blank ones included, so that `rows[i]` is row `firstRow + i` of the file. */
  rows: string[][];
  /** Row number of `rows[0]` in the file, from 1. */
  firstRow: number;
}

/**
 * Parses `text`. Where no delimiter is given, it is the one of `guesses` that finds the most of the `wanted`
 * names in the header.
 * @throws CsvError for a missing header, broken quotes, or more rows than can be
 */
export function parseTable(
  text: string,
  delimiter: string | undefined,
  { guesses, wanted }: { guesses: string[]; wanted: string[] },
): Table {
  if (text.length > MAX_CHARACTERS) {
    throw new CsvError(`expected at most ${MAX_CHARACTERS} characters, got ${text.length}. Split the file.`);
  }
  const plain = text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n');
  const result = Papa.parse<string[]>(plain, {
    delimiter: delimiter ?? guessDelimiter(plain, guesses, wanted),
    newline: '\n',
    preview: MAX_ROWS + 1,
  });
  const records = result.data;
  if (records.length > MAX_ROWS) throw new CsvError(`expected at most ${MAX_ROWS} rows. Split the file.`);
  for (const { type, message, row } of result.errors) {
    if (type !== 'Quotes') continue;
    throw new CsvError(`broken quotes: ${message.toLowerCase()}.`, row === undefined ? undefined : row + 1);
  }
  const at = records.findIndex((record) => !isBlank(record));
  if (at < 0) throw new CsvError('expected a header with the names of the columns, got an empty file.');
  const header = records[at]!.map((name) => name.trim());
  return { header, rows: records.slice(at + 1), firstRow: at + 2 };
}

function guessDelimiter(text: string, guesses: string[], wanted: string[]): string {
  const header = text.slice(Math.max(0, text.search(/\S/)));
  let best = guesses[0]!;
  let most = -1;
  for (const delimiter of guesses) {
    const cells = Papa.parse<string[]>(header, { delimiter, newline: '\n', preview: 1 }).data[0] ?? [];
    const names = new Set(cells.map((cell) => cell.trim()));
    // Names count first; where none is found, the most cells make the more helpful message.
    const score = wanted.filter((name) => names.has(name.trim())).length + cells.length / (header.length + 2);
    if (score > most) [best, most] = [delimiter, score];
  }
  return best;
}

/** Whether a record is an empty line, or one of delimiters and blanks only. */
export function isBlank(record: string[]): boolean {
  return record.every((cell) => cell.trim() === '');
}

/** Position of the column called `name`. @throws CsvError with the names there are */
export function findColumn(header: string[], name: string): number {
  const wanted = name.trim();
  const at = header.indexOf(wanted);
  if (at < 0) {
    const names = header.slice(0, 40).map((each) => JSON.stringify(each.slice(0, 60)));
    throw new CsvError(
      `expected a column ${JSON.stringify(wanted)}, got ${names.join(', ')}. Is the delimiter right?`,
    );
  }
  if (header.indexOf(wanted, at + 1) >= 0) {
    throw new CsvError(`expected one column ${JSON.stringify(wanted)}, got several. Rename one.`);
  }
  return at;
}
