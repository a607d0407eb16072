// What the outputs of a network mean, apart from the network: a loss turns them and the targets into one number.

import type * as tf from '@tensorflow/tfjs-core';
import type { Block, PlanBuilder, Run, Signal } from '@tidecast/backend';
import type { Batch, NdArray } from '@tidecast/data';
import type { Distributions } from '@tidecast/eval';
import { sameShape, shown } from '../check.ts';

/** A loss as plain data; `type` names it in {@link losses}. */
export interface LossConfig {
  type: string;
  [setting: string]: unknown;
}

/** What a training step makes small. */
export interface Loss {
  /** JSON that rebuilds the loss: `createLoss(config)`. */
  readonly config: LossConfig;
  /** What the outputs say about each target beyond one number; absent: they are the forecast itself, or classes. */
  readonly head?: Head;
  /** True where targets are probabilities, from 0 to 1, which mean nothing once they are scaled. */
  readonly probabilities?: boolean;
  /**
   * Weighted mean of the pointwise losses, Σ w·l / Σ w, as a scalar.
   * `output` comes from the model, `y` and `weight` (absent: all 1) from the batch; `y` and `weight` have one shape.
   */
  apply(output: tf.Tensor, y: tf.Tensor, weight?: tf.Tensor): tf.Scalar;
  /**
   * What the loss of a batch is divided by, and so what it counts for in a mean over batches, where that is not the sum of
   * its weights: with weights of classes, it depends on which classes the batch holds.
   */
  mass?(batch: Pick<Batch, 'y' | 'weight'>): number;
  /**
   * Measures the loss in a plan, writing the gradient by the output where it has a block for it; or says why it cannot.
   * Absent: the loss runs on the tape alone.
   */
  plan?(plan: PlanBuilder, output: Signal, targets: PlannedTargets): ((run: Run) => number) | string;
}

/**
 * A distribution for each target value: the loss takes outputs `[B, ...yShape, P]`, P parameters for each. Any network
 * gives them by its last layers, for targets `[horizon, K]` by
 * `dense({ units: horizon * K * P }), reshape({ shape: [horizon, K, P] })`.
 */
export interface Head {
  /** P. */
  readonly parameters: number;
  /** Quantile levels that it learns itself; absent: it knows all. */
  readonly levels?: readonly number[];
  /**
   * What outputs `[B, ...yShape, P]` mean, in the (scaled) unit of the targets: one distribution for each target value,
   * row-major over `[B, ...yShape]`. Parameters that are NaN make their distribution NaN.
   */
  distributions(output: NdArray): Distributions;
}

/** The targets of a plan. */
export interface PlannedTargets {
  y: Block;
  /** Weights of all target values; absent: all 1. */
  weight?: Block;
  /** Shape of one target. */
  shape: readonly number[];
}

/** @throws where `loss` is none: a function is most likely one that was not called. */
export function checkLoss(what: string, loss: unknown): void {
  if (typeof loss === 'object' && loss !== null && typeof (loss as Loss).apply === 'function') return;
  throw new Error(
    `${what} must be a Loss, for example mse(), got ${typeof loss === 'function' ? 'a function' : shown(loss)}.`,
  );
}

/** @throws where outputs are not shaped like the targets with `parameters` as one more axis. */
export function checkHeadShapes(
  type: string,
  parameters: number,
  output: readonly (number | string)[],
  y: readonly (number | string)[],
): void {
  const wanted = [...y, parameters];
  if (sameShape(output, wanted)) return;
  throw new Error(
    `${type}: the model's output must be [${wanted.join(', ')}], the targets' shape and ${parameters} parameters of ` +
      `each, got [${output.join(', ')}]. End the network in dense and reshape({ shape: [${wanted.slice(1).join(', ')}] }).`,
  );
}

/** @throws where outputs and targets differ in shape; both without the batch axis, or both with it. */
export function checkShapes(
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
