// The data of a point, made up: what a step costs does not depend on the numbers.

import { createRandom } from '@tidecast/data';
import { CHANNELS, OUTPUTS, type Point, TIME_STEPS } from '../points.ts';

/** Fixed batches that a training goes round. */
export const BATCHES = 8;

/** Examples of a point, `BATCHES` batches of them; targets are class indices for `cnn2d`. */
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
    const xShape = [28, 28, 1];
    const x = fill(xShape, random.uniform);
    return { count, x, xShape, y: fill([1], () => random.integer(10)), yShape: [1] };
  }
  const [xShape, yShape] = [[T, CHANNELS], [OUTPUTS]];
  const spread = random.normal;
  return { count, x: fill(xShape, spread), xShape, y: fill(yShape, spread), yShape };
}
