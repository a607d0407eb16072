// Recurrent states that go on from batch to batch. Between two batches they are plain arrays, so no gradient flows back
// through them.

import * as tf from '@tensorflow/tfjs-core';
import type { Batch, NdArray } from '@tidecast/data';
import type { Model, Stateful } from '@tidecast/models';
import { toArray, toArrays, toTensor, toTensors } from './gradients.ts';

/** States by name, `[B, H]` each. */
export type States = Readonly<Record<string, NdArray>>;

/** Names and sizes H of the states that a model hands on. @throws where it has none to hand on. */
export function carriedSizes({ states }: Model): Readonly<Record<string, number>> {
  if (typeof states === 'object') return states;
  throw new Error(
    `fit: the samples carry states from batch to batch, and the model cannot: ${states ?? 'it knows no states'}.`,
  );
}

/**
 * The states a batch starts from: `last`, those after the batch before, in the rows that carry on, and zeros in the others.
 * @throws where a row carries on and the batch before has no such row.
 */
export function statesBefore(
  sizes: Readonly<Record<string, number>>,
  carry: NdArray,
  last: States | null,
): Record<string, NdArray> {
  const rows = carry.data.length;
  return Object.fromEntries(
    Object.entries(sizes).map(([name, units]) => {
      const { data, shape } = last?.[name] ?? { data: new Float32Array(0), shape: [0] };
      const before = new Float32Array(rows * units);
      for (let row = 0; row < rows; row++) {
        if (carry.data[row]! < 0.5) continue;
        if (row >= shape[0]!) {
          throw new Error(
            `samples: row ${row} of a batch carries states on, but there is no such row in a batch before it. ` +
              'Do batches come in the order of the samples, with their batchSize?',
          );
        }
        before.set(data.subarray(row * units, (row + 1) * units), row * units);
      }
      return [name, { data: before, shape: [rows, units] }];
    }),
  );
}

/** How {@link advance} runs. */
export interface AdvanceOptions {
  /** States to go on from, as the run before has given them; one that is left out starts from zeros. */
  state?: States;
  /** `[B, T]`: 1 where a step is real. */
  mask?: NdArray;
  /** After how many steps of x the states are taken; default: after all. */
  stateAfter?: number;
}

/**
 * The outputs for the next steps `x [B, T, C]` of some sequences, and the states to go on from after them: how text is
 * generated, or a live series followed. By a plan where there is one, else on the tape; without dropout.
 * @throws where the model cannot go on from a state, or shapes do not fit.
 */
export async function advance(
  model: Model,
  x: NdArray,
  options: AdvanceOptions = {},
): Promise<Stateful<NdArray>> {
  const planned = model.inferStateful?.(x, options);
  if (planned) return planned;
  if (!model.applyStateful) throw new Error('advance: the model knows no states. Give it applyStateful.');
  const { state, mask, stateAfter } = options;
  const { output, state: after } = tf.tidy(
    () =>
      model.applyStateful!(toTensor(x), {
        ...(state && { state: toTensors(state) }),
        ...(mask && { mask: toTensor(mask) }),
        ...(stateAfter !== undefined && { stateAfter }),
      }) as unknown as tf.TensorContainerObject,
  ) as unknown as Stateful<tf.Tensor>;
  try {
    return { output: await toArray(output), state: await toArrays(after) };
  } finally {
    tf.dispose([output, ...Object.values(after)]);
  }
}

/** Runs batches forward, each from the states that the one before has handed on. */
export function createCarrier(model: Model): (batch: Batch & { carry: NdArray }) => Promise<NdArray> {
  const sizes = carriedSizes(model);
  let last: States | null = null;
  return async ({ x, mask, carry, carryAfter }) => {
    const { output, state } = await advance(model, x, {
      state: statesBefore(sizes, carry, last),
      ...(mask && { mask }),
      ...(carryAfter !== undefined && { stateAfter: carryAfter }),
    });
    last = state;
    return output;
  };
}

/** True where a batch goes on from the one before, or hands its states on. */
export function carries(batch: Batch): batch is Batch & { carry: NdArray } {
  return batch.carry !== undefined;
}
