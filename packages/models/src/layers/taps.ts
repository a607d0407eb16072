// Sliding windows over time by slices alone, so that they have gradients on every backend.
// (The gradient of a dilated convolution throws in tfjs-core 4.22, and StridedSlice has none.)

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Shape } from '../shape.ts';

/** A window over time: `size` taps, `dilation` steps apart, moved by `stride`. */
export interface Window {
  size: number;
  dilation: number;
  stride: number;
  /** Zeros put before and after the sequence. */
  before: number;
  after: number;
}

/** Steps that one window spans. */
export function spanOf(window: Window): number {
  return window.dilation * (window.size - 1) + 1;
}

/** Number of windows on `steps` steps, which the message calls by `unit`. @throws if not even one fits. */
export function windowCount(type: string, steps: number, window: Window, unit = 'steps'): number {
  const free = steps + window.before + window.after - spanOf(window);
  if (free < 0) {
    throw new Error(
      `${type}: needs at least ${spanOf(window) - window.before - window.after} ${unit}, got ${steps}. ` +
        'Use larger inputs, a smaller window, or another padding.',
    );
  }
  return Math.floor(free / window.stride) + 1;
}

/** The `[T, C]` shape after a window moved over it. */
export function windowedShape(type: string, steps: number | null, window: Window, channels: number): Shape {
  return [steps === null ? null : windowCount(type, steps, window), channels];
}

/** For each tap k the values `[B, count, C]` it sees: step `o·stride + k·dilation − before` for result o. */
export function taps(type: string, x: Tensor, window: Window): Tensor[] {
  const [batch, steps, channels] = x.shape as [number, number, number];
  const count = windowCount(type, steps, window);
  const { size, dilation, stride, before } = window;
  // The last tap reads whole strides, so that picking the first step of each stride is a reshape.
  const needed = (size - 1) * dilation + count * stride;
  const padded = tf.pad(x, [
    [0, 0],
    [before, Math.max(0, needed - before - steps)],
    [0, 0],
  ]);
  return Array.from({ length: size }, (_, k) => {
    const run = tf.slice(padded, [0, k * dilation, 0], [batch, count * stride, channels]);
    if (stride === 1) return run;
    const strides = tf.reshape(run, [batch, count, stride, channels]);
    return tf.reshape(tf.slice(strides, [0, 0, 0, 0], [batch, count, 1, channels]), [batch, count, channels]);
  });
}

/** Mask `[B, count]` of the windows in which every tap is real. */
export function wholeWindows(type: string, mask: Tensor, window: Window): Tensor {
  const seen = taps(type, tf.expandDims(mask, 2), window);
  return tf.squeeze(
    seen.reduce((all, tap) => tf.minimum(all, tap)),
    [2],
  );
}

/** The slices of `x` along `axis`. (The gradient of tf.unstack throws in tfjs-core 4.22 where there is only one.) */
export function stepsOf(x: Tensor, axis: number): Tensor[] {
  return x.shape[axis] === 1 ? [tf.squeeze(x, [axis])] : tf.unstack(x, axis);
}
