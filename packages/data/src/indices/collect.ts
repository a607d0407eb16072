// Gathers readings row by row and lays them out as series: gaps become NaN, what cannot be is refused.
// Every reader shares it, so that order, duplicates, gaps and impossible values are judged in one place.

import { type Channel, createSeries, DAY, HOUR, type Series } from '../series.ts';
import { IndexError } from './index-error.ts';
import { isAp } from './kp-codes.ts';
import type { IndexFormat, IndexName, IndexOptions, IndexWarning, Indices } from './types.ts';

const MAX_WARNINGS = 100;
/** With more damaged rows than this, lenient reading gives up: the file is something else. */
const MAX_DAMAGED = 10_000;
/** A longer hole between two readings is taken for a wrong date. */
const MAX_GAP = 10 * 366 * DAY;

interface Kind {
  unit: string;
  interval: number;
  /** What the value must be, for messages. */
  expected: string;
  allows(value: number): boolean;
}

const KINDS: Record<IndexName, Kind> = {
  kp: {
    unit: '1',
    interval: 3 * HOUR,
    expected: 'in 0 … 9 in thirds',
    allows: (value) => value >= 0 && value <= 9,
  },
  ap: { unit: '2 nT', interval: 3 * HOUR, expected: 'one of 0, 2, 3 … 300, 400', allows: isAp },
  f107: { unit: 'sfu', interval: DAY, expected: 'in 20 … 2000 sfu', allows: isFlux },
  f107Adjusted: { unit: 'sfu', interval: DAY, expected: 'in 20 … 2000 sfu', allows: isFlux },
  dst: {
    unit: 'nT',
    interval: HOUR,
    expected: 'in −3000 … 1000 nT',
    allows: (value) => value >= -3000 && value <= 1000,
  },
};

function isFlux(value: number): boolean {
  return value >= 20 && value <= 2000;
}

/** The readings of one index so far, in the order of the file. */
interface Readings {
  times: number[];
  values: number[];
  definitive: (boolean | undefined)[];
  lines: number[];
}

/** Takes the rows of a file, one after the other. */
export interface Collector {
  /**
   * Reads one row that starts at line `line`. `parse` calls `put` for what it finds and returns the row's time;
   * if it throws an IndexError, a strict collector passes it on and a lenient one drops the row with a warning.
   */
  row(line: number, parse: () => number): void;
  /**
   * Adds a reading of the row at hand: the value of `name` for the interval that holds `time` [ms].
   * NaN is a missing value; `definitive` absent means that the file does not tell.
   */
  put(name: IndexName, time: number, value: number, definitive?: boolean): void;
  /** Something is wrong with the file: thrown in strict reading, a warning in lenient reading. */
  fault(message: string, line?: number): void;
  /** Counts something left out. */
  skip(what: keyof Indices['skipped']): void;
  /** The series. @throws IndexError if there were no rows, or contradictory ones. */
  finish(): Indices;
}

/** A collector for a file of `format`. */
export function createCollector(format: IndexFormat, options: IndexOptions = {}): Collector {
  const { lenient = false } = options;
  const readings: Partial<Record<IndexName, Readings>> = {};
  const warnings: IndexWarning[] = [];
  const skipped = { predicted: 0, interpolated: 0, damaged: 0 };
  const seen = new Set<number>();
  let latest = Number.NEGATIVE_INFINITY;
  let unsorted = false;
  let unshown = 0;
  let currentLine = 0;
  let firstError: IndexError | undefined;

  const fault = (message: string, line?: number) => object(new IndexError(message, line));

  function warn(message: string, line?: number): void {
    if (warnings.length >= MAX_WARNINGS - 1) unshown++;
    else warnings.push(line === undefined ? { message } : { line, message });
  }

  /** Throws in strict reading, warns in lenient reading. */
  function object(error: IndexError): void {
    if (!lenient) throw error;
    firstError ??= error;
    warn(error.message, error.line);
  }

  function put(name: IndexName, time: number, value: number, definitive?: boolean): void {
    const { interval, expected, allows } = KINDS[name];
    if (!Number.isNaN(value) && !allows(value)) {
      throw new IndexError(`${name} must be ${expected}, got ${value}.`, currentLine);
    }
    readings[name] ??= { times: [], values: [], definitive: [], lines: [] };
    const list = readings[name];
    list.times.push(Math.floor(time / interval) * interval);
    list.values.push(value);
    list.definitive.push(definitive);
    list.lines.push(currentLine);
  }

  function accept(time: number): void {
    if (seen.has(time)) {
      throw new IndexError(`${timeText(time)} appears twice. Remove one of the rows.`, currentLine);
    }
    if (time < latest) {
      fault(`rows must be in order of time, got ${timeText(time)} after ${timeText(latest)}.`, currentLine);
      unsorted = true;
    }
    seen.add(time);
    latest = Math.max(latest, time);
  }

  function row(line: number, parse: () => number): void {
    currentLine = line;
    const before = Object.fromEntries(
      Object.entries(readings).map(([name, list]) => [name, list.times.length]),
    );
    try {
      accept(parse());
    } catch (error) {
      if (!lenient || !(error instanceof IndexError)) throw error;
      for (const [name, list] of Object.entries(readings)) truncate(list, before[name] ?? 0);
      skipped.damaged++;
      object(error);
      if (skipped.damaged > MAX_DAMAGED) {
        const first = firstError?.message ?? error.message;
        throw new IndexError(`more than ${MAX_DAMAGED} damaged rows; the first one: ${first}`, line);
      }
    }
  }

  /** The readings of one index on an even axis. */
  function layOut(name: IndexName, list: Readings): { series: Series; definitive?: Uint8Array } {
    const { unit, interval } = KINDS[name];
    const { times, values } = list;
    let order: number[] | undefined;
    if (unsorted) order = times.map((_, i) => i).sort((a, b) => times[a]! - times[b]! || a - b);
    const at = (i: number) => (order ? order[i]! : i);
    const start = times[at(0)]!;
    for (let i = 1; i < times.length; i++) {
      const gap = times[at(i)]! - times[at(i - 1)]!;
      if (gap > MAX_GAP) {
        throw new IndexError(
          `expected no gap longer than 10 years, got ${Math.round(gap / (365.25 * DAY))} years before ${timeText(times[at(i)]!)}. Is a date wrong?`,
          list.lines[at(i)],
        );
      }
    }
    const length = (times[at(times.length - 1)]! - start) / interval + 1;
    const laid = new Float32Array(length).fill(Number.NaN);
    const flags = list.definitive.some((flag) => flag !== undefined) ? new Uint8Array(length) : undefined;
    for (let i = 0; i < times.length; i++) {
      const slot = (times[i]! - start) / interval;
      if (Number.isNaN(values[i]!)) continue;
      const value = Math.fround(values[i]!);
      if (Number.isNaN(laid[slot]!)) {
        laid[slot] = value;
        if (flags) flags[slot] = list.definitive[i] ? 1 : 0;
      } else if (laid[slot] !== value) {
        fault(
          `${name} must be one value over its interval of ${interval / HOUR} h from ${timeText(times[i]!)}, got ${laid[slot]} and ${value}.`,
          list.lines[i],
        );
      }
    }
    const channel: Channel = { name, unit, interval };
    const latency = typeof options.latency === 'number' ? options.latency : options.latency?.[name];
    if (latency) channel.latency = latency;
    const series = createSeries({ start, step: interval, shape: [1], channels: [channel], values: laid });
    return flags ? { series, definitive: flags } : { series };
  }

  function finish(): Indices {
    if (seen.size === 0) {
      if (firstError) throw new IndexError(`no row could be read; the first one: ${firstError.message}`);
      const what = skipped.predicted ? `only ${skipped.predicted} predicted rows` : 'none';
      throw new IndexError(`expected rows of format '${format}', got ${what}.`);
    }
    const result: Indices = { format, definitive: {}, rows: seen.size, skipped, warnings };
    for (const name of Object.keys(KINDS) as IndexName[]) {
      const list = readings[name];
      if (!list?.times.length) continue;
      const { series, definitive } = layOut(name, list);
      result[name] = series;
      if (definitive) result.definitive[name] = definitive;
    }
    if (unshown) warnings.push({ message: `and ${unshown} more warnings` });
    return result;
  }

  return { row, put, fault, skip: (what) => void skipped[what]++, finish };
}

function truncate(list: Readings, length: number): void {
  list.times.length = length;
  list.values.length = length;
  list.definitive.length = length;
  list.lines.length = length;
}

function timeText(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}
