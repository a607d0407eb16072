// Samples over arrays that are whole in memory: the quickest way from numbers to training.

import type { Batch, NdArray, Samples } from './samples.ts';

/**
 * The rows of arrays as samples: inputs `x [N, ...]`, targets `y [N, ...]`, and where they are given a `mask [N, T]` and
 * weights shaped like y. The arrays are read when a batch is asked for, and not copied before.
 * @throws if an array does not fill its shape, has another number of rows, or a mask or weights another shape.
 */
export function arraySamples({ x, y, mask, weight }: Pick<Batch, 'x' | 'y' | 'mask' | 'weight'>): Samples {
  const count = x.shape[0] ?? 0;
  check('x', x, [count, ...x.shape.slice(1)]);
  check('y', y, [count, ...y.shape.slice(1)]);
  if (mask) check('mask', mask, [count, x.shape[1] ?? 1]);
  if (weight) check('weight', weight, y.shape);
  return {
    count,
    xShape: x.shape.slice(1),
    yShape: y.shape.slice(1),
    batch(indices) {
      for (let b = 0; b < indices.length; b++) {
        const index = indices[b]!;
        if (Number.isInteger(index) && index >= 0 && index < count) continue;
        throw new Error(`arraySamples: index ${index} is out of range, there are ${count} examples.`);
      }
      return {
        x: rows(x, indices),
        y: rows(y, indices),
        ...(mask && { mask: rows(mask, indices) }),
        ...(weight && { weight: rows(weight, indices) }),
      };
    },
  };
}

function rows({ data, shape }: NdArray, indices: ArrayLike<number>): NdArray {
  const size = shape.slice(1).reduce((product, each) => product * each, 1);
  const out = new Float32Array(indices.length * size);
  for (let b = 0; b < indices.length; b++) {
    out.set(data.subarray(indices[b]! * size, (indices[b]! + 1) * size), b * size);
  }
  return { data: out, shape: [indices.length, ...shape.slice(1)] };
}

function check(name: string, { data, shape }: NdArray, expected: readonly number[]): void {
  const size = expected.reduce((product, each) => product * each, 1);
  const same = shape.length === expected.length && shape.every((each, i) => each === expected[i]);
  if (same && shape.length >= 1 && data.length === size) return;
  throw new Error(
    `arraySamples: ${name} must be [${expected.join(', ')}] with ${size} values, got [${shape.join(', ')}] with ` +
      `${data.length}. The first axis is that of the examples.`,
  );
}
