// Samples over arrays in memory.

import type { NdArray, Samples } from '@tidecast/data';
import type { Examples } from './data.ts';

/** `count` samples; where that is more than there are examples, they come round again. */
export function samplesOf({ count: have, x, xShape, y, yShape }: Examples, count = have): Samples {
  const gather = (from: Float32Array, shape: readonly number[], indices: ArrayLike<number>): NdArray => {
    const size = from.length / have;
    const data = new Float32Array(indices.length * size);
    for (let i = 0; i < indices.length; i++) {
      const row = indices[i]! % have;
      data.set(from.subarray(row * size, (row + 1) * size), i * size);
    }
    return { data, shape: [indices.length, ...shape] };
  };
  return {
    count,
    xShape,
    yShape,
    batch: (indices) => ({ x: gather(x, xShape, indices), y: gather(y, yShape, indices) }),
  };
}
