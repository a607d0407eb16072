// Zeros between the entries of a tensor: a dilated filter is a larger one with zeros between its taps, and what a strided
// convolution left out had no gradient.

import * as tf from '@tensorflow/tfjs-core';

/** The tensor with `step − 1` zeros between its entries along `axis`: n entries become `(n − 1)·step + 1`. */
export function spread(x: tf.Tensor, axis: number, step: number): tf.Tensor {
  if (step === 1) return x;
  const count = x.shape[axis]!;
  const [before, after] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const [outer, inner] = [tf.util.sizeFromShape(before), tf.util.sizeFromShape(after)];
  const padded = tf.pad(tf.reshape(x, [outer * count, 1, inner]), [
    [0, 0],
    [0, step - 1],
    [0, 0],
  ]);
  const size = (count - 1) * step + 1;
  const kept = tf.slice(tf.reshape(padded, [outer, count * step, inner]), [0, 0, 0], [outer, size, inner]);
  return tf.reshape(kept, [...before, size, ...after]);
}

/** The filter with `dilation − 1` zeros between its taps: `[fh, fw, C, K]` → `[(fh−1)·dh + 1, (fw−1)·dw + 1, C, K]`. */
export function spreadTaps(filter: tf.Tensor, [down, across]: [number, number]): tf.Tensor {
  return spread(spread(filter, 0, down), 1, across);
}
