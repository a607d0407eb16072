// Classes as whole numbers, read from the targets a network learns: what weights and batches are made by.

import type { Samples } from '@tidecast/data';
import { targetsOf } from './targets-of.ts';

/**
 * The class of every example, 0 … K − 1, from one-hot targets `[K]`, or from 0/1 targets `[1]` or `[]`.
 * Targets of one class for each step, `[T, K]` or `[T, 1]`, give `count · T` labels, step by step.
 * A missing target (weight 0) gives NaN: weights, batches and the scores of `@tidecast/eval` leave it out.
 * @throws if a target is neither one-hot nor 0 or 1.
 */
export function labelsOf(samples: Samples): Float64Array {
  const { data } = targetsOf(samples);
  const K = samples.yShape.at(-1) ?? 1;
  return Float64Array.from({ length: data.length / K }, (_, row) => {
    const values = data.subarray(row * K, (row + 1) * K);
    if (values.some(Number.isNaN)) return Number.NaN;
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
 * How many examples each class has, `[K]`.
 * @throws if a label is no class, there is none at all, or a class below the largest has no example.
 */
export function countLabels(who: string, labels: ArrayLike<number>): number[] {
  const counts = new Map<number, number>();
  let classes = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    if (Number.isNaN(label)) continue;
    if (!(Number.isSafeInteger(label) && label >= 0)) {
      throw new Error(
        `${who}: labels must be whole numbers 0, 1, … (or NaN for none), got ${label} at ${i}.`,
      );
    }
    counts.set(label, (counts.get(label) ?? 0) + 1);
    classes = Math.max(classes, label + 1);
  }
  if (classes === 0) throw new Error(`${who}: expected at least one label, got none.`);
  for (let label = 0; label < classes; label++) {
    if (counts.has(label)) continue;
    throw new Error(
      `${who}: class ${label} of ${classes} has no example. Number the classes that occur 0, 1, ….`,
    );
  }
  return Array.from({ length: classes }, (_, label) => counts.get(label)!);
}
