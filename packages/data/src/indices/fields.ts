// Fields of text rows: numbers, dates and lines, checked.

import { DAY } from '../series.ts';
import { IndexError } from './index-error.ts';

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;

/** The longest text that is read [characters]; all of OMNI2 since 1963 has 0.2 billion. */
const MAX_CHARACTERS = 2 ** 28;

/** First and last year a row may have: no index here began before 1868. */
const FIRST_YEAR = 1868;
const LAST_YEAR = 2199;

/** A shortened, printable form of `text` for messages. */
export function quote(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return JSON.stringify(short);
}

/** The lines of `text`, without line ends and byte order mark. @throws IndexError if it is absurdly long. */
export function linesOf(text: string): string[] {
  if (text.length > MAX_CHARACTERS) {
    throw new IndexError(
      `expected at most ${MAX_CHARACTERS} characters, got ${text.length}. Split the file.`,
    );
  }
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  return (start ? text.slice(1) : text).split(/\r\n|\n|\r/);
}

/** The number written in `text`, blanks around it allowed. @throws IndexError */
export function parseNumber(text: string, what: string, line: number): number {
  const trimmed = text.trim();
  if (!NUMBER.test(trimmed)) throw new IndexError(`${what} must be a number, got ${quote(trimmed)}.`, line);
  return Number(trimmed);
}

/** The whole number written in `text`. @throws IndexError */
export function parseInteger(text: string, what: string, line: number): number {
  const value = parseNumber(text, what, line);
  if (!Number.isInteger(value))
    throw new IndexError(`${what} must be a whole number, got ${quote(text)}.`, line);
  return value;
}

/** Columns `first` to `last` of a fixed-width line, counted from 1 as in format descriptions. */
export function columns(line: string, first: number, last: number): string {
  return line.slice(first - 1, last);
}

/** Start [ms] of a UT day. @throws IndexError if there is no such day. */
export function dayStart(year: number, month: number, day: number, line: number): number {
  checkYear(year, line);
  const time = Date.UTC(year, month - 1, day);
  const date = new Date(time);
  if (!(date.getUTCMonth() === month - 1 && date.getUTCDate() === day)) {
    throw new IndexError(`expected a date, got year ${year}, month ${month}, day ${day}.`, line);
  }
  return time;
}

/** Start [ms] of a UT day given by its number in the year, from 1. @throws IndexError */
export function dayOfYearStart(year: number, dayOfYear: number, line: number): number {
  checkYear(year, line);
  const first = Date.UTC(year, 0, 1);
  const days = (Date.UTC(year + 1, 0, 1) - first) / DAY;
  if (!(dayOfYear >= 1 && dayOfYear <= days)) {
    throw new IndexError(`day of the year must be in 1 … ${days}, got ${dayOfYear} in ${year}.`, line);
  }
  return first + (dayOfYear - 1) * DAY;
}

/** @throws IndexError if no index can have values of that year. */
export function checkYear(year: number, line: number): void {
  if (!(year >= FIRST_YEAR && year <= LAST_YEAR)) {
    throw new IndexError(`year must be in ${FIRST_YEAR} … ${LAST_YEAR}, got ${year}.`, line);
  }
}

/** The year of two digits `yy`, taken from `first` on: with 1932, 32 … 99 are 19yy and 0 … 31 are 20yy. */
export function fullYear(yy: number, first: number): number {
  const year = first - (first % 100) + yy;
  return year < first ? year + 100 : year;
}
