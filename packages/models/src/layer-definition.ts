// What a kind of layer is: its settings, the shapes it makes, its weights, and how it runs on the tape.
// A layer may also say how it lays itself out in a plan: the same settings and weights, the same numbers, run by kernels
// without the tape. What it does on the tape stays its meaning.

import type { Tensor } from '@tensorflow/tfjs-core';
import type { Block, PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import type { Initializer } from './initializers.ts';
import type { Setting } from './settings.ts';
import type { Shape } from './shape.ts';

/** One weight of a layer. */
export interface WeightSpec {
  /** Name within the layer, for example `kernel` or `forward.kernel`. */
  name: string;
  shape: readonly number[];
  /** Several initialisers fill equal blocks along the last axis, one for each gate. */
  init: Initializer | readonly Initializer[];
}

/** A value of a layer that is not trained but measured: a running mean. */
export interface StatisticSpec {
  /** Name within the layer, for example `mean`. */
  name: string;
  shape: readonly number[];
  /** What it is filled with before the first batch. */
  start: number;
}

/** A statistic on the tape. */
export interface Statistic {
  value: Tensor;
  /** Takes it as this batch has moved it. Absent: it stays, and the layer runs by `value`, also while training. */
  move?(next: Tensor): void;
}

/** A statistic in a plan. */
export interface PlannedStatistic {
  value: Block;
  /** Where a forward run leaves it as the batch has moved it. Absent: it stays, and the layer runs by `value`. */
  next?: Block;
}

/** What a layer sees when it runs. */
export interface LayerCall<S> {
  /** All settings, defaults filled in. */
  settings: S;
  /** Weights by their name within the layer. */
  weights: Readonly<Record<string, Tensor>>;
  /** Statistics by their name within the layer. Absent: it has none. */
  statistics?: Readonly<Record<string, Statistic>>;
  /** `[B, T, C]`, `[B, H, W, C]` or `[B, F]`, float32. */
  x: Tensor;
  /**
   * `[B, T]`, float32: 1 where a step is real, 0 where it is padding. Absent: all real.
   * At masked steps x is finite, but need not be 0.
   */
  mask?: Tensor;
  training: boolean;
  /** Seed of this layer in this run, already derived from the run's seed and the layer's position. */
  seed?: number;
  /** States to go on from, by their name within the layer, `[B, H]` each; one that is left out starts from zeros. */
  state?: Readonly<Record<string, Tensor>>;
  /** After how many steps of x the states are taken that the layer gives; absent: after all. */
  stateAfter?: number;
  /** Where given, sees each state at each step as the layer has made it, and gives what takes its place. */
  onState?: (state: string, step: number, value: Tensor) => Tensor;
  /** Where given, sees what each layer inside this one makes, by its name within it, and gives what takes its place. */
  onLayer?: (layer: string, value: Tensor) => Tensor;
}

/** A state in a plan, `[B, H]`: where a run finds it, and where it leaves it. */
export interface PlannedState {
  before: Block;
  after: Block;
}

/** The states of a plan. */
export interface PlannedStates {
  /** By name. */
  blocks: Readonly<Record<string, PlannedState>>;
  /** After how many steps of the input the states are taken; absent: after all. */
  after?: number;
}

/** What a network in a plan has beside its weights. */
export interface PlannedParts {
  /** Absent: every run starts from zeros, and keeps no state. */
  states?: PlannedStates | undefined;
  /** All statistics, by name. */
  statistics?: Readonly<Record<string, PlannedStatistic>> | undefined;
}

/** What a layer sees when it lays itself out in a plan. */
export interface PlanCall<S> {
  settings: S;
  /** Weights by their name within the layer. */
  weights: Readonly<Record<string, PlannedWeight>>;
  /** Statistics by their name within the layer. Absent: it has none. */
  statistics?: Readonly<Record<string, PlannedStatistic>>;
  plan: PlanBuilder;
  /** The layer's input. Where it has a `gradient` block, the layer's backward step must write all of it. */
  input: Signal;
  /** Position in the network: with the seed of a run it decides the layer's random choices. */
  position: number;
  /** The layer's states, by their name within it. Absent: the run starts from zeros and keeps none. */
  states?: PlannedStates;
}

/** What a layer hands on. Leave the mask out where the time axis is gone. */
export interface LayerResult {
  x: Tensor;
  mask?: Tensor;
  /** States after `stateAfter` steps, for a layer that has some. */
  state?: Readonly<Record<string, Tensor>>;
}

/**
 * A kind of layer. `S` is the type of its settings with defaults filled in.
 * All functions are pure; `apply` uses tfjs-core operations that have gradients, on every backend.
 */
export interface LayerDefinition<S extends object = Record<string, unknown>> {
  /** The known settings, in the order in which they are listed and stored. */
  settings: { readonly [K in keyof S]-?: Setting };
  /** The settings as they are stored and handed to the functions below, where more than defaults is to be filled in. */
  complete?(settings: S, input: Shape): S;
  /** Shape of one output from the shape of one input. @throws where the input does not fit. */
  outputShape(settings: S, input: Shape): Shape;
  /** The weights, in a fixed order. Absent: none. */
  weights?(settings: S, input: Shape): readonly WeightSpec[];
  /** The statistics, in a fixed order. Absent: none. */
  statistics?(settings: S, input: Shape): readonly StatisticSpec[];
  /**
   * The states a later run can go on from, by name, and how many values H each has for a row; or why there are none
   * though the layer remembers. Absent: it remembers nothing.
   */
  states?(settings: S): Readonly<Record<string, number>> | string;
  /** Runs the layer. Must honour `mask`, or throw and say what to do instead. */
  apply(call: LayerCall<S>): LayerResult;
  /**
   * Adds the layer's steps to a plan and returns its output, or says why it cannot. Absent: the layer runs on the tape
   * alone. On an inference plan (`plan.training` false) weights and signals have no gradients. A layer whose steps read
   * its input must return another signal: the next layer may take over the ReLU of one that is handed on.
   */
  plan?(call: PlanCall<S>): Signal | string;
}
