// Taking series apart and putting them together. Every function makes a new series.

import {
  type Channel,
  channelIndex,
  createSeries,
  endOf,
  lengthOf,
  type Series,
  sampleSize,
  timeAt,
} from '../series.ts';
import { duration, instant } from './text.ts';

/** The channels called `names`, in that order. @throws if one is absent or the series holds maps. */
export function selectChannels(series: Series, names: readonly string[]): Series {
  checkChannels('selectChannels', series);
  const columns = names.map((name) => channelIndex(series, name));
  const size = sampleSize(series);
  const T = lengthOf(series);
  const values = new Float32Array(T * columns.length);
  for (let t = 0; t < T; t++) {
    for (const [c, column] of columns.entries())
      values[t * columns.length + c] = series.values[t * size + column]!;
  }
  return createSeries({
    ...series,
    shape: [columns.length],
    channels: columns.map((column) => series.channels[column]!),
    values,
  });
}

/** The same series with one channel called `to` instead of `name`. */
export function renameChannel(series: Series, name: string, to: string): Series {
  const column = channelIndex(series, name);
  const channels = series.channels.map((channel, c) => (c === column ? { ...channel, name: to } : channel));
  return createSeries({ ...series, channels });
}

/** The samples with `from ≤ time < to` [ms]; a view of the same values. @throws if there is none. */
export function sliceSeries(series: Series, from: number, to: number): Series {
  const first = Math.max(0, Math.ceil((from - series.start) / series.step));
  const end = Math.min(lengthOf(series), Math.ceil((to - series.start) / series.step));
  if (!(end > first)) {
    throw new Error(
      `sliceSeries: no sample from ${instant(from)} to ${instant(to)}; the series covers ${instant(series.start)} to ` +
        `${instant(endOf(series))}.`,
    );
  }
  const size = sampleSize(series);
  return {
    ...series,
    start: timeAt(series, first),
    values: series.values.subarray(first * size, end * size),
  };
}

/**
 * All channels of several series side by side, from the earliest start to the latest end; NaN where a series has ended
 * or not begun. So a channel known in advance may reach past the observations.
 * @throws if steps differ, or sample times do not fall on each other.
 */
export function joinChannels(...parts: readonly Series[]): Series {
  const first = parts[0];
  if (!first) throw new Error('joinChannels: expected at least one series, got none.');
  for (const part of parts) {
    checkChannels('joinChannels', part);
    checkSameGrid('joinChannels', first, part);
  }
  const start = Math.min(...parts.map((part) => part.start));
  const end = Math.max(...parts.map(endOf));
  const T = Math.round((end - start) / first.step);
  const C = parts.reduce((sum, part) => sum + part.channels.length, 0);
  const values = new Float32Array(T * C).fill(Number.NaN);
  let column = 0;
  for (const part of parts) {
    const size = part.channels.length;
    const offset = Math.round((part.start - start) / first.step);
    for (let t = 0; t < lengthOf(part); t++) {
      for (let c = 0; c < size; c++) values[(t + offset) * C + column + c] = part.values[t * size + c]!;
    }
    column += size;
  }
  return createSeries({
    start,
    step: first.step,
    shape: [C],
    channels: parts.flatMap((part): readonly Channel[] => part.channels),
    values,
  });
}

/** The most samples that a gap may add. */
const MAX_GAP = 2 ** 22;

/**
 * Several series of the same channels one after the other, in order of time; a gap between them becomes NaN.
 * @throws if they overlap, differ in step, channels or grid, or a gap is absurdly long.
 */
export function concatSeries(parts: readonly Series[]): Series {
  const sorted = [...parts].sort((a, b) => a.start - b.start);
  const first = sorted[0];
  if (!first) throw new Error('concatSeries: expected at least one series, got none.');
  const kind = (series: Series) => JSON.stringify([series.channels, series.shape, series.grid]);
  for (const [i, part] of sorted.entries()) {
    checkSameGrid('concatSeries', first, part);
    if (kind(part) !== kind(first)) {
      throw new Error(
        'concatSeries: all series must have the same channels, units and grid. Select or convert first.',
      );
    }
    const before = sorted[i - 1];
    if (before && part.start < endOf(before)) {
      throw new Error(
        `concatSeries: a series begins at ${instant(part.start)}, before the one before it ends ` +
          `(${instant(endOf(before))}). Slice one of them.`,
      );
    }
  }
  const size = sampleSize(first);
  const T = Math.round((endOf(sorted.at(-1)!) - first.start) / first.step);
  if (T > MAX_GAP + sorted.reduce((sum, part) => sum + lengthOf(part), 0)) {
    throw new Error(`concatSeries: the gaps would add more than ${MAX_GAP} samples. Is a date wrong?`);
  }
  const values = new Float32Array(T * size).fill(Number.NaN);
  for (const part of sorted)
    values.set(part.values, Math.round((part.start - first.start) / first.step) * size);
  return createSeries({ ...first, values });
}

function checkChannels(what: string, series: Series): void {
  if (series.grid)
    throw new Error(`${what}: expected a series of channels, got maps. Take stations out of them first.`);
}

function checkSameGrid(what: string, a: Series, b: Series): void {
  if (a.step !== b.step) {
    throw new Error(
      `${what}: steps must be the same, got ${duration(a.step)} and ${duration(b.step)}. Resample one.`,
    );
  }
  if ((b.start - a.start) % a.step !== 0) {
    throw new Error(
      `${what}: sample times must fall on each other, got ${instant(a.start)} and ${instant(b.start)} with a step of ` +
        `${duration(a.step)}. Resample one.`,
    );
  }
}
