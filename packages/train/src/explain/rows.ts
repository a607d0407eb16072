// Inputs as rows of numbers, and what stands in for a part of them: shared by the methods that change inputs.

import type { NdArray } from '@tidecast/data';
import { sameShape } from '../check.ts';

/** Values of one input. @throws if x is no batch of inputs, or the mask is none of x. */
export function rowSize(who: string, x: NdArray, mask: NdArray | undefined): number {
  const size = x.shape.slice(1).reduce((product, each) => product * each, 1);
  if (x.shape.length < 2 || x.data.length !== x.shape[0]! * size || x.data.length === 0) {
    throw new Error(
      `${who}: x must be [B, ...] with at least one input, got [${x.shape.join(', ')}] of ${x.data.length} values.`,
    );
  }
  if (mask && !sameShape(mask.shape, x.shape.slice(0, 2))) {
    throw new Error(
      `${who}: mask must be [${x.shape.slice(0, 2).join(', ')}] like the steps of x, got [${mask.shape.join(', ')}].`,
    );
  }
  return size;
}

/**
 * What stands in for each value of `x`, as long as x: one value for all, one for each channel (the last axis), one input,
 * or as many inputs as x. @throws if it fits none of these.
 */
export function fillRows(who: string, x: NdArray, fill: number | readonly number[] | NdArray): Float32Array {
  const given = typeof fill === 'number' ? [fill] : 'shape' in fill ? fill.data : fill;
  const shape = typeof fill === 'object' && 'shape' in fill ? fill.shape : [given.length];
  const inputs = x.shape.slice(1);
  const fits =
    typeof fill === 'number' ||
    sameShape(shape, x.shape.slice(-1)) ||
    sameShape(shape, inputs) ||
    sameShape(shape, x.shape);
  const whole = shape.reduce((product, each) => product * each, 1) === given.length;
  if (!fits || !whole || !Array.prototype.every.call(given, Number.isFinite)) {
    throw new Error(
      `${who} must be a finite number, ${inputs.at(-1)} of them for the channels, or an array [${inputs.join(', ')}], ` +
        `got [${shape.join(', ')}].`,
    );
  }
  return Float32Array.from(x.data, (_, i) => given[i % given.length]!);
}
