// The `call` that stands in for that of a recurrent layer of tfjs-layers: the same results by one op instead of ten a step.

import * as tf from '@tensorflow/tfjs-core';
import { holdOutputs } from './hold-outputs.ts';
import { type Call, type CallArguments, drops, type RecurrentLayer } from './recurrent-layer.ts';
import { runCell } from './run-cell.ts';

/** The arguments of a call, in the form the fused ops take. */
interface Fusible {
  x: tf.Tensor3D;
  mask: tf.Tensor | undefined;
  initialState: tf.Tensor2D[] | undefined;
  training: boolean;
}

/**
 * A `call` for a layer that {@link reasonToLeave} has nothing against. What the fused ops do not know, also arguments
 * that tfjs-layers refuses, goes to the layer's own `call`.
 */
export function fusedCall(layer: RecurrentLayer): Call {
  const original = layer.call;
  return (inputs, kwargs) => {
    const fusible = fusibleCall(layer, inputs, kwargs ?? {});
    return fusible ? tf.tidy(() => run(layer, fusible)) : original.call(layer, inputs, kwargs);
  };
}

/** The arguments if the call can run fused. */
function fusibleCall(
  { cell, stateful, states }: RecurrentLayer,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: CallArguments,
): Fusible | undefined {
  const x = Array.isArray(inputs) && inputs.length === 1 ? inputs[0]! : inputs;
  if (Array.isArray(x) || x.rank !== 3) return undefined;
  const [B, T] = x.shape as [number, number, number];
  const training = kwargs.training === true;
  if (training && drops(cell.recurrentDropout)) return undefined;
  const mask = kwargs.mask ?? undefined;
  if (Array.isArray(mask) || (mask && !isMask(mask, B, T))) return undefined;
  const initialState = kwargs.initialState ?? (stateful ? states : undefined);
  const count = cell.getClassName() === 'LSTMCell' ? 2 : 1;
  if (initialState && !areStates(initialState, count, [B, cell.units])) return undefined;
  return { x: x as tf.Tensor3D, mask, initialState, training };
}

const isMask = ({ rank, shape }: tf.Tensor, B: number, T: number) =>
  shape[0] === B && shape[1] === T && (rank === 2 || (rank === 3 && shape[2] === 1));

const areStates = (states: tf.Tensor[], count: number, shape: number[]): states is tf.Tensor2D[] =>
  states.length === count && states.every((state) => tf.util.arraysEqual(state.shape, shape));

function run(layer: RecurrentLayer, fusible: Fusible): tf.Tensor | tf.Tensor[] {
  const { cell, goBackwards } = layer;
  const { initialState, training } = fusible;
  const [B, T] = fusible.x.shape;
  const x = training && drops(cell.dropout) ? dropInputs(layer, fusible.x) : fusible.x;
  const mask = fusible.mask && tf.reshape<tf.Rank.R2>(tf.cast(fusible.mask, 'bool'), [B, T]);
  const { sequence, states } = runCell(cell, x, { mask, reverse: goBackwards, initialState });
  // Told of training, tfjs-layers would keep the states of all steps for the gradient; the op keeps what it needs itself.
  if (layer.stateful) layer.resetStates(states);
  const output = layer.returnSequences ? inOrder(sequence, mask, initialState?.[0], goBackwards) : states[0]!;
  return layer.returnState ? [output, ...states] : output;
}

/** tfjs-layers returns a sequence in the order in which the steps were done. */
function inOrder(
  sequence: tf.Tensor3D,
  mask: tf.Tensor2D | undefined,
  initial: tf.Tensor2D | undefined,
  backwards: boolean,
): tf.Tensor3D {
  if (mask) return holdOutputs(sequence, mask, initial, backwards);
  return backwards ? tf.reverse(sequence, 1) : sequence;
}

/** Drops the same channels at every step of a row, as tfjs-layers does. */
function dropInputs({ cell }: RecurrentLayer, x: tf.Tensor3D): tf.Tensor3D {
  const ones = tf.ones([x.shape[0], 1, x.shape[2]]);
  return tf.mul(x, cell.dropoutFunc ? cell.dropoutFunc(ones, cell.dropout) : tf.dropout(ones, cell.dropout));
}
