// What the outputs of a network mean, apart from the network: a loss turns them and the targets into one number.
// Heads with more outputs than targets (Gaussian, quantiles) join by the same interface.

import * as tf from '@tensorflow/tfjs-core';
import { checkNumber, lookUp, sameShape } from './check.ts';

/** A loss as plain data; `type` names it in {@link losses}. */
export interface LossConfig {
  type: string;
  [setting: string]: unknown;
}

/** What a training step makes small. */
export interface Loss {
  /** JSON that rebuilds the loss: `createLoss(config)`. */
  readonly config: LossConfig;
  /**
   * Weighted mean of the pointwise losses, Σ w·l / Σ w, as a scalar.
   * `output` comes from the model, `y` and `weight` (absent: all 1) from the batch; `y` and `weight` have one shape.
   */
  apply(output: tf.Tensor, y: tf.Tensor, weight?: tf.Tensor): tf.Scalar;
}

/** A loss from its values per target, l(output, y) with the shape of `y`. */
function pointwise(config: LossConfig, values: (output: tf.Tensor, y: tf.Tensor) => tf.Tensor): Loss {
  return {
    config,
    apply(output, y, weight) {
      if (!sameShape(output.shape, y.shape)) {
        throw new Error(
          `${config.type}: the model's output must have the shape of the targets, [${y.shape.join(', ')}], got ` +
            `[${output.shape.join(', ')}]. Reshape the last layer.`,
        );
      }
      const each = values(output, y);
      if (!weight) return tf.mean(each) as tf.Scalar;
      return tf.div(tf.sum(tf.mul(each, weight)), tf.sum(weight)) as tf.Scalar;
    },
  };
}

/** |r| with slope 0 at r = 0, where tf.abs has slope −1. */
function absolute(r: tf.Tensor): tf.Tensor {
  return tf.add(tf.relu(r), tf.relu(tf.neg(r)));
}

/** Mean squared error: l = (output − y)². */
export function mse(): Loss {
  return pointwise({ type: 'mse' }, (output, y) => tf.square(tf.sub(output, y)));
}

/** Mean absolute error: l = |output − y|. */
export function mae(): Loss {
  return pointwise({ type: 'mae' }, (output, y) => absolute(tf.sub(output, y)));
}

/**
 * Huber loss of r = output − y: l = r²/2 where |r| ≤ δ, and δ·(|r| − δ/2) beyond (Huber 1964).
 * `delta` is δ in the unit of the scaled targets, default 1.
 */
export function huber({ delta = 1 }: { delta?: number } = {}): Loss {
  checkNumber('huber: delta', delta, { above: 0 });
  return pointwise({ type: 'huber', delta }, (output, y) => {
    const size = absolute(tf.sub(output, y));
    const near = tf.minimum(size, delta);
    return tf.add(tf.mul(tf.square(near), 0.5), tf.mul(tf.sub(size, near), delta));
  });
}

/** Every loss by the `type` of its config. */
export const losses: Readonly<Record<string, (config: LossConfig) => Loss>> = {
  mse: () => mse(),
  mae: () => mae(),
  huber: ({ delta }) => huber({ delta: delta as number | undefined }),
};

/** The loss a config describes. @throws if its type is unknown. */
export function createLoss(config: LossConfig): Loss {
  return lookUp('loss: type', losses, config?.type)(config);
}
