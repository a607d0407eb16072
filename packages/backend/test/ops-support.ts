// The recurrent ops on the same random input as the float64 reference: outputs, and gradients of a weighted sum of them all.

import * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { type GatedOptions, gru, lstm, type RecurrentResult, rnn } from '../src/index.ts';
import { composeRecurrent } from '../src/ops/compose-recurrent.ts';
import { recurrentCall } from '../src/ops/recurrent-call.ts';
import { expectRecurrent, type RecurrentResult as Numbers, resultsOf } from './kernels/run-recurrent.ts';
import {
  type CellName,
  gatesOf,
  type RecurrentInput,
  type RecurrentOutput,
  recurrentReference,
} from './reference/recurrent.ts';

/** Runs a cell: `op` is the public op, `composition` the plain ops, whatever kernels there are. */
export type Run = (
  cell: CellName,
  x: tf.Tensor,
  weights: { kernel: tf.Tensor; recurrent: tf.Tensor; bias?: tf.Tensor; recurrentBias?: tf.Tensor },
  options: GatedOptions,
) => RecurrentResult;

export const op: Run = (cell, x, weights, options) => {
  if (cell === 'lstm') return lstm(x, weights, options);
  if (cell === 'rnn') return rnn(x, weights, options);
  return gru(x, weights, { ...options, resetAfter: cell === 'gru' });
};

export const composition: Run = (cell, x, weights, options) =>
  composeRecurrent(recurrentCall(cell, cell, x, weights, options));

/** The tensors of an input, in the order of their gradients, and the options. */
function tensorsOf(input: RecurrentInput) {
  const { B, T, C, H, mask, reverse, gate, cell } = input;
  return (name: CellName) => {
    const N = gatesOf(name) * H;
    const shapes = {
      x: [B, T, C],
      kernel: [C, N],
      recurrent: [H, N],
      bias: [N],
      recurrentBias: [N],
      h0: [B, H],
      c0: [B, H],
    };
    const given = Object.entries(shapes).flatMap(([key, shape]) => {
      const values = input[key as 'x'];
      return values ? [[key, tf.tensor(Float32Array.from(values), shape)] as const] : [];
    });
    const options: GatedOptions = { reverse, activation: cell, recurrentActivation: gate };
    if (mask) options.mask = tf.tensor(Float32Array.from(mask), [B, T]);
    return { given, options };
  };
}

/** Everything the reference gives, by one run on the tape. */
export function runOnTape(run: Run, cell: CellName, input: RecurrentInput): Numbers {
  return tf.tidy(() => {
    const { given, options } = tensorsOf(input)(cell);
    const names = given.map(([name]) => name);
    const numbers: Numbers = {};
    const f = (...tensors: tf.Tensor[]) => {
      const named = Object.fromEntries(tensors.map((tensor, i) => [names[i]!, tensor]));
      const { x, h0, c0, ...weights } = named;
      const initialState = h0 ? [h0, ...(c0 ? [c0] : [])] : undefined;
      const { sequence, states } = run(cell, x!, weights as never, { ...options, initialState });
      numbers.y = sequence.dataSync<'float32'>().slice();
      numbers.hLast = states[0]!.dataSync<'float32'>().slice();
      if (states[1]) numbers.cLast = states[1].dataSync<'float32'>().slice();
      const parts = [
        [sequence, input.dy],
        [states[0], input.dhLast],
        [states[1], input.dcLast],
      ] as const;
      const sums = parts.flatMap(([value, weight]) => {
        // The reference may be told NaN at padded steps; a product with that is NaN whatever the value.
        const finite = weight && Float32Array.from(weight, (each) => (Number.isNaN(each) ? 3 : each));
        return value && finite ? [tf.sum(tf.mul(value, tf.tensor(finite, value.shape)))] : [];
      });
      return tf.addN(sums) as tf.Scalar;
    };
    const gradients = tf.grads(f)(given.map(([, tensor]) => tensor));
    for (const [i, gradient] of gradients.entries()) {
      numbers[`d${names[i]}` as keyof RecurrentOutput] = gradient.dataSync<'float32'>().slice();
    }
    return numbers;
  });
}

/** Expects a run to give all that the reference gives, within `bound`. */
export function expectLikeReference(
  run: Run,
  cell: CellName,
  input: RecurrentInput,
  bound: number,
  where = '',
) {
  const numbers = runOnTape(run, cell, input);
  const absent = (['bias', 'recurrentBias', 'h0', 'c0'] as const)
    .filter((name) => !input[name])
    .map((name) => `d${name}`);
  expect(Object.keys(numbers).sort()).toEqual(
    resultsOf(cell)
      .filter((name) => !absent.includes(name))
      .sort(),
  );
  expectRecurrent(numbers, recurrentReference(cell, input), bound, where);
}
