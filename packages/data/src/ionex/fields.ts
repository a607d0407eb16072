// Numbers in fixed columns. Fields may touch (`87.5-180.0`), so blanks cannot separate them; but columns may also
// be off by one in files that were edited by hand, and then blanks are the better guide.

import { deviation, failure, quote, type Reader } from './reader.ts';

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)([eEdD][-+]?\d{1,2})?$/;

/** The number in `text`, or NaN if it is none. Fortran's D exponents count. */
function parseNumber(text: string): number {
  const trimmed = text.trim();
  return NUMBER.test(trimmed) ? Number(trimmed.replace(/d/i, 'e')) : Number.NaN;
}

/** Numbers in columns of `width` after `skip` columns. @throws IonexError if they are not there. */
export function readNumbers(
  reader: Reader,
  content: string,
  layout: { count: number; skip: number; width: number; what: string },
): number[] {
  const { count, skip, width, what } = layout;
  const fields = Array.from({ length: count }, (_, i) =>
    content.slice(skip + i * width, skip + (i + 1) * width),
  );
  const numbers = fields.map(parseNumber);
  // A column border may cut a number in two: then there is a digit or point on either side of it. So it is with full
  // fields that touch, but those have one decimal each.
  const cut = fields.some((field, i) => /[\d.]$/.test(field) && /^[\d.]/.test(fields[i + 1] ?? ''));
  const straddled =
    /\S/.test(content.slice(0, skip)) || (cut && !fields.every((field) => /^ *-?\d*\.\d$/.test(field)));
  const used = skip + count * width;
  if (!straddled && !numbers.some(Number.isNaN) && content.slice(used).trim() === '') return numbers;

  const words = content.trim().split(/\s+/);
  const loose = words.map(parseNumber);
  if (words.length === count && !loose.some(Number.isNaN)) {
    deviation(reader, `${what} must stand in columns of ${width}`);
    return loose;
  }
  // What follows the last column is foreign, but the numbers are all there.
  if (!straddled && !numbers.some(Number.isNaN)) {
    deviation(reader, `${what} must be ${count} numbers and nothing else`);
    return numbers;
  }
  throw failure(
    reader,
    `${what} must be ${count} numbers in columns of ${width}, got ${quote(content.trimEnd())}. Is the file damaged?`,
  );
}

/** One number. @throws IonexError if it is not there, or not whole where `whole` is set. */
export function readNumber(reader: Reader, content: string, what: string, whole: boolean): number {
  const word = content.trim().split(/\s+/)[0]!;
  const number = parseNumber(word);
  if (!Number.isFinite(number) || (whole && !Number.isInteger(number))) {
    throw failure(
      reader,
      `${what} must be a ${whole ? 'whole ' : ''}number, got ${quote(content.trim())}. Is the file damaged?`,
    );
  }
  return number;
}

/**
 * A time [ms UTC] from year, month, day, hour, minute and second in columns of six.
 * Hour 24, minute 60 and second 60 mean the next unit's start, as archives write them.
 * @throws IonexError for what is no time.
 */
export function readEpoch(reader: Reader, content: string, what: string): number {
  const fields = readNumbers(reader, content, { count: 6, skip: 0, width: 6, what });
  let year = fields[0]!;
  const [, month, day, hour, minute, second] = fields as [number, number, number, number, number, number];
  if (year >= 0 && year < 100 && Number.isInteger(year)) {
    deviation(reader, `${what} must have a year of four digits`);
    year += year < 80 ? 2000 : 1900;
  }
  const whole = [year, month, day, hour, minute].every(Number.isInteger);
  const daysInMonth = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const valid =
    year >= 1900 &&
    year <= 2200 &&
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysInMonth &&
    hour >= 0 &&
    (hour < 24 || (hour === 24 && minute === 0 && second === 0)) &&
    minute >= 0 &&
    (minute < 60 || (minute === 60 && second === 0)) &&
    second >= 0 &&
    second <= 60;
  if (!whole || !valid) {
    throw failure(
      reader,
      `${what} must be a time (year month day hour minute second), got ${quote(content.trim())}. Is the file damaged?`,
    );
  }
  return Date.UTC(year, month - 1, day, hour, minute) + Math.round(second * 1000);
}
