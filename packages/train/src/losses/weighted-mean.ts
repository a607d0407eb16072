import * as tf from '@tensorflow/tfjs-core';

/** Σ w·l / Σ w of losses `each` and weights of one shape, or the mean where there are none; on the tape. */
export function weightedMean(each: tf.Tensor, weight?: tf.Tensor): tf.Scalar {
  if (!weight) return tf.mean(each) as tf.Scalar;
  return tf.div(tf.sum(tf.mul(each, weight)), tf.sum(weight)) as tf.Scalar;
}
