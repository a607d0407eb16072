// What variants add to the steps of a composed cell: layer norm, recurrent dropout, zoneout, and a look at each state. The
// plain cell goes through untouched: without a variant no function here adds an operation.

import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { CellVariant, StateName } from './recurrent-call.ts';

/** Added to the variance, as PyTorch does. */
const EPSILON = 1e-5;

/**
 * Layer norm (Ba, Kiros, Hinton 2016, arXiv:1607.06450): (v − mean) / √(variance + 1e-5) · gain over the columns of each
 * block, whose widths are given; default: all columns are one block. The values as they are where there is no gain.
 */
export function normalise(values: Tensor2D, gain: Tensor | undefined, widths?: readonly number[]): Tensor2D {
  if (!gain) return values;
  if (!widths || widths.length === 1) return tf.mul(standardised(values), gain);
  const parts = tf.split(values, [...widths], 1);
  return tf.mul(tf.concat(parts.map(standardised), 1), gain);
}

/** The cell state on its way to h. */
export function normaliseCell(cell: Tensor2D, variant: CellVariant | undefined): Tensor2D {
  const { cell: gain, cellShift } = variant?.norm ?? {};
  const normed = normalise(cell, gain);
  return cellShift ? tf.add(normed, cellShift) : normed;
}

/** h on its way into the recurrent product. */
export function factored(h: Tensor2D, variant: CellVariant | undefined): Tensor2D {
  return variant?.recurrentFactors ? tf.mul(h, variant.recurrentFactors) : h;
}

/**
 * The last word on a state that step t has `made`: zoneout (Krueger et al. 2017, arXiv:1606.01305) gives k∘before + (1 − k)∘made.
 * Returns the state, and what the step goes on with as made: the new cell of an lstm makes h before zoneout.
 */
export function finishState(
  variant: CellVariant | undefined,
): (name: StateName, t: number, made: Tensor2D, before: Tensor2D) => { state: Tensor2D; made: Tensor2D } {
  const { keep, onState } = variant ?? {};
  return (name, t, made, before) => {
    const kept = keep?.(name, t);
    if (!kept) {
      const state = onState ? onState(name, t, made) : made;
      return { state, made: state };
    }
    const mixed = tf.add<Tensor2D>(tf.mul(kept, before), tf.mul(tf.sub(1, kept), made));
    return { state: onState ? onState(name, t, mixed) : mixed, made };
  };
}

function standardised(values: Tensor): Tensor {
  const centred = tf.sub(values, tf.mean(values, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.div(centred, tf.sqrt(tf.add(variance, EPSILON)));
}
