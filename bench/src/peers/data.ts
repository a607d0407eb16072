// The data of a point, made up: what a step costs does not depend on the numbers.

import { createRandom } from '@tidecast/data';
import { CHANNELS, CLASSES, IMAGE_SHAPE, OUTPUTS, type Point, TIME_STEPS } from '../points.ts';

/** Fixed batches that a training goes round. */
export const BATCHES = 8;

/** Examples of a point, `BATCHES` batches of them; targets are one-hot classes for `cnn2d`. */
export interface Examples {
  count: number;
  x: Float32Array;
  xShape: number[];
  y: Float32Array;
  yShape: number[];
}

export function examplesFor({ cell, batch, T = TIME_STEPS }: Point): Examples {
  const random = createRandom(1, 'bench');
  const count = BATCHES * batch;
  const fill = (shape: readonly number[], value: () => number) =>
    Float32Array.from({ length: shape.reduce((product, size) => product * size, count) }, value);
  if (cell === 'cnn2d') {
    const y = new Float32Array(count * CLASSES);
    for (let i = 0; i < count; i++) y[i * CLASSES + random.integer(CLASSES)] = 1;
    return { count, x: fill(IMAGE_SHAPE, random.uniform), xShape: IMAGE_SHAPE, y, yShape: [CLASSES] };
  }
  const [xShape, yShape] = [[T, CHANNELS], [OUTPUTS]];
  const spread = random.normal;
  return { count, x: fill(xShape, spread), xShape, y: fill(yShape, spread), yShape };
}
