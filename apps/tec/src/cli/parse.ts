// Turns the text of command-line options into values, each refusal one sentence that says what is wanted.

import { HOUR } from '@tidecast/data';
import { InvalidArgumentError } from 'commander';

/** A parser of a length of time such as `2h`, `90min` or `30m` [ms], for commander. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(h|min|m)$/.exec(text.trim());
  const value = match ? Number(match[1]) * (match[2] === 'h' ? HOUR : HOUR / 60) : Number.NaN;
  if (!(value > 0 && Number.isInteger(value) && value <= 24 * HOUR)) {
    throw new InvalidArgumentError('It must be a length of time up to 24h, such as 2h or 30min.');
  }
  return value;
}

/** A parser of a date `YYYY-MM-DD` [ms UTC], for commander. */
export function date(text: string): number {
  const value = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00Z`) : Number.NaN;
  if (!Number.isFinite(value) || new Date(value).toISOString().slice(0, 10) !== text) {
    throw new InvalidArgumentError('It must be a date such as 2035-01-15.');
  }
  return value;
}
