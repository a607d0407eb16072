import type { NdArray, Samples } from '@tidecast/data';

/** Samples over whole arrays: row i of `x` with row i of `y`. */
export function arraySamples(x: NdArray, y: NdArray): Samples {
  const rows = ({ data, shape }: NdArray, indices: ArrayLike<number>): NdArray => {
    const size = data.length / shape[0]!;
    const chosen = new Float32Array(indices.length * size);
    for (let i = 0; i < indices.length; i++) {
      chosen.set(data.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size);
    }
    return { data: chosen, shape: [indices.length, ...shape.slice(1)] };
  };
  return {
    count: x.shape[0]!,
    xShape: x.shape.slice(1),
    yShape: y.shape.slice(1),
    batch: (indices) => ({ x: rows(x, indices), y: rows(y, indices) }),
  };
}
