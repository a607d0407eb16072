// Loss reweighting by what counts: examples, or their steps, that weigh more pull harder.

import { changeBatch, type Draw, type SampleSource } from '@tidecast/data';
import { sameShape } from '../check.ts';
import { checkWeights } from './check-weights.ts';

/** Weights in the shape of targets, or of their first axes: `[count, ...]`. */
export interface ShapedWeights {
  data: ArrayLike<number>;
  shape: readonly number[];
}

/**
 * The same samples with weights multiplied into `Batch.weight`: loss and `evaluate` take Σ w·l / Σ w.
 * `weights` has one entry for each example, or is an array `[count, ...]` whose further axes are the first ones of the
 * targets: `[count, T]` weighs the steps of targets `[T, K]`. Weights that are there already multiply; order, mask and
 * everything else pass.
 * @throws if a weight is negative or not finite, all are 0, or the shape does not fit.
 */
export function reweighted<S extends SampleSource>(
  samples: S,
  weights: ArrayLike<number> | ShapedWeights,
): S {
  const { count, yShape } = samples;
  const { data, shape } = 'shape' in weights ? weights : { data: weights, shape: [weights.length] };
  const full = [count, ...yShape];
  const fits = shape.length >= 1 && sameShape(shape, full.slice(0, shape.length));
  if (!fits || data.length !== shape.reduce((product, size) => product * size, 1)) {
    throw new Error(
      `reweighted: weights must be [${count}] or the first axes of [${full.join(', ')}], got [${shape.join(', ')}] of ` +
        `${data.length} values. The first axis is that of the examples.`,
    );
  }
  checkWeights('reweighted', data);
  const size = yShape.reduce((product, each) => product * each, 1);
  const given = data.length / count;
  const each = size / given;
  return {
    ...samples,
    batch(indices: ArrayLike<number>, draw?: Draw) {
      return changeBatch(samples.batch(indices, draw), (batch) => {
        const weight = batch.weight?.data.slice() ?? new Float32Array(batch.y.data.length).fill(1);
        for (let i = 0; i < weight.length; i++) {
          const example = indices[Math.floor(i / size)]!;
          weight[i] = weight[i]! * data[example * given + Math.floor((i % size) / each)]!;
        }
        return { ...batch, weight: { data: weight, shape: [...batch.y.shape] } };
      });
    },
  };
}
