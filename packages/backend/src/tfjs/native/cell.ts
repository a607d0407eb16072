// What a cell computes on native TensorFlow, in the order of its steps and without masks.

import type { RecurrentAttributes } from '../../ops/kernel-contract.ts';
import type { Handle, Tensorflow } from './tensorflow.ts';

/** Sizes, weights and initial states; biases that are not given are absent. */
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
  h0: Handle;
  c0?: Handle;
  activation: RecurrentAttributes['activation'];
}

/** Gradients of the states, in the order of the steps. */
export interface StateGradients {
  /** By each h and each c, `[T]` of `[B, H]`; of c only where a row may end before the last step. */
  h: Handle[];
  c?: Handle[];
  /** By the states after the last step. */
  hLast: Handle;
  cLast?: Handle;
}

/** What a backward run finds. */
export interface CellGradients {
  /** By x·W + b, `[T·B, gates·H]`. */
  gates: Handle;
  recurrent: Handle;
  recurrentBias?: Handle;
  h0: Handle;
  c0?: Handle;
}

/** A cell forward and back. */
export interface NativeCell {
  /** States h and, of an lstm, c after each step, `[T, B, H]`, and what the way back needs beside them. */
  forward(tf: Tensorflow, run: NativeRun): { h: Handle; c?: Handle; kept: Handle[] };
  /** `states` are all h, `[T + 1, B, H]`; `kept` is what `forward` kept. */
  backward(
    tf: Tensorflow,
    run: Omit<NativeRun, 'x' | 'h0' | 'c0' | 'kernel'>,
    states: { h: Handle; kept: Handle[] },
    gradients: StateGradients,
  ): CellGradients;
}

/** x·W + b of all steps, `[T, B, gates·H]`. */
export function project(tf: Tensorflow, { T, B, C, x, kernel, bias }: NativeRun): Handle {
  const product = tf.matMul(tf.reshape(x, T * B, C), kernel);
  return tf.reshape(bias ? tf.add(product, bias) : product, T, B, kernel.shape[1]!);
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
