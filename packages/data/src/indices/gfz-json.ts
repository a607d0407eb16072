// Kp, ap and F10.7 as the JSON of GFZ's web service.
// Layout: https://kp.gfz.de/app/format/json.txt.

import { parseIsoTime } from '../csv/iso-time.ts';
import { DAY, HOUR } from '../series.ts';
import { createCollector } from './collect.ts';
import { checkYear, quote } from './fields.ts';
import { IndexError } from './index-error.ts';
import { kpFromDecimal } from './kp-codes.ts';
import type { IndexName, IndexOptions, Indices } from './types.ts';

/** Keys of the service, and what they hold. */
const KEYS: readonly [key: string, name: IndexName, interval: number][] = [
  ['Kp', 'kp', 3 * HOUR],
  ['ap', 'ap', 3 * HOUR],
  ['Fobs', 'f107', DAY],
  ['Fadj', 'f107Adjusted', DAY],
];

/**
 * Reads the JSON of GFZ's web service: `datetime`, one or more of `Kp`, `ap`, `Fobs`, `Fadj`, and `status`.
 * `datetime` is the start of the interval; null and −1 are missing. `status` tells definitive ('def') from
 * preliminary values. A warning's or error's line is the position in `datetime`, from 1.
 * @throws IndexError for broken JSON, lists of different lengths, impossible values, times out of order or twice
 */
export function readKpGfzJson(text: string, options: IndexOptions = {}): Indices {
  const collector = createCollector('gfz-json', options);
  const root = parseJson(text);
  const times = listOf(root, 'datetime');
  const present = KEYS.filter(([key]) => Object.hasOwn(root, key));
  if (present.length === 0) {
    const keys = Object.keys(root).slice(0, 8).map(quote).join(', ');
    throw new IndexError(`expected one of Kp, ap, Fobs, Fadj in the JSON, got only ${keys}.`);
  }
  const lists = present.map(([key]) => listOf(root, key));
  const status = Object.hasOwn(root, 'status') ? listOf(root, 'status') : undefined;
  present.forEach(([key], k) => {
    checkLength(key, lists[k]!, times);
  });
  if (status) checkLength('status', status, times);
  times.forEach((datetime, i) => {
    const line = i + 1;
    collector.row(line, () => {
      const time = typeof datetime === 'string' ? parseIsoTime(datetime) : Number.NaN;
      if (Number.isNaN(time)) {
        throw new IndexError(`datetime must be like 2022-01-01T03:00:00Z, got ${show(datetime)}.`, line);
      }
      checkYear(new Date(time).getUTCFullYear(), line);
      const definitive = status ? readStatus(status[i], line) : undefined;
      present.forEach(([key, name, interval], k) => {
        if (interval < DAY && time % interval !== 0) {
          throw new IndexError(`datetime of ${key} must be 0, 3 … 21 h, got ${show(datetime)}.`, line);
        }
        collector.put(name, time, readValue(key, lists[k]![i], line), definitive);
      });
      return time;
    });
  });
  return collector.finish();
}

function parseJson(text: string): Record<string, unknown> {
  let root: unknown;
  try {
    root = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch {
    throw new IndexError('expected JSON, got text that is not. Is the file cut off?');
  }
  if (typeof root !== 'object' || root === null || Array.isArray(root)) {
    throw new IndexError('expected a JSON object with datetime and Kp, got something else.');
  }
  return root as Record<string, unknown>;
}

function listOf(root: Record<string, unknown>, key: string): unknown[] {
  const list = Object.hasOwn(root, key) ? root[key] : undefined;
  if (!Array.isArray(list)) throw new IndexError(`expected a list '${key}' in the JSON, got ${show(list)}.`);
  return list;
}

function checkLength(key: string, list: unknown[], times: unknown[]): void {
  if (list.length !== times.length) {
    throw new IndexError(
      `expected as many values of ${key} as times, got ${list.length} and ${times.length}. Is the file cut off?`,
    );
  }
}

function readStatus(status: unknown, line: number): boolean | undefined {
  if (status === null || status === '') return undefined;
  if (typeof status !== 'string') {
    throw new IndexError(`status must be a text such as 'def' or 'pre', got ${show(status)}.`, line);
  }
  return status === 'def';
}

function readValue(key: string, value: unknown, line: number): number {
  if (value === null || value === -1) return Number.NaN;
  if (typeof value !== 'number') throw new IndexError(`${key} must be a number, got ${show(value)}.`, line);
  if (key !== 'Kp') return value;
  const kp = kpFromDecimal(value);
  if (Number.isNaN(kp)) throw new IndexError(`Kp must be in 0 … 9 in thirds, got ${value}.`, line);
  return kp;
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'object' && value !== null ? 'an object' : quote(String(value));
}
