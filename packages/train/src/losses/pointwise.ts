// Losses of one output for each target: l(output, y), averaged by weight.

import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '../check.ts';
import { checkShapes, type Loss, type LossConfig } from './loss.ts';
import { weightedMean } from './weighted-mean.ts';

/** How the kernels know a pointwise loss. */
interface PlannedLoss {
  code: number;
  delta?: number;
}

/** A loss from its values per target, l(output, y) with the shape of `y`. */
function pointwise(
  config: LossConfig,
  { code, delta = 0 }: PlannedLoss,
  values: (output: tf.Tensor, y: tf.Tensor) => tf.Tensor,
): Loss {
  return {
    config,
    plan({ kernels }, { value, gradient, shape: own }, { y, weight, shape }) {
      checkShapes(config.type, ['B', ...own], ['B', ...shape]);
      const size = shape.reduce((product, each) => product * each, 1);
      return ({ batch }) =>
        kernels.pointwiseLoss(
          code,
          delta,
          batch * size,
          value.address,
          y.address,
          weight?.address ?? 0,
          gradient?.address ?? 0,
        );
    },
    apply(output, y, weight) {
      checkShapes(config.type, output.shape, y.shape);
      return weightedMean(values(output, y), weight);
    },
  };
}

/** |r| with slope 0 at r = 0, where tf.abs has slope −1. */
function absolute(r: tf.Tensor): tf.Tensor {
  return tf.add(tf.relu(r), tf.relu(tf.neg(r)));
}

/** Mean squared error: l = (output − y)². */
export function mse(): Loss {
  return pointwise({ type: 'mse' }, { code: 0 }, (output, y) => tf.square(tf.sub(output, y)));
}

/** Mean absolute error: l = |output − y|. */
export function mae(): Loss {
  return pointwise({ type: 'mae' }, { code: 1 }, (output, y) => absolute(tf.sub(output, y)));
}

/**
 * Huber loss of r = output − y: l = r²/2 where |r| ≤ δ, and δ·(|r| − δ/2) beyond (Huber 1964).
 * `delta` is δ in the unit of the scaled targets, default 1.
 */
export function huber({ delta = 1 }: { delta?: number } = {}): Loss {
  checkNumber('huber: delta', delta, { above: 0 });
  return pointwise({ type: 'huber', delta }, { code: 2, delta }, (output, y) => {
    const size = absolute(tf.sub(output, y));
    const near = tf.minimum(size, delta);
    return tf.add(tf.mul(tf.square(near), 0.5), tf.mul(tf.sub(size, near), delta));
  });
}
