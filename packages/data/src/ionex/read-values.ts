// The bulk of a file: rows of whole numbers, sixteen to a line, five columns each. This is the hot loop,
// so it works on bytes, and only a line that is not exactly as it should be is looked at as text.

import { ROW_LABEL } from './labels.ts';
import { acceptLine, isBlank, type Lines, lineText, nextLine } from './lines.ts';
import { deviation, failure, quote, type Reader, readLabelled } from './reader.ts';

const PER_LINE = 16;
const WIDTH = 5;
const MISSING = 9999;
const BLANK = 32;
const MINUS = 45;
const ZERO = 48;
/** What Fortran writes when a number does not fit its field. */
const OVERFLOW = /^\*+$/;

/** Where a row of values goes. */
export interface Row {
  target: Float32Array;
  offset: number;
  count: number;
  exponent: number;
}

/** Reads the values of one row; missing ones become NaN. @throws IonexError where the row is damaged. */
export function readValues(reader: Reader, row: Row): void {
  const { lines } = reader;
  const { count } = row;
  const scale = 10 ** Math.abs(row.exponent);
  const up = row.exponent > 0;
  let done = 0;
  while (done < count) {
    const wanted = Math.min(PER_LINE, count - done);
    if (readLine(lines, row.target, { offset: row.offset + done, wanted, scale, up })) {
      done += wanted;
      continue;
    }
    if (!nextLine(lines)) {
      throw failure(
        reader,
        `the file ends within a row of values, after ${done} of ${count}. Was the download cut off?`,
      );
    }
    done += readOddLine(reader, row, done);
  }
}

/**
 * Moves to the next line and reads `wanted` numbers in fixed columns. False if anything about the line is unusual;
 * then nothing counts as read, and the line is still the next.
 */
function readLine(
  lines: Lines,
  target: Float32Array,
  at: { offset: number; wanted: number; scale: number; up: boolean },
): boolean {
  const { bytes, next } = lines;
  const { offset, wanted, scale, up } = at;
  const length = bytes.length;
  const stop = next + wanted * WIDTH;
  if (stop > length) return false;
  for (let p = next, i = offset; p < stop; i++) {
    // Right-justified: blanks, perhaps a minus sign, then digits up to the field's last column.
    const fieldEnd = p + WIDTH;
    let byte = bytes[p]!;
    while (byte === BLANK && p < fieldEnd - 1) byte = bytes[++p]!;
    const negative = byte === MINUS && p < fieldEnd - 1;
    if (negative) byte = bytes[++p]!;
    let value = 0;
    for (;;) {
      const digit = byte - ZERO;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
      if (++p === fieldEnd) break;
      byte = bytes[p]!;
    }
    if (value === MISSING && !negative) target[i] = Number.NaN;
    else {
      if (negative) value = 0 - value;
      target[i] = up ? value * scale : value / scale;
    }
  }
  let end = stop;
  while (end < length && bytes[end] === BLANK) end++;
  return acceptLine(lines, end);
}

/** Reads a line of values that is not as the standard wants it. Returns how many it held. */
function readOddLine(reader: Reader, row: Row, done: number): number {
  const { lines } = reader;
  if (isBlank(lines)) {
    deviation(reader, 'blank lines are not allowed');
    return 0;
  }
  const { label } = readLabelled(reader);
  if (label === 'COMMENT') {
    deviation(reader, 'a comment must not stand within a row of values');
    return 0;
  }
  if (label) {
    throw failure(
      reader,
      `expected ${row.count} values in the row, got ${done} before ${label === ROW_LABEL ? 'the next row' : label}. Is the file damaged?`,
    );
  }
  const text = lineText(lines).trimEnd();
  const left = row.count - done;
  const wanted = Math.min(PER_LINE, left);
  const columns = Array.from({ length: Math.ceil(text.length / WIDTH) }, (_, i) =>
    text.slice(i * WIDTH, i * WIDTH + WIDTH),
  );
  let words = columns;
  if (!columns.every((field) => field.length === WIDTH && isField(field.trimStart()))) {
    words = text.trim().split(/\s+/);
    const bad = words.findIndex((word) => !isField(word));
    if (bad >= 0) {
      const column = columns.findIndex((field) => !isField(field.trim()));
      throw failure(
        reader,
        `value ${done + column + 1} of the row must be a whole number in columns ${column * WIDTH + 1}–${column * WIDTH + WIDTH}, got ${quote(columns[column] ?? words[bad]!)}. Is the file damaged?`,
      );
    }
    if (words.length !== wanted) {
      throw failure(
        reader,
        `expected ${wanted} values in columns of five, got ${words.length} outside these columns. Is the file damaged?`,
      );
    }
    deviation(reader, 'values must stand in columns of five');
  }
  if (words.length > left) {
    throw failure(
      reader,
      `expected ${row.count} values in the row, got ${words.length - left} more. Is the file damaged?`,
    );
  }
  if (words.length !== wanted)
    deviation(reader, 'a line must hold sixteen values, the last of a row the rest');
  words.forEach((word, i) => {
    const trimmed = word.trim();
    const overflow = OVERFLOW.test(trimmed);
    if (overflow) deviation(reader, 'a value did not fit its field (*****) and is taken as missing');
    const value = overflow ? MISSING : Number(trimmed) + 0;
    row.target[row.offset + done + i] =
      value === MISSING
        ? Number.NaN
        : row.exponent > 0
          ? value * 10 ** row.exponent
          : value / 10 ** -row.exponent;
  });
  return words.length;
}

function isField(word: string): boolean {
  return /^[-+]?\d{1,6}$/.test(word) || OVERFLOW.test(word);
}
