// Numbers both sides of a comparison can draw: the same as `values` in golden/make-golden.py.

import type { Model } from '../src/index.ts';

/** Numbers in [−1, 1) on a grid of 2⁻²³, exact in float32, from a hash of the name. */
export function valuesOf(name: string, count: number): Float32Array {
  let seed = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) seed = Math.imul(seed ^ name.charCodeAt(i), 0x01000193);
  return Float32Array.from({ length: count }, (_, i) => {
    let x = (seed + Math.imul(i + 1, 0x9e3779b9)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return ((x ^ (x >>> 16)) >>> 8) / 2 ** 23 - 1;
  });
}

/** Half of {@link valuesOf} for each weight: what the golden vectors were made with. */
export function weightValues(model: Model): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(model.weights).map(([name, { size }]) => [
      name,
      valuesOf(name, size).map((value) => value / 2),
    ]),
  );
}

/** Largest difference, relative to the largest expected number. */
export function relativeError(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (got.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const one = Math.abs(got[i]! - expected[i]!);
    if (!(one <= difference)) difference = one;
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference === 0 ? 0 : difference / largest;
}
