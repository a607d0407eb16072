// Examples taken out of their source, one by one, so that they can be kept while the source goes.

import type { Batch, NdArray, Samples } from '@tidecast/data';

/** One example; `mask` and `weight` are absent where all are 1. */
export interface Row {
  x: Float32Array;
  y: Float32Array;
  mask?: Float32Array;
  weight?: Float32Array;
}

const PARTS = ['x', 'y', 'mask', 'weight'] as const;

/** Copies of the examples at `indices`. */
export function rowsOf(samples: Pick<Samples, 'batch'>, indices: ArrayLike<number>): Row[] {
  if (indices.length === 0) return [];
  const batch = samples.batch(indices);
  return Array.from(indices, (_, i) => {
    const row: Partial<Row> = {};
    for (const part of PARTS) {
      const array = batch[part];
      if (!array) continue;
      const size = array.data.length / indices.length;
      row[part] = array.data.slice(i * size, (i + 1) * size);
    }
    return row as Row;
  });
}

/** Rows as samples again. `xShape` and `yShape` are those of one example. */
export function rowSamples(
  rows: readonly Row[],
  { xShape, yShape }: Pick<Samples, 'xShape' | 'yShape'>,
): Samples {
  const shapes = { x: xShape, y: yShape, mask: xShape.slice(0, 1), weight: yShape };
  return {
    count: rows.length,
    xShape,
    yShape,
    batch(indices): Batch {
      const chosen = Array.from(indices, (index) => {
        const row = rows[index];
        if (!row)
          throw new Error(`incremental: index ${index} is out of range, there are ${rows.length} examples.`);
        return row;
      });
      const part = (name: keyof Row) => stack(chosen, name, shapes[name]);
      const has = (name: keyof Row) => chosen.some((row) => row[name]);
      return {
        x: part('x'),
        y: part('y'),
        ...(has('mask') && { mask: part('mask') }),
        ...(has('weight') && { weight: part('weight') }),
      };
    },
  };
}

/** One part of many rows, `[B, ...shape]`; 1 where a row has none. */
export function stack(rows: readonly Row[], part: keyof Row, shape: readonly number[]): NdArray {
  const size = shape.reduce((product, each) => product * each, 1);
  const data = new Float32Array(rows.length * size).fill(1);
  rows.forEach((row, i) => {
    const values = row[part];
    if (values) data.set(values, i * size);
  });
  return { data, shape: [rows.length, ...shape] };
}
