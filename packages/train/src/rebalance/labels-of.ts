// Classes as whole numbers, read from the targets a network learns: what weights and batches are made by.

import type { Samples } from '@tidecast/data';
import { targetsOf } from './targets-of.ts';

/** The label of a target that is missing. */
export const NO_LABEL = -1;

/**
 * The class of every example, 0 … K − 1, from one-hot targets `[K]`, or from 0/1 targets `[1]` or `[]`.
 * Targets of one class for each step, `[T, K]` or `[T, 1]`, give `count · T` labels, step by step.
 * A missing target (weight 0) gives −1: weights and batches leave it out.
 * @throws if a target is neither one-hot nor 0 or 1.
 */
export function labelsOf(samples: Samples): Int32Array {
  const { data } = targetsOf(samples);
  const K = samples.yShape.at(-1) ?? 1;
  return Int32Array.from({ length: data.length / K }, (_, row) => {
    const values = data.subarray(row * K, (row + 1) * K);
    if (values.some(Number.isNaN)) return NO_LABEL;
    const label = K === 1 ? values[0]! : values.indexOf(1);
    const good = K === 1 ? label === 0 || label === 1 : label >= 0 && isOneHot(values);
    if (!good) {
      throw new Error(
        `labelsOf: targets must be ${K === 1 ? '0 or 1' : 'one-hot'}, got [${values.join(', ')}] in row ${row}. ` +
          'Give the labels yourself where targets are probabilities.',
      );
    }
    return label;
  });
}

function isOneHot(values: Float32Array): boolean {
  return (
    values.every((each) => each === 0 || each === 1) && values.reduce((sum, each) => sum + each, 0) === 1
  );
}

/**
 * How many examples each class has, `[classes]`.
 * @throws if a label is no class, there is none at all, or a class has no example.
 */
export function countLabels(
  who: string,
  labels: ArrayLike<number>,
  classes = 1 + Array.from(labels).reduce((most, each) => Math.max(most, each), NO_LABEL),
): number[] {
  const counts = new Array<number>(Math.max(0, classes)).fill(0);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (label === NO_LABEL) continue;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new Error(
        `${who}: labels must be whole numbers from 0 to ${classes - 1} (or −1 for none), got ${label} at ${i}.`,
      );
    }
    counts[label]!++;
  }
  if (counts.length === 0) throw new Error(`${who}: expected at least one label, got none.`);
  const empty = counts.indexOf(0);
  if (empty >= 0) {
    throw new Error(
      `${who}: class ${empty} of ${classes} has no example. Number the classes that occur 0, 1, ….`,
    );
  }
  return counts;
}
