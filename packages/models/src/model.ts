import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import type { NdArray } from '@tidecast/data';
import type { ModelConfig } from './config.ts';

/** How a model is run. */
export interface ApplyOptions {
  /** Dropout is active only while training; default false. */
  training?: boolean;
  /** `[B, T]`: 1 where an input step is real, 0 where it is padding. Padding never changes a result. */
  mask?: Tensor;
  /** Seed of this run's random choices (dropout). Required when training a model that has them. */
  seed?: number;
}

/** A network: plain data that rebuilds it, its named weights, and the function they define. */
export interface Model {
  /** JSON that rebuilds the model: `createModel(config)`. */
  readonly config: ModelConfig;
  /** Trainable weights by name, in layer order, for example `0.lstm.kernel`. */
  readonly weights: Readonly<Record<string, Variable>>;
  /**
   * Runs the network on `x [B, T, C]` (or `[B, H, W, C]`, `[B, F]`), float32. Leaves nothing behind but its result.
   * @throws where x or the mask has another shape than the config says.
   */
  apply(x: Tensor, options?: ApplyOptions): Tensor;
  /**
   * Lays the network out in a plan and returns its output, or says why it cannot: a layer has no planned form. Absent:
   * the model knows no plans. `weights` hold the weights' blocks under their names.
   */
  plan?(plan: PlanBuilder, input: Signal, weights: Readonly<Record<string, PlannedWeight>>): Signal | string;
  /**
   * The outputs for `x [B, ...]` without tensors, by a plan that is kept for the next call; the numbers are those of
   * `apply` without training to within rounding. Undefined where there is no plan: call `apply` then.
   * @throws as `apply` does.
   */
  infer?(x: NdArray, mask?: NdArray): NdArray | undefined;
  /** Frees the weights. */
  dispose(): void;
}
