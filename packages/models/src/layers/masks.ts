// Masks [B, T] for layers: 1 where a step is real, 0 where it is padding.
// The rule all layers keep: padding never changes a result.

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';

/** `x [B, T, C]` with 0 at the masked steps, whatever stood there (also NaN). */
export function zeroMasked(x: Tensor, mask: Tensor | undefined): Tensor {
  if (!mask) return x;
  const real = tf.expandDims(tf.cast(mask, 'float32'), 2);
  const keep = tf.greater(tf.mul(real, tf.ones([1, 1, x.shape[2]!])), 0.5);
  return tf.where(keep, x, tf.zerosLike(x));
}

/** @throws for a layer that would let padding into its result. `fix` completes the sentence. */
export function refuseMask(type: string, mask: Tensor | undefined, fix: string): void {
  if (mask) throw new Error(`${type}: cannot honour a mask, because padding would enter its result. ${fix}`);
}

/**
 * With stride above 1, results stand at steps 0, stride, 2·stride, …. Padding on the left moves a sequence
 * against that raster unless its length is a multiple of the stride.
 * @throws if padding on the left would move it.
 */
export function requireAligned(type: string, mask: Tensor | undefined, stride: number): void {
  if (!mask || stride === 1) return;
  const [rows, steps] = mask.shape as [number, number];
  const values = mask.dataSync();
  for (let row = 0; row < rows; row++) {
    let first = 0;
    while (first < steps && values[row * steps + first]! < 0.5) first++;
    if (first < steps && first % stride !== 0) {
      throw new Error(
        `${type}: with stride ${stride}, padding on the left must be a multiple of ${stride} steps, got ${first} ` +
          `in row ${row}: the same sequence without padding would be sampled at other steps. ` +
          'Pad on the right, pad by whole strides, or use stride 1.',
      );
    }
  }
}
