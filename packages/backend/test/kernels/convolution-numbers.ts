// What the tests of convolutions and pooling share: the geometry as the kernels take it, and how to judge a sum.

import { type Geometry, rowSum } from '../reference/kernels.ts';

/** The list of numbers that the kernels of convolutions take (see assembly/convolution/convolution.ts). */
export function convolutionNumbers({ x, filter, strides, dilations, before, out }: Geometry) {
  const [batch, height, width, channels] = x;
  const [filterHeight, filterWidth, , outChannels] = filter;
  return [
    ...[batch, height, width, channels],
    ...[out[0], out[1], outChannels, filterHeight, filterWidth],
    ...[strides[0], strides[1], dilations[0], dilations[1], before[0], before[1]],
  ] as Fifteen;
}

/** The list of numbers that the kernels of pooling take (see assembly/pool.ts). */
export function poolNumbers({ x, filter, strides, before, out }: Geometry) {
  return [...x, ...out, filter[0], filter[1], ...strides, ...before] as Twelve;
}

type Six = [number, number, number, number, number, number];
type Twelve = [...Six, ...Six];
type Fifteen = [...Twelve, number, number, number];

/**
 * Largest error of the sums of the rows of `dy`, relative to the largest sum of magnitudes: a sum itself may cancel to
 * almost nothing.
 */
export function biasError(sums: Float32Array, dy: Float32Array): number {
  const expected = rowSum(dy, sums.length).data;
  const errors = expected.map((value, i) => Math.abs(sums[i]! - value));
  return Math.max(...errors) / Math.max(...rowSum(dy.map(Math.abs), sums.length).data);
}
