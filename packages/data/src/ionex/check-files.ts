// Files that are to be joined must be of one kind.

import { IonexError } from './ionex-error.ts';
import type { IonexFile, IonexKind } from './ionex-file.ts';

/** Which part of each map to take. */
export interface Layer {
  index: number;
  heightKm: number;
}

/** What to call a file in a message. */
export function nameOf(file: IonexFile): string {
  return file.file ?? `the file from ${new Date(file.firstEpoch).toISOString().slice(0, 16)}Z`;
}

/**
 * Checks that all files have maps of `kind` on one grid at one height, and finds the layer at `heightKm`.
 * @throws IonexError if not.
 */
export function checkFiles(
  files: readonly IonexFile[],
  kind: IonexKind,
  heightKm: number | undefined,
): Layer {
  const first = files[0];
  if (!first) throw new IonexError('expected at least one file to join, got none.');
  for (const file of files) {
    if (file.maps[kind].epochs.length === 0) {
      const others = (['tec', 'rms', 'height'] as const).filter((each) => file.maps[each].epochs.length > 0);
      throw new IonexError(`expected ${kind} maps in ${nameOf(file)}, got only ${others.join(', ')} maps.`);
    }
    for (const axis of ['latitudes', 'longitudes'] as const) {
      if (!sameAxis(first.grid[axis], file.grid[axis])) {
        throw new IonexError(
          `files must have one grid, got ${axis} ${describe(first.grid[axis])} in ${nameOf(first)} and ${describe(file.grid[axis])} in ${nameOf(file)}. Join them apart.`,
        );
      }
    }
    if (!sameAxis(first.heights, file.heights)) {
      throw new IonexError(
        `files must have one height, got ${describe(first.heights)} km in ${nameOf(first)} and ${describe(file.heights)} km in ${nameOf(file)}. Are they of different products? Join them apart.`,
      );
    }
  }
  const index = heightKm === undefined ? 0 : first.heights.indexOf(heightKm);
  if (heightKm === undefined && first.heights.length > 1) {
    throw new IonexError(
      `${nameOf(first)} is three-dimensional: choose a layer with heightKm, one of ${first.heights.join(', ')} km.`,
    );
  }
  if (index < 0)
    throw new IonexError(`heightKm must be one of ${first.heights.join(', ')} km, got ${heightKm}.`);
  return { index, heightKm: first.heights[index]! };
}

function sameAxis(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => Math.abs(value - b[i]!) < 1e-6);
}

function describe(axis: readonly number[]): string {
  return axis.length === 1 ? `${axis[0]}` : `${axis[0]} … ${axis[axis.length - 1]} (${axis.length})`;
}
