// One forward and backward run. The only place of this package that uses the tape: a planned step can take its place.

import * as tf from '@tensorflow/tfjs-core';
import type { Batch, NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import type { Loss } from '../losses/loss.ts';

/** The loss of a batch and its gradient by every weight, in the order of `model.weights`. */
export interface Gradients {
  loss: number;
  gradients: Float32Array[];
}

/** A tensor of an array. */
export function toTensor({ data, shape }: NdArray): tf.Tensor {
  return tf.tensor(data, shape, 'float32');
}

/**
 * Runs the model on a batch in training mode and differentiates the loss.
 * Waits for the numbers without blocking; leaves no tensor behind, even if it throws.
 * @throws if the model's output and the targets differ in shape, or no weight has an influence on the loss.
 */
export async function tapeGradients(
  model: Model,
  loss: Loss,
  batch: Batch,
  seed: number,
): Promise<Gradients> {
  const variables = Object.values(model.weights);
  // tfjs keeps what it saved for the backward run if the function throws. So the error waits until after it.
  let failure: { error: unknown } | undefined;
  const { value, grads } = tf.variableGrads(() => {
    try {
      return lossOf(model, loss, batch, { training: true, seed });
    } catch (error) {
      failure = { error };
      return tf.sum(variables[0]!) as tf.Scalar;
    }
  }, variables);
  try {
    if (failure) throw failure.error;
    const [lossData, ...gradients] = await Promise.all([
      value.data() as Promise<Float32Array>,
      ...variables.map(
        (variable) =>
          (grads[variable.name]?.data() ??
            Promise.resolve(new Float32Array(variable.size))) as Promise<Float32Array>,
      ),
    ]);
    return { loss: lossData![0]!, gradients };
  } finally {
    tf.dispose([value, ...Object.values(grads)]);
  }
}

/** The loss of a batch as a scalar tensor. Wrap calls in `tf.tidy`. */
export function lossOf(
  model: Model,
  loss: Loss,
  { x, y, mask, weight }: Batch,
  { training, seed }: { training: boolean; seed?: number },
): tf.Scalar {
  const output = model.apply(toTensor(x), { training, seed, mask: mask && toTensor(mask) });
  return loss.apply(output, toTensor(y), weight && toTensor(weight));
}

/**
 * Sum of the weights of a batch's targets: what its loss counts for in a mean over batches.
 * @throws if a weight is negative or not finite.
 */
export function batchWeight({ y, weight }: Batch): number {
  if (!weight) return y.data.length;
  let sum = 0;
  for (const each of weight.data) {
    if (!(each >= 0 && each < Number.POSITIVE_INFINITY)) {
      throw new Error(`fit: sample weights must be finite and not negative, got ${each}.`);
    }
    sum += each;
  }
  return sum;
}
