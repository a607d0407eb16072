// Rows by time, for TensorFlow: `[B, T, n]` to `[T, B, n]` in the order in which the steps are done, and back. With a mask the
// real steps of each row stand first, whatever the mask, and zeros after them: no cell has to know of masks.

import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { RecurrentAttributes } from '../../ops/kernel-contract.ts';
import type { Handle, NativeBackend, Tensorflow } from './tensorflow.ts';

/** The ways of a batch between both orders. */
export interface Steps {
  /** `[B, T, n]` → `[T, B, n]`. */
  toSteps(x: Handle): Handle;
  /** `[T, B, n]` → `[B, T, n]`, 0 where masked. */
  fromSteps(x: Handle): Handle;
  /** The last state of each row, `[B, n]`, from all states `[(T + 1)·B, n]`, the one before the first step among them. */
  last(states: Handle): Handle;
  /** The way back of `last` for a gradient `[B, n]`: `[(T + 1)·B, n]`. */
  fromLast(gradient: Handle): Handle;
}

/** Row numbers that a mask leads to. */
interface MaskRows {
  /** b·T + t of every real step. */
  source: Int32Array;
  /** s·B + b: where that step stands by time. */
  target: Int32Array;
  /** Of each row b: steps·B + b, where its last state stands among all states. */
  last: Int32Array;
}

/** Reads a mask `[B, T]` in the order of the steps. */
function maskRows(mask: ArrayLike<number>, B: number, T: number, reverse: boolean): MaskRows {
  const source: number[] = [];
  const target: number[] = [];
  const last = new Int32Array(B);
  for (let b = 0; b < B; b++) {
    let s = 0;
    for (let i = 0; i < T; i++) {
      const t = reverse ? T - 1 - i : i;
      if (mask[b * T + t]! < 0.5) continue;
      source.push(b * T + t);
      target.push(s++ * B + b);
    }
    last[b] = s * B + b;
  }
  return { source: Int32Array.from(source), target: Int32Array.from(target), last };
}

/** Without a mask: transposed, and turned around where the steps go backwards. */
function wholeSteps(tf: Tensorflow, B: number, T: number, reverse: boolean): Steps {
  return {
    toSteps: (x) => (reverse ? tf.reverse(tf.swap(x)) : tf.swap(x)),
    fromSteps: (x) => tf.swap(reverse ? tf.reverse(x) : x),
    last: (states) => tf.slice(states, [T * B, 0], [B, states.shape[1]!]),
    fromLast: (gradient) => tf.concat(0, tf.zeros(T * B, gradient.shape[1]!), gradient),
  };
}

/** With a mask: only its real steps are moved. */
function maskedSteps(tf: Tensorflow, B: number, T: number, { source, target, last }: MaskRows): Steps {
  const rows = (values: Int32Array) => tf.integers(values, [values.length]);
  const column = (values: Int32Array) => tf.integers(values, [values.length, 1]);
  const move = (x: Handle, from: Int32Array, to: Int32Array) =>
    tf.scatter(tf.gather(tf.reshape(x, T * B, x.shape[2]!), rows(from)), column(to), T * B);
  return {
    toSteps: (x) => tf.reshape(move(x, source, target), T, B, x.shape[2]!),
    fromSteps: (x) => tf.reshape(move(x, target, source), B, T, x.shape[2]!),
    last: (states) => tf.gather(states, rows(last)),
    fromLast: (gradient) => tf.scatter(gradient, column(last), (T + 1) * B),
  };
}

/** The ways of a batch as its call says. */
export function stepsOf(
  tf: Tensorflow,
  backend: NativeBackend,
  { sizes, reverse }: Pick<RecurrentAttributes, 'sizes' | 'reverse'>,
  mask: TensorInfo | undefined,
): Steps {
  const { B, T } = sizes;
  if (!mask) return wholeSteps(tf, B, T, reverse);
  return maskedSteps(tf, B, T, maskRows(backend.readSync(mask.dataId), B, T, reverse));
}
