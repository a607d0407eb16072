// All maps of all files in order of time, each time once.

import type { Layer } from './check-files.ts';
import { nameOf } from './check-files.ts';
import { IonexError } from './ionex-error.ts';
import type { IonexFile, IonexKind } from './ionex-file.ts';

/** Which of two maps of one time counts. Where the chosen one has no value, the other's is taken. */
export type RepeatChoice = 'next' | 'previous' | 'mean';

/** A time for which two files had a map. */
export interface RepeatedMap {
  /** Time of the maps [ms UTC]. */
  epoch: number;
  /** Names of the earlier and the later file. */
  previous: string;
  next: string;
  /** True where one file ends and the next begins; false where they overlap further. */
  boundary: boolean;
  /** Largest absolute difference of the two maps [TECU or km]; 0 if they share no value. */
  largestDifference: number;
}

/** One map of the merged sequence. */
export interface MergedMap {
  epoch: number;
  /** `[latitudes, longitudes]`. */
  values: Float32Array;
  file: IonexFile;
  /** Shortest time between maps of its file [ms]; 0 for a file of one map. */
  step: number;
}

/** Merges the maps of `kind`. @throws IonexError if files that overlap differ and `overlap` is `'refuse'`. */
export function mergeEpochs(
  files: readonly IonexFile[],
  options: { kind: IonexKind; midnight: RepeatChoice; overlap: 'refuse' | RepeatChoice; layer: Layer },
): { maps: MergedMap[]; repeated: RepeatedMap[] } {
  const { kind, midnight, overlap, layer } = options;
  const firstOf = (file: IonexFile) => file.maps[kind].epochs[0]!;
  const lastOf = (file: IonexFile) => file.maps[kind].epochs[file.maps[kind].epochs.length - 1]!;
  const ordered = [...files].sort((a, b) => firstOf(a) - firstOf(b) || lastOf(a) - lastOf(b));
  const merged = new Map<number, MergedMap>();
  const repeated: RepeatedMap[] = [];
  for (const file of ordered) {
    const { epochs, values } = file.maps[kind];
    const size = file.grid.latitudes.length * file.grid.longitudes.length;
    const whole = size * file.heights.length;
    let step = 0;
    for (let i = 1; i < epochs.length; i++) {
      const distance = epochs[i]! - epochs[i - 1]!;
      if (step === 0 || distance < step) step = distance;
    }
    epochs.forEach((epoch, i) => {
      const from = i * whole + layer.index * size;
      const map: MergedMap = { epoch, values: values.subarray(from, from + size), file, step };
      const before = merged.get(epoch);
      if (!before) {
        merged.set(epoch, map);
        return;
      }
      const boundary = epoch === firstOf(file) && epoch === lastOf(before.file) && epochs.length > 1;
      const largestDifference = difference(before.values, map.values);
      repeated.push({
        epoch,
        previous: nameOf(before.file),
        next: nameOf(file),
        boundary,
        largestDifference,
      });
      const choice = boundary ? midnight : overlap;
      if (choice === 'refuse') {
        if (!equal(before.values, map.values)) {
          throw new IonexError(
            `files that overlap must hold equal maps, got ${kind} maps of ${new Date(epoch).toISOString()} that differ by up to ${largestDifference.toFixed(2)} in ${nameOf(before.file)} and ${nameOf(file)}. Are they of different products? Leave one out, or pass overlap.`,
          );
        }
        return;
      }
      const chosen = choice === 'previous' ? before : map;
      merged.set(epoch, { ...chosen, values: combine(before.values, map.values, choice) });
    });
  }
  const maps = [...merged.values()].sort((a, b) => a.epoch - b.epoch);
  repeated.sort((a, b) => a.epoch - b.epoch);
  return { maps, repeated };
}

function combine(previous: Float32Array, next: Float32Array, choice: RepeatChoice): Float32Array {
  return next.map((later, i) => {
    const earlier = previous[i]!;
    if (Number.isNaN(later)) return earlier;
    if (Number.isNaN(earlier)) return later;
    return choice === 'next' ? later : choice === 'previous' ? earlier : (earlier + later) / 2;
  });
}

function difference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const distance = Math.abs(a[i]! - b[i]!);
    if (distance > largest) largest = distance;
  }
  return largest;
}

function equal(a: Float32Array, b: Float32Array): boolean {
  return a.every((value, i) => Object.is(value, b[i]));
}
