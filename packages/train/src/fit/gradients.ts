// One forward and backward run. The only place of this package that uses the tape: a planned step can take its place.

import * as tf from '@tensorflow/tfjs-core';
import type { Batch, NdArray } from '@tidecast/data';
import type { Model, Stateful } from '@tidecast/models';
import type { Loss } from '../losses/loss.ts';
import { keptStatistics, learntOf } from './learnt.ts';

/** The loss of a batch and its gradient by every learnt weight, in the order of `model.weights`. */
export interface Gradients {
  loss: number;
  gradients: Float32Array[];
  /** States that the batch hands on, where it carries some. */
  state?: Record<string, NdArray>;
  /** Statistics as the batch has moved them, by name. */
  statistics: Record<string, NdArray>;
}

/** What a forward run depends on, beside the model and the batch. */
interface ForwardOptions {
  training: boolean;
  seed?: number;
  /** States that the batch starts from, where it carries some. */
  state?: Readonly<Record<string, NdArray>>;
  keepStatistics?: readonly string[];
  onStatistic?: (name: string, next: tf.Tensor) => void;
}

/** A tensor of an array. */
export function toTensor({ data, shape }: NdArray): tf.Tensor {
  return tf.tensor(data, shape, 'float32');
}

/**
 * Runs the model on a batch in training mode and differentiates the loss.
 * Waits for the numbers without blocking; leaves no tensor behind, even if it throws.
 * A batch that carries states starts from `state`; no gradient goes through it.
 * @throws if the model's output and the targets differ in shape, or no weight has an influence on the loss.
 */
export async function tapeGradients(
  model: Model,
  loss: Loss,
  batch: Batch,
  {
    seed,
    state,
    freeze = [],
  }: { seed: number; state?: Readonly<Record<string, NdArray>>; freeze?: readonly string[] },
): Promise<Gradients> {
  const learnt = learntOf(model, freeze);
  const variables = Object.values(model.weights).filter((_, i) => learnt[i]);
  const keepStatistics = keptStatistics(model, freeze);
  // tfjs keeps what it saved for the backward run if the function throws. So the error waits until after it.
  let failure: { error: unknown } | undefined;
  let handedOn: Record<string, tf.Tensor> = {};
  const moved: Record<string, tf.Tensor> = {};
  const onStatistic = (name: string, next: tf.Tensor) => {
    moved[name] = tf.keep(next);
  };
  const { value, grads } = tf.variableGrads(() => {
    try {
      const { output, state: after } = forward(model, batch, {
        ...{ training: true, seed, state, keepStatistics, onStatistic },
      });
      for (const tensor of Object.values(after)) tf.keep(tensor);
      handedOn = after;
      return lossOf(loss, output, batch);
    } catch (error) {
      failure = { error };
      return tf.sum(variables[0]!) as tf.Scalar;
    }
  }, variables);
  try {
    if (failure) throw failure.error;
    const [lossData, ...gradients] = await Promise.all([
      value.data() as Promise<Float32Array>,
      ...variables.map(
        (variable) =>
          (grads[variable.name]?.data() ??
            Promise.resolve(new Float32Array(variable.size))) as Promise<Float32Array>,
      ),
    ]);
    return {
      loss: lossData![0]!,
      gradients,
      statistics: await toArrays(moved),
      ...(batch.carry && { state: await toArrays(handedOn) }),
    };
  } finally {
    tf.dispose([value, ...Object.values(grads), ...Object.values(handedOn), ...Object.values(moved)]);
  }
}

/** The model's outputs for a batch, and the states that it hands on where it carries some. Wrap calls in `tf.tidy`. */
export function forward(
  model: Model,
  { x, mask, carry, carryAfter }: Batch,
  { training, seed, state, keepStatistics, onStatistic }: ForwardOptions,
): Stateful<tf.Tensor> {
  const options = { training, seed, mask: mask && toTensor(mask), keepStatistics, onStatistic };
  if (!carry) return { output: model.apply(toTensor(x), options), state: {} };
  return model.applyStateful!(toTensor(x), {
    ...options,
    ...(state && { state: toTensors(state) }),
    ...(carryAfter !== undefined && { stateAfter: carryAfter }),
  });
}

/** The loss of a batch as a scalar tensor. Wrap calls in `tf.tidy`. */
export function lossOf(loss: Loss, output: tf.Tensor, { y, weight }: Batch): tf.Scalar {
  return loss.apply(output, toTensor(y), weight && toTensor(weight));
}

/** Tensors of states. */
export function toTensors(states: Readonly<Record<string, NdArray>>): Record<string, tf.Tensor> {
  return Object.fromEntries(Object.entries(states).map(([name, state]) => [name, toTensor(state)]));
}

/** Arrays of states; the tensors stay. */
export async function toArrays(
  states: Readonly<Record<string, tf.Tensor>>,
): Promise<Record<string, NdArray>> {
  const entries = Object.entries(states).map(async ([name, state]) => [name, await toArray(state)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** The array of a tensor, which stays. */
export async function toArray(tensor: tf.Tensor): Promise<NdArray> {
  return { data: (await tensor.data()) as Float32Array, shape: tensor.shape };
}

/**
 * What the loss of a batch counts for in a mean over batches: the sum of its targets' weights, unless the loss has a mass.
 * @throws if a weight is negative or not finite.
 */
export function batchWeight(batch: Batch, loss: Loss): number {
  const { y, weight } = batch;
  let sum = weight ? 0 : y.data.length;
  for (const each of weight?.data ?? []) {
    if (!(each >= 0 && each < Number.POSITIVE_INFINITY)) {
      throw new Error(`fit: sample weights must be finite and not negative, got ${each}.`);
    }
    sum += each;
  }
  return sum > 0 ? (loss.mass?.(batch) ?? sum) : sum;
}

/** The batch with 0 for targets that weigh 0, whatever stands there: NaN times 0 is NaN. */
export function withoutMissing(batch: Batch): Batch {
  const { y, weight } = batch;
  if (!weight?.data.some((each, i) => each === 0 && !Number.isFinite(y.data[i]!))) return batch;
  return { ...batch, y: { ...y, data: y.data.map((value, i) => (weight.data[i] === 0 ? 0 : value)) } };
}
