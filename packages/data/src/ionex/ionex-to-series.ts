// Days of map files become one Series: the midnight that two files share is kept once, gaps become NaN.

import { type Channel, createSeries, DAY, HOUR, type Series } from '../series.ts';
import { checkFiles, nameOf } from './check-files.ts';
import { fillSeries, type SeriesGap } from './fill-series.ts';
import { IonexError } from './ionex-error.ts';
import type { IonexFile, IonexKind } from './ionex-file.ts';
import { type MergedMap, mergeEpochs, type RepeatChoice, type RepeatedMap } from './merge-epochs.ts';

/** How to join files. */
export interface IonexToSeriesOptions {
  /** Which maps to take; default `'tec'`. */
  kind?: IonexKind;
  /**
   * The file whose map counts where one file ends at the time at which the next begins (24:00 is the next day's 00:00):
   * the `'next'` file (default), the `'previous'`, or the `'mean'` of both.
   */
  midnight?: RepeatChoice;
  /**
   * The same for files that overlap further, such as two products of one day. By default (`'refuse'`) such maps must be
   * equal. Files are ordered by their first map, then by their last.
   */
  overlap?: 'refuse' | RepeatChoice;
  /**
   * What to do if the time between maps differs between files, or within one, or their times do not fall on one
   * even sequence: `'refuse'` (default), or resample to maps every `resampleTo` ms. Maps that stand at the new times are taken as
   * they are, which looks at nothing later; in between, maps are interpolated linearly in time, which does: then
   * the channel says so by its `latency`.
   */
  onStepChange?: 'refuse' | { resampleTo: number };
  /** Longest time without maps [ms] that may be filled with NaN; default 31 days. */
  maxGap?: number;
  /** Which layer [km] of three-dimensional files. */
  heightKm?: number;
}

/** A series of maps and what was done to make it. */
export interface IonexSeries {
  /** One channel, `[T, latitudes, longitudes]`; gaps are NaN. */
  series: Series;
  gaps: SeriesGap[];
  /** Every time for which more than one file had a map, and how far they were apart. */
  repeated: RepeatedMap[];
  /** Number of samples that are the mean of their neighbours in time, weighted by distance. */
  interpolated: number;
  /** Number of maps of the files that have no place in the series, because it is coarser. */
  leftOut: number;
}

const DEFAULT_MAX_GAP = 31 * DAY;
/** 2 GiB of values: more than this is a mistake in an epoch or a step. */
const MAX_VALUES = 2 ** 29;

/**
 * One evenly spaced series from any number of files, in any order.
 * @throws IonexError if the files do not fit together: other grids or heights, a change of step, different maps of
 *   one time where they may not differ, gaps longer than `maxGap`.
 */
export function ionexToSeries(files: readonly IonexFile[], options: IonexToSeriesOptions = {}): IonexSeries {
  const {
    kind = 'tec',
    midnight = 'next',
    overlap = 'refuse',
    onStepChange = 'refuse',
    maxGap = DEFAULT_MAX_GAP,
  } = options;
  const target = onStepChange === 'refuse' ? undefined : onStepChange.resampleTo;
  if (target !== undefined && !(Number.isSafeInteger(target) && target > 0)) {
    throw new Error(`ionexToSeries: resampleTo must be a positive number of ms, got ${target}.`);
  }
  const layer = checkFiles(files, kind, options.heightKm);
  const { maps, repeated } = mergeEpochs(files, { kind, midnight, overlap, layer });
  const step = target ?? commonStep(maps, files, kind);
  const anchor = anchorOf(maps, target);
  checkGaps(maps, maxGap);

  const first = maps[0]!;
  const last = maps[maps.length - 1]!;
  const start = anchor + Math.ceil((first.epoch - anchor) / step) * step;
  const count = Math.floor((last.epoch - start) / step) + 1;
  const { latitudes, longitudes } = files[0]!.grid;
  const size = latitudes.length * longitudes.length;
  if (count < 1) {
    throw new IonexError(
      `resampling to ${minutes(step)} leaves no map between ${iso(first.epoch)} and ${iso(last.epoch)}.`,
    );
  }
  if (count * size > MAX_VALUES) {
    throw new IonexError(
      `joining ${files.length} files would make ${count} maps of ${size} values, which is too large. Join fewer, or resample to a coarser step.`,
    );
  }
  const filled = fillSeries(maps, { start, step, count, size, interpolate: target !== undefined });
  const channel: Channel = { name: kind, unit: kind === 'height' ? 'km' : 'TECU' };
  if (filled.latency > 0) channel.latency = filled.latency;
  const heightKm = layer.heightKm;
  const series = createSeries({
    start,
    step,
    shape: [latitudes.length, longitudes.length],
    channels: [channel],
    values: filled.values,
    grid: { latitudes, longitudes, ...(kind === 'height' ? {} : { heightKm }) },
  });
  const { gaps, interpolated, leftOut } = filled;
  return { series, gaps, repeated, interpolated, leftOut };
}

/** The one step of all maps. @throws IonexError if there is none. */
function commonStep(maps: readonly MergedMap[], files: readonly IonexFile[], kind: IonexKind): number {
  const [first, second] = maps;
  if (!second) {
    const step = files[0]!.interval;
    return step > 0 ? step : HOUR;
  }
  // The step of a file is its shortest; a longer distance that is a multiple of it is a gap.
  const own = files.map((file) => ({ file, step: shortest(file.maps[kind].epochs) ?? 0 }));
  const finest = own.reduce((a, b) => (a.step === 0 || (b.step > 0 && b.step < a.step) ? b : a));
  let { step } = finest;
  // A file that lost maps may look coarser than its header says it is.
  const other = own.find((each) => each.step > 0 && each.step !== step && each.file.interval !== step);
  if (other) {
    throw new IonexError(
      `files must have one time between maps, got ${minutes(step)} in ${nameOf(finest.file)} and ${minutes(other.step)} in ${nameOf(other.file)}. Pass onStepChange: { resampleTo: ${other.step} } to resample.`,
    );
  }
  step ||= shortest(maps.map((map) => map.epoch))!;
  for (const map of maps) {
    if ((map.epoch - first!.epoch) % step !== 0) {
      throw new IonexError(
        `maps must stand at one even sequence of times, got ${iso(map.epoch)} in ${nameOf(map.file)} beside ${iso(first!.epoch)} and steps of ${minutes(step)}. Pass onStepChange: { resampleTo: ${step} } to resample.`,
      );
    }
  }
  return step;
}

function shortest(epochs: readonly number[]): number | undefined {
  let least: number | undefined;
  for (let i = 1; i < epochs.length; i++) {
    const distance = epochs[i]! - epochs[i - 1]!;
    if (least === undefined || distance < least) least = distance;
  }
  return least;
}

/** A time that shall be one of the series': of the coarsest file, so that its maps are taken as they are. */
function anchorOf(maps: readonly MergedMap[], target: number | undefined): number {
  if (target === undefined) return maps[0]!.epoch;
  let anchor = maps[0]!;
  for (const map of maps) if (map.step > anchor.step) anchor = map;
  return anchor.epoch;
}

function checkGaps(maps: readonly MergedMap[], maxGap: number): void {
  for (let i = 1; i < maps.length; i++) {
    const before = maps[i - 1]!;
    const map = maps[i]!;
    if (map.epoch - before.epoch > maxGap) {
      const days = Math.round((map.epoch - before.epoch) / DAY);
      throw new IonexError(
        `files must follow each other within ${Math.round(maxGap / DAY)} days, got ${days} days from ${iso(before.epoch)} (${nameOf(before.file)}) to ${iso(map.epoch)} (${nameOf(map.file)}). Is a file missing or foreign? Else raise maxGap.`,
      );
    }
  }
}

function minutes(ms: number): string {
  return `${ms / 60_000} min`;
}

function iso(time: number): string {
  return new Date(time).toISOString().replace(':00.000Z', 'Z');
}
