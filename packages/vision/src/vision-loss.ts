import type * as tf from '@tensorflow/tfjs-core';
import type { Block, PlanBuilder, Run, Signal } from '@tidecast/backend';

/** A loss in the form that `fit` of `@tidecast/train` takes, with a planned form. */
export interface VisionLoss {
  readonly config: { type: string; [setting: string]: unknown };
  apply(output: tf.Tensor, y: tf.Tensor, weight?: tf.Tensor): tf.Scalar;
  plan(
    plan: PlanBuilder,
    output: Signal,
    targets: { y: Block; weight?: Block; shape: readonly number[] },
  ): (run: Run) => number;
}
