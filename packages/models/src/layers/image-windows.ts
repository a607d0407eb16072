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
