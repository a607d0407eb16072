// The fused op of each cell of tfjs-layers, on the cell's own variables.

import * as tf from '@tensorflow/tfjs-core';
import { gru } from '../ops/gru.ts';
import { lstm } from '../ops/lstm.ts';
import type { RecurrentOptions, RecurrentResult } from '../ops/recurrent-call.ts';
import { rnn } from '../ops/rnn.ts';
import { opActivation, type RecurrentCell } from './recurrent-layer.ts';

/** Runs a cell over x `[B, T, C]`. Gradients reach x, the initial state and the variables. */
export function runCell(
  cell: RecurrentCell,
  x: tf.Tensor3D,
  options: Omit<RecurrentOptions, 'activation'>,
): RecurrentResult {
  const weights = {
    kernel: cell.kernel.read(),
    recurrent: cell.recurrentKernel.read(),
    bias: cell.bias?.read(),
  };
  const activation = opActivation(cell.activation)!;
  if (!cell.recurrentActivation) return rnn(x, weights, { ...options, activation });
  const recurrentActivation = opActivation(cell.recurrentActivation)!;
  if (cell.getClassName() === 'LSTMCell') {
    return lstm(x, weights, { ...options, activation, recurrentActivation });
  }
  const reordered = {
    kernel: swapGates(weights.kernel),
    recurrent: swapGates(weights.recurrent),
    bias: weights.bias && swapGates(weights.bias),
  };
  return gru(x, reordered, { ...options, activation, recurrentActivation, resetAfter: false });
}

/** Columns of the gates z, r, n to r, z, n or back: its own inverse, so the gradient is swapped back by the same function. */
const swapGates = tf.customGrad((weights) => ({
  value: swapThirds(weights as tf.Tensor),
  gradFunc: swapThirds,
}));

function swapThirds(x: tf.Tensor): tf.Tensor {
  const units = x.shape.at(-1)! / 3;
  return tf.tidy(() => tf.reshape(tf.gather(tf.reshape(x, [-1, 3, units]), [1, 0, 2], 1), x.shape));
}
