// Pictures of one size with a class each, all in memory: small data sets in one piece.

import type { Image } from '../image/image.ts';

/** Pictures of one size and their classes. */
export interface LabelledImages {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: Image['channels'];
  /** Row-major `[count, height, width, channels]`, values from 0 to 255. */
  readonly data: Uint8Array;
  /** Class number of each, an index into `classes`. */
  readonly labels: Uint8Array;
  /** Names of the classes. */
  readonly classes: readonly string[];
}

/** Picture number `index`, a view of the data. @throws if there is none. */
export function imageAt({ count, height, width, channels, data }: LabelledImages, index: number): Image {
  if (!(Number.isInteger(index) && index >= 0 && index < count)) {
    throw new Error(`imageAt: index must be a whole number below ${count}, got ${index}.`);
  }
  const size = height * width * channels;
  return { height, width, channels, data: data.subarray(index * size, (index + 1) * size) };
}
