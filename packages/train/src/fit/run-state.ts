// All that changes while a run goes on, as arrays and plain data: what a checkpoint holds, and nothing else.

import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '@tidecast/models';
import { type OptimizerConfig, optimizerRule, type Slots } from '../optimizers/optimizers.ts';
import type { States } from './carry.ts';
import type { EpochRecord } from './history.ts';
import { learntOf, variablesOf } from './learnt.ts';
import type { FitOptions } from './options.ts';

/** Sums over the batches of an epoch that is under way. */
export interface EpochSums {
  /** Σ of batch loss times batch weight. */
  loss: number;
  weight: number;
  clippedByNorm: number;
  clippedByValue: number;
  skipped: number;
  /** Learning rate of the last update. */
  learningRate: number;
}

/** Counters and sums of a run: plain JSON, without the arrays. */
export interface RunProgress {
  /** The epoch under way, from 1; one more than `epochs` when all are done. */
  epoch: number;
  /** Batches of it that are done. */
  batch: number;
  /** Updates done in all. */
  step: number;
  sums: EpochSums;
  epochs: EpochRecord[];
  best: { epoch: number; loss: number } | null;
  /** Early stopping ended it. */
  stopped: boolean;
}

/** A whole run. Arrays of values are replaced by each update, never written to, so that a reference is a snapshot. */
export interface RunState {
  progress: RunProgress;
  /** Of all values of the model: weights, then statistics. */
  names: readonly string[];
  values: Float32Array[];
  /** Which of them the optimiser moves; the others have no slots. */
  learnt: readonly boolean[];
  slots: Slots[];
  bestValues: Float32Array[] | null;
  /** States after the last batch, where batches carry them on. Replaced by each batch, never written to. */
  carried: States | null;
}

/** Sums before the first batch. */
export function emptySums(): EpochSums {
  return { loss: 0, weight: 0, clippedByNorm: 0, clippedByValue: 0, skipped: 0, learningRate: 0 };
}

/** The state before the first update: the model's weights and statistics as they are. */
export async function freshState(
  model: Model,
  { optimizer, freeze }: Pick<FitOptions, 'optimizer' | 'freeze'>,
): Promise<RunState> {
  const learnt = learntOf(model, freeze);
  const variables = variablesOf(model);
  const names = Object.keys(variables);
  const values = await Promise.all(
    names.map(async (name) => Float32Array.from((await variables[name]!.data()) as Float32Array)),
  );
  const bad = firstNonFinite(values);
  if (bad >= 0) throw new Error(`fit: ${names[bad]} is not finite before the first update. Create it anew.`);
  return {
    progress: { epoch: 1, batch: 0, step: 0, sums: emptySums(), epochs: [], best: null, stopped: false },
    names,
    values,
    learnt,
    slots: values.map(({ length }, i) => (learnt[i] ? emptySlots(optimizer, length) : {})),
    bestValues: null,
    carried: null,
  };
}

/** Slots of one weight before the first update. */
export function emptySlots(optimizer: OptimizerConfig, length: number): Slots {
  const names = optimizerRule(optimizer).slots(optimizer);
  return Object.fromEntries(names.map((name) => [name, new Float32Array(length)]));
}

/** Puts arrays into the model's weights and statistics, in their order. */
export function setValues(model: Model, arrays: readonly Float32Array[]): void {
  Object.values(variablesOf(model)).forEach((variable, i) => {
    // Some backends read the array only when the tensor is first used; ours are never written to again.
    tf.tidy(() => variable.assign(tf.tensor(arrays[i]!, variable.shape, 'float32')));
  });
}

/** Position of the first array with a value that is NaN or infinite, or −1. */
export function firstNonFinite(arrays: readonly Float32Array[]): number {
  return arrays.findIndex((array) => {
    // 0 · x is 0 for a finite x and NaN otherwise: one sum, no branch per value.
    let sum = 0;
    for (let i = 0; i < array.length; i++) sum += 0 * array[i]!;
    return sum !== 0;
  });
}
