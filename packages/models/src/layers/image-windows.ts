// Windows over an image [H, W, C]: one moves down its rows, one across its columns.

import { type Setting, wholeNumber } from '../settings.ts';
import { imageShape, type Shape } from '../shape.ts';
import { type Window, windowCount } from './taps.ts';

/** A number for both axes, or [height, width]. */
export type PerAxis = number | readonly [number, number];

/** Two windows: down the rows, across the columns. */
export type ImageWindows = readonly [down: Window, across: Window];

/** A setting that is a whole number from `min` to `max`, or two of them. */
export function perAxis({ min, max, default: fallback }: Parameters<typeof wholeNumber>[0]): Setting {
  const one = wholeNumber(max === undefined ? { min } : { min, max });
  return {
    expected: `${one.expected}, or two of them, [height, width]`,
    accepts: (value) =>
      one.accepts(value) || (Array.isArray(value) && value.length === 2 && value.every(one.accepts)),
    ...(fallback !== undefined && { default: fallback }),
  };
}

/**
 * Zeros around an image:
 * - `valid`: none, so that only windows inside the image count;
 * - `same`: `dilation·(size − 1)` in all, an odd one at the bottom and on the right, so that stride 1 keeps the size;
 * - a number, or [height, width]: as many on either side, as in PyTorch.
 */
export type Padding = 'valid' | 'same' | PerAxis;

const zeros = wholeNumber({ min: 0, max: 4096 });

/** The setting `padding`. */
export const paddingSetting: Setting = {
  expected: "'valid', 'same', a whole number from 0 to 4096, or two of them, [height, width]",
  accepts: (value) =>
    value === 'valid' ||
    value === 'same' ||
    zeros.accepts(value) ||
    (Array.isArray(value) && value.length === 2 && value.every(zeros.accepts)),
  default: 'valid',
};

/** How windows lie on an image. */
export interface WindowSettings {
  kernelSize: PerAxis;
  stride: PerAxis;
  dilation: PerAxis;
  padding: Padding;
}

/** The windows of these settings down the rows and across the columns. */
export function imageWindows({ kernelSize, stride, dilation, padding }: WindowSettings): ImageWindows {
  const [sizes, strides, dilations] = [bothAxes(kernelSize), bothAxes(stride), bothAxes(dilation)];
  const along = (axis: 0 | 1): Window => {
    const [size, stride, dilation] = [sizes[axis], strides[axis], dilations[axis]];
    const both =
      padding === 'same' ? dilation * (size - 1) : padding === 'valid' ? 0 : 2 * bothAxes(padding)[axis];
    const before = Math.floor(both / 2);
    return { size, stride, dilation, before, after: both - before };
  };
  return [along(0), along(1)];
}

/** A number for both axes as [height, width]. */
export function bothAxes(value: PerAxis): readonly [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/** Shape `[H′, W′, channels]` after windows moved over an image. @throws where not even one fits. */
export function windowedImage(
  type: string,
  shape: Shape,
  [down, across]: ImageWindows,
  channels: number,
): [number, number, number] {
  const { height, width } = imageShape(type, shape);
  return [windowCount(type, height, down, 'rows'), windowCount(type, width, across, 'columns'), channels];
}
