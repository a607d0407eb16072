// What the tests of kernels share: repeatable numbers, and one way to compare with a float64 reference.

import type * as tf from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import type { Geometry } from './kernels.ts';

/** `count` repeatable numbers in (−1, 1), without a pattern that a transposed index would survive. */
export function noise(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32) * 2 - 1;
  });
}

/** Expects every value within `bound` of the reference, relative to the largest value of the reference. */
export async function expectClose(actual: tf.Tensor, expected: ArrayLike<number>, bound: number) {
  const values = await actual.data();
  expect(values.length).toBe(expected.length);
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const error = Math.abs(values[i]! - expected[i]!);
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  }
  expect(scale, 'a reference of zeros proves nothing').toBeGreaterThan(0);
  expect(worst / scale, 'relative error').toBeLessThan(bound);
}

export type Pad = 'valid' | 'same' | number | [number, number, number, number];

/** Shapes and padding as TensorFlow defines them. Explicit padding is `[top, bottom, left, right]`. */
export function geometryOf(
  x: Geometry['x'],
  filter: Geometry['filter'],
  strides: [number, number],
  pad: Pad,
  dilations: [number, number] = [1, 1],
): Geometry {
  const before: [number, number] = [0, 0];
  const out: [number, number] = [0, 0];
  for (const axis of [0, 1] as const) {
    const [size, stride] = [x[axis + 1]!, strides[axis]];
    const taps = (filter[axis]! - 1) * dilations[axis] + 1;
    if (pad === 'same') {
      out[axis] = Math.ceil(size / stride);
      before[axis] = Math.floor(Math.max((out[axis] - 1) * stride + taps - size, 0) / 2);
    } else {
      const [first, last] =
        pad === 'valid'
          ? [0, 0]
          : typeof pad === 'number'
            ? [pad, pad]
            : [pad[axis * 2]!, pad[axis * 2 + 1]!];
      before[axis] = first;
      out[axis] = Math.floor((size + first + last - taps) / stride) + 1;
    }
  }
  return { x, filter, strides, dilations, before, out };
}

/** The padding as tfjs takes it. */
export function tfPad(pad: Pad) {
  if (!Array.isArray(pad)) return pad;
  const [top, bottom, left, right] = pad;
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ] as [[number, number], [number, number], [number, number], [number, number]];
}
