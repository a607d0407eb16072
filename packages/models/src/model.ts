import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import type { PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import type { NdArray } from '@tidecast/data';
import type { ModelConfig } from './config.ts';
import type { PlannedParts } from './layer-definition.ts';

/** How a model is run. */
export interface ApplyOptions {
  /** Dropout is active, and batch norm reads the batch, only while training; default false. */
  training?: boolean;
  /** `[B, T]`: 1 where an input step is real, 0 where it is padding. Padding never changes a result. */
  mask?: Tensor;
  /** Seed of this run's random choices (dropout). Required when training a model that has them. */
  seed?: number;
  /** Recurrent states to go on from, by name, `[B, H]` each; one that is left out starts from zeros. */
  state?: Readonly<Record<string, Tensor>>;
  /**
   * Sees every recurrent state, by name (both ways: `0.lstm.forward.h`), at each step of x as it is made, and gives what takes its
   * place. Layers then run step by step, slower than the kernels.
   */
  onState?: (state: string, step: number, value: Tensor) => Tensor;
  /**
   * While training, is told every statistic as this batch has moved it, by name. The model's own stay as they are: keep the
   * tensor (`tf.keep`) and assign it, as `fit` does.
   */
  onStatistic?: (statistic: string, next: Tensor) => void;
  /** Names of statistics that stay while training: layers run by them as they are. */
  keepStatistics?: readonly string[];
  /**
   * Sees what every layer makes, by its name (`0.cnn2d`; within branches `2.branches.0.1.dense`), as it is made, and gives what
   * takes its place. What is to outlive the run must be kept with `tf.keep`, or copied.
   */
  onLayer?: (layer: string, value: Tensor) => Tensor;
}

/** How a model is run that hands its states on. */
export interface StatefulOptions extends ApplyOptions {
  /** After how many steps of x the states are taken; default: after all. */
  stateAfter?: number;
}

/** A result with the recurrent states after it, by name, `[B, H]` each. */
export interface Stateful<T> {
  output: T;
  state: Record<string, T>;
}

/** How a model is run without tensors from a state on. */
export interface InferStatefulOptions {
  /** `[B, T]`, as for `apply`. */
  mask?: NdArray;
  /** States to go on from, by name, `[B, H]` each; one that is left out starts from zeros. */
  state?: Readonly<Record<string, NdArray>>;
  /** After how many steps of x the states are taken; default: after all. */
  stateAfter?: number;
}

/** A network: plain data that rebuilds it, its named weights, and the function they define. */
export interface Model {
  /** JSON that rebuilds the model: `createModel(config)`. */
  readonly config: ModelConfig;
  /** Trainable weights by name, in layer order, for example `0.lstm.kernel`. */
  readonly weights: Readonly<Record<string, Variable>>;
  /**
   * Values that are measured while training and not learnt, by name: running means and variances, for example
   * `1.batchNorm.mean`. Absent: none.
   */
  readonly statistics?: Readonly<Record<string, Variable>>;
  /**
   * The recurrent states by name, for example `0.lstm.h` and `0.lstm.c`, and how many values H each has for a row; or why a
   * run cannot go on from another: a layer that also runs backwards. Absent: the model knows no states.
   */
  readonly states?: Readonly<Record<string, number>> | string;
  /**
   * Runs the network on `x [B, T, C]` (or `[B, H, W, C]`, `[B, F]`), float32. Leaves nothing behind but its result.
   * @throws where x or the mask has another shape than the config says.
   */
  apply(x: Tensor, options?: ApplyOptions): Tensor;
  /**
   * As {@link apply}, and returns the states that the next steps of the same sequences go on from. Layers without states, such
   * as convolutions over time, see each run alone.
   * @throws as `apply` does, and where `states` says that there are none.
   */
  applyStateful?(x: Tensor, options?: StatefulOptions): Stateful<Tensor>;
  /**
   * Lays the network out in a plan and returns its output, or says why it cannot: a layer has no planned form. Absent:
   * the model knows no plans. `weights` hold the weights' blocks under their names, `parts` those of all statistics, which a
   * model that has some needs, and of all states; without those every run starts from zeros.
   */
  plan?(
    plan: PlanBuilder,
    input: Signal,
    weights: Readonly<Record<string, PlannedWeight>>,
    parts?: PlannedParts,
  ): Signal | string;
  /**
   * The outputs for `x [B, ...]` without tensors, by a plan that is kept for the next call; the numbers are those of
   * `apply` without training to within rounding. Undefined where there is no plan: call `apply` then.
   * @throws as `apply` does.
   */
  infer?(x: NdArray, mask?: NdArray): NdArray | undefined;
  /** As {@link infer}, from a state on and with the states after it. */
  inferStateful?(x: NdArray, options?: InferStatefulOptions): Stateful<NdArray> | undefined;
  /** Frees the weights. */
  dispose(): void;
}
