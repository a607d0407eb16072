// What the outputs of a network mean, apart from the network: a loss turns them and the targets into one number.
// Heads with more outputs than targets (Gaussian, quantiles) join by the same interface.

import * as tf from '@tensorflow/tfjs-core';
import type { Block, PlanBuilder, Run, Signal } from '@tidecast/backend';
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
  /**
   * Measures the loss in a plan, writing the gradient by the output where it has a block for it; or says why it cannot.
   * Absent: the loss runs on the tape alone.
   */
  plan?(plan: PlanBuilder, output: Signal, targets: PlannedTargets): ((run: Run) => number) | string;
}

/** The targets of a plan. */
export interface PlannedTargets {
  y: Block;
  /** Weights of all target values; absent: all 1. */
  weight?: Block;
  /** Shape of one target. */
  shape: readonly number[];
}

/** How the kernels know a pointwise loss. */
interface PlannedLoss {
  code: number;
  delta?: number;
}

/** @throws where outputs and targets differ in shape; both without the batch axis, or both with it. */
function checkShapes(
  type: string,
  output: readonly (number | string)[],
  y: readonly (number | string)[],
): void {
  if (sameShape(output, y)) return;
  throw new Error(
    `${type}: the model's output must have the shape of the targets, [${y.join(', ')}], got ` +
      `[${output.join(', ')}]. Reshape the last layer.`,
  );
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

/** Every loss by the `type` of its config. */
export const losses: Readonly<Record<string, (config: LossConfig) => Loss>> = {
  mse: () => mse(),
  mae: () => mae(),
  huber: ({ delta }) => huber({ delta: delta as number | undefined }),
  crossEntropy: () => crossEntropy(),
};

/** The loss a config describes. @throws if its type is unknown. */
export function createLoss(config: LossConfig): Loss {
  return lookUp('loss: type', losses, config?.type)(config);
}
