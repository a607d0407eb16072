// What a cell computes on native TensorFlow, in the order of its steps and without masks.

import type { RecurrentAttributes } from '../../ops/kernel-contract.ts';
import type { Handle, Tensorflow } from './tensorflow.ts';

/** Sizes, inputs and weights; biases that are not given are absent. */
export interface NativeRun {
  B: number;
  T: number;
  C: number;
  H: number;
  /** `[T, B, C]` */
  x: Handle;
  kernel: Handle;
  recurrent: Handle;
  bias?: Handle;
  recurrentBias?: Handle;
  activation: RecurrentAttributes['activation'];
}

/** Something about each state: `[T, B, H]` after each step, or `[T + 1, B, H]` with the one before the first. */
export interface States {
  h: Handle;
  /** Only of an lstm. */
  c?: Handle;
}

/** What a backward run finds. */
export interface CellGradients {
  kernel(): Handle;
  bias(): Handle;
  recurrent: Handle;
  recurrentBias?: Handle;
  h0: Handle;
  c0?: Handle;
  /** From which `input` makes the gradient by x. */
  forInput: Handle;
}

/** A cell forward and back. */
export interface NativeCell {
  /** The states after each step from those before the first, and what the way back needs beside them. */
  forward(tf: Tensorflow, run: NativeRun & { h0: Handle; c0?: Handle }): States & { kept: Handle[] };
  /** From all states, the first ones included, what `forward` kept, and the gradient by the states after each step. */
  backward(
    tf: Tensorflow,
    run: NativeRun,
    states: States & { kept: Handle[] },
    gradients: States,
  ): CellGradients;
  /** The gradient by x, `[T, B, C]` or `[T·B, C]`. */
  input(tf: Tensorflow, forInput: Handle, kernel: Handle): Handle;
}

/** x·W + b of all steps, `[T, B, gates·H]`. */
export function project(tf: Tensorflow, { T, B, C, x, kernel, bias }: NativeRun): Handle {
  const product = tf.matMul(tf.reshape(x, T * B, C), kernel);
  return tf.reshape(bias ? tf.add(product, bias) : product, T, B, kernel.shape[1]!);
}

/** The gradients that all come from those of x·W + b, `[T·B, gates·H]`. */
export function fromGates(tf: Tensorflow, { T, B, C, x }: NativeRun, gates: Handle) {
  return {
    kernel: () => tf.transposedMatMul(tf.reshape(x, T * B, C), gates),
    bias: () => tf.sum(gates),
    forInput: gates,
  };
}

/** The gradient by x from those of x·W + b. */
export function inputFromGates(tf: Tensorflow, gates: Handle, kernel: Handle): Handle {
  return tf.matMul(gates, kernel, true);
}

/** The states before each step, as rows: all of `[T + 1, B, H]` but the last, `[T·B, H]`. */
export function before(tf: Tensorflow, states: Handle): Handle {
  const [all, B, H] = states.shape as [number, number, number];
  return tf.reshape(tf.slice(states, [0, 0, 0], [all - 1, B, H]), (all - 1) * B, H);
}

/** `[B, n]` of every step under one another: `[T·B, n]`. */
export function joined(tf: Tensorflow, parts: Handle[]): Handle {
  const [B, n] = parts[0]!.shape as [number, number];
  return tf.reshape(tf.pack(parts), parts.length * B, n);
}
