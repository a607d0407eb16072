// Samples that are stored nowhere: example i of a task depends on the seed and on i alone. So there can be as many as a
// training wants, and one epoch over all of them sees none twice.

import { createRandom, type Random } from '../random.ts';
import type { Batch, Samples } from '../samples.ts';

/** Where an example goes: its own part of a batch's arrays, all 0 before. */
export interface DrawnExample {
  x: Float32Array;
  y: Float32Array;
  /** There where the task has a mask. */
  mask?: Float32Array;
}

/** A task from which examples are drawn. */
export interface DrawnTask {
  /** Names the task in errors, and tells its random numbers from those of others. */
  name: string;
  count: number;
  seed: number;
  xShape: readonly number[];
  yShape: readonly number[];
  /** True where examples differ in length, so that batches bring a mask. */
  masked?: boolean;
  draw(example: DrawnExample, random: Random): void;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

/** Samples drawn when they are asked for, in the order 0, 1, 2, … in every epoch: they are random as they are. */
export function drawnSamples({ name, count, seed, xShape, yShape, masked, draw }: DrawnTask): Samples {
  checkWhole(`${name}: count`, count, 1);
  checkWhole(`${name}: seed`, seed, Number.MIN_SAFE_INTEGER);
  const [xSize, ySize, steps] = [sizeOf(xShape), sizeOf(yShape), xShape[0]!];
  return {
    count,
    xShape,
    yShape,
    order: () => Uint32Array.from({ length: count }, (_, i) => i),
    batch(indices): Batch {
      const rows = indices.length;
      const x = new Float32Array(rows * xSize);
      const y = new Float32Array(rows * ySize);
      const mask = masked ? new Float32Array(rows * steps) : undefined;
      for (let row = 0; row < rows; row++) {
        const index = indices[row]!;
        if (!(Number.isInteger(index) && index >= 0 && index < count)) {
          throw new Error(`${name}: index ${index} is out of range, there are ${count} examples.`);
        }
        const example: DrawnExample = {
          x: x.subarray(row * xSize, (row + 1) * xSize),
          y: y.subarray(row * ySize, (row + 1) * ySize),
          ...(mask && { mask: mask.subarray(row * steps, (row + 1) * steps) }),
        };
        draw(example, createRandom(seed, name, index));
      }
      return {
        x: { data: x, shape: [rows, ...xShape] },
        y: { data: y, shape: [rows, ...yShape] },
        ...(mask && { mask: { data: mask, shape: [rows, steps] } }),
      };
    },
  };
}

/** @throws unless `value` is a whole number from `min`. */
export function checkWhole(what: string, value: number, min: number): void {
  if (Number.isSafeInteger(value) && value >= min) return;
  const bound = min === Number.MIN_SAFE_INTEGER ? '' : ` from ${min}`;
  throw new Error(`${what} must be a whole number${bound}, got ${value}.`);
}
