// What a network is to say about a picture, in the forms that losses take.

import type { NdArray } from '@tidecast/data';
import type { Box } from '../detection/box.ts';

/** A thing on a picture. */
export interface LabelledBox {
  box: Box;
  /** Its class. */
  label: number;
}

/** Things on pictures as targets: they are moved along with their picture, and then turned into numbers. */
export interface BoxTargets {
  /** The things on each picture, in its pixels as it is stored. */
  things: readonly (readonly LabelledBox[])[];
  /** Shape of one target. */
  shape: readonly number[];
  /** Writes those of a picture's things that can still be seen, in the pixels of the input, into its target and weights. */
  encode(things: readonly LabelledBox[], row: { y: Float32Array; weight: Float32Array }): void;
}

/** Absent: the class of each picture, one-hot. Or one target for each picture, `[count, ...]`, with NaN where one is missing. */
export type ImageTargets = NdArray | BoxTargets;

/** One row of targets. */
export interface TargetRow {
  y: Float32Array;
  weight: Float32Array;
}

/** How the targets of pictures are written. */
export interface TargetWriter {
  shape: readonly number[];
  /** True where some may weigh less than 1. */
  weighted: boolean;
  /** The things to move along with picture `index`. */
  thingsOf(index: number): readonly LabelledBox[];
  /** `things`: those that can still be seen. Rows are 0, and their weights 1, before. */
  write(index: number, things: readonly LabelledBox[], row: TargetRow): void;
}

const none: readonly LabelledBox[] = [];

/** A writer of targets. @throws if there is not one for each picture. */
export function targetWriter(
  count: number,
  { labels, classes }: { labels: ArrayLike<number>; classes: readonly string[] },
  targets?: ImageTargets,
): TargetWriter {
  if (targets === undefined) {
    for (let i = 0; i < count; i++) {
      if (Number.isInteger(labels[i]) && labels[i]! >= 0 && labels[i]! < classes.length) continue;
      throw new Error(
        `imageSamples: labels must be whole numbers below ${classes.length}, the number of classes, got ${labels[i]} ` +
          `for picture ${i}.`,
      );
    }
    return {
      shape: [classes.length],
      weighted: false,
      thingsOf: () => none,
      write(index, _, { y }) {
        y[labels[index]!] = 1;
      },
    };
  }
  if ('things' in targets) {
    const { things, shape } = targets;
    if (things.length !== count) {
      throw new Error(
        `imageSamples: targets.things must have one list for each of ${count} pictures, got ${things.length}.`,
      );
    }
    return {
      shape,
      weighted: true,
      thingsOf: (index) => things[index]!,
      write(_, seen, row) {
        targets.encode(seen, row);
      },
    };
  }
  const { data, shape } = targets;
  const size = shape.slice(1).reduce((product, each) => product * each, 1);
  if (shape[0] !== count || data.length !== count * size) {
    throw new Error(
      `imageSamples: targets must be [${count}, ...], a row for each picture, got [${shape.join(', ')}] with ` +
        `${data.length} values.`,
    );
  }
  return {
    shape: shape.slice(1),
    weighted: data.some(Number.isNaN),
    thingsOf: () => none,
    write(index, _, { y, weight }) {
      for (let i = 0; i < size; i++) {
        const value = data[index * size + i]!;
        if (Number.isNaN(value)) weight[i] = 0;
        else y[i] = value;
      }
    },
  };
}

/**
 * Many labels for each picture as targets `[count, classes]` of 0 and 1, for binary cross-entropy.
 * @throws if a label is no class.
 */
export function multiHot(labels: readonly (readonly number[])[], classes: number): NdArray {
  const data = new Float32Array(labels.length * classes);
  labels.forEach((own, i) => {
    for (const label of own) {
      if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
        throw new Error(
          `multiHot: labels must be whole numbers below ${classes}, got ${label} for picture ${i}.`,
        );
      }
      data[i * classes + label] = 1;
    }
  });
  return { data, shape: [labels.length, classes] };
}
