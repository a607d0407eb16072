import * as tf from '@tensorflow/tfjs-core';
import { checkShapes, type Loss } from './loss.ts';

/**
 * Cross-entropy of logits `output [B, ..., K]` and class probabilities `y` of that shape (one-hot for known classes):
 * −Σ w·y·ln softmax(output) / Σ w·y over the last axis. Without weights, and where the probabilities of each example sum
 * to 1, that is the mean over examples. The softmax is part of the loss: end the network in a `linear` layer.
 */
export function crossEntropy(): Loss {
  const config = { type: 'crossEntropy' };
  return {
    config,
    plan({ kernels }, { value, gradient, shape: own }, { y, weight, shape }) {
      checkShapes(config.type, ['B', ...own], ['B', ...shape]);
      const classes = shape[shape.length - 1]!;
      const rows = shape.reduce((product, each) => product * each, 1) / classes;
      return ({ batch }) =>
        kernels.crossEntropy(
          batch * rows,
          classes,
          value.address,
          y.address,
          weight?.address ?? 0,
          gradient?.address ?? 0,
        );
    },
    apply(output, y, weight) {
      checkShapes(config.type, output.shape, y.shape);
      const mass = weight ? tf.mul(y, weight) : y;
      return tf.neg(tf.div(tf.sum(tf.mul(mass, tf.logSoftmax(output, -1))), tf.sum(mass))) as tf.Scalar;
    },
  };
}
