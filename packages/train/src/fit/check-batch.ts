// Whether a batch is what its samples promise: a plan copies it into blocks of fixed sizes, and would take what is short
// together with what the batch before has left there.

import type { Batch, NdArray } from '@tidecast/data';

/** What the sizes of a batch follow from, as in its samples; `yShape` is absent where nobody looks at targets. */
interface Shapes {
  xShape: readonly number[];
  yShape?: readonly number[] | undefined;
}

/** The batch of `rows` examples. @throws where one of its arrays has another size than the samples say. */
export function checkBatch(batch: Batch, rows: number, { xShape, yShape }: Shapes): Batch {
  const check = (what: string, array: NdArray | undefined, shape: readonly number[], fix = '') => {
    if (!array || array.data.length === shape.reduce((product, each) => product * each, rows)) return;
    throw new Error(
      `samples: ${what} of ${rows} examples must be [${[rows, ...shape].join(', ')}], got ` +
        `[${array.shape.join(', ')}] of ${array.data.length} values.${fix}`,
    );
  };
  check('x', batch.x, xShape);
  check('mask', batch.mask, xShape.slice(0, 1));
  if (yShape) {
    check('y', batch.y, yShape);
    check('weight', batch.weight, yShape, ' For one weight an example: reweighted(samples, weights).');
  }
  return batch;
}
