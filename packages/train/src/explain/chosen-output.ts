// Which of a network's outputs is explained: attributions are of one number for each example.

import * as tf from '@tensorflow/tfjs-core';

/**
 * The place of one output among those of an example (row-major), or a function that makes one number of them,
 * `[B, ...] → [B]`, by tfjs operations: for example the probability of a class, or the sum over a horizon.
 */
export type OutputChoice = number | ((output: tf.Tensor) => tf.Tensor);

/**
 * The chosen number of each example, `[B]`. Absent: the output itself where an example has one. Call it in `tf.tidy`.
 * @throws if there is no such output, several and no choice, or a function gives another shape.
 */
export function chosenOutput(who: string, output: tf.Tensor, choice: OutputChoice | undefined): tf.Tensor1D {
  const [count = 1] = output.shape;
  const size = output.size / count;
  if (typeof choice === 'function') {
    const chosen = choice(output);
    if (chosen.rank === 1 && chosen.shape[0] === count) return chosen as tf.Tensor1D;
    throw new Error(
      `${who}: output must give one number for each example, [${count}], got [${chosen.shape}].`,
    );
  }
  const place = choice ?? (size === 1 ? 0 : Number.NaN);
  if (!(Number.isInteger(place) && place >= 0 && place < size)) {
    throw new Error(
      `${who}: output must be one of the ${size} outputs of an example, 0 to ${size - 1}, or a function, got ${choice}.`,
    );
  }
  return tf.reshape(tf.slice2d(tf.reshape(output, [count, size]), [0, place], [count, 1]), [count]);
}
