// What tfjs-layers returns at masked steps: the output of the step before, where the fused ops return 0.

import * as tf from '@tensorflow/tfjs-core';

/**
 * yₖ = the output of the last step up to the k-th that is not masked, the initial state before the first one.
 * Steps are counted in the order they are done in, and returned in it: backwards, the last one of the input is the first.
 * @param sequence `[B, T, H]` in the order of the input.
 * @param mask `[B, T]`: 0 where masked.
 * @param initial `[B, H]`, zeros if undefined.
 */
export function holdOutputs(
  sequence: tf.Tensor3D,
  mask: tf.Tensor2D,
  initial: tf.Tensor2D | undefined,
  backwards: boolean,
): tf.Tensor3D {
  const [B, T, H] = sequence.shape;
  const kept = mask.dataSync();
  // Row 0 of each sample becomes the initial state, row 1 + t the output at t.
  const rows = new Int32Array(B * T);
  for (let b = 0; b < B; b++) {
    let row = b * (T + 1);
    for (let step = 0; step < T; step++) {
      const t = backwards ? T - 1 - step : step;
      if (kept[b * T + t] !== 0) row = b * (T + 1) + 1 + t;
      rows[b * T + step] = row;
    }
  }
  const first: tf.Tensor3D = initial ? tf.reshape(initial, [B, 1, H]) : tf.zeros([B, 1, H]);
  const outputs = tf.reshape(tf.concat([first, sequence], 1), [B * (T + 1), H]);
  return tf.reshape(tf.gather(outputs, tf.tensor1d(rows, 'int32')), [B, T, H]);
}
