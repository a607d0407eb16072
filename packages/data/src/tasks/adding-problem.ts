// The adding problem: whether a recurrent network carries two numbers over a long time, and nothing else.

import type { Samples } from '../samples.ts';
import { checkWhole, drawnSamples } from './drawn-samples.ts';

/** Which examples {@link addingProblem} draws. */
export interface AddingProblemOptions {
  /** Length T of the sequences, at least 2. */
  steps: number;
  /** Shortest length, where they differ: uniform from here to `steps`, with a mask. Default `steps`: all equally long. */
  minSteps?: number;
  /** How many examples there are. Nothing is stored, so a training may have a new one for every step it makes. */
  count: number;
  /** Fixes all examples; another seed gives others, for a test. */
  seed: number;
}

/** Mean squared error of always answering 1 in the {@link addingProblem}: the variance of its targets, 2 · 1/12. */
export const addingBaseline = 1 / 6;

/**
 * The adding problem (Hochreiter and Schmidhuber 1997), in the form of Le, Jaitly and Hinton 2015: every step brings a
 * value from U[0, 1] and a mark, 0 but for two steps, of which one lies in each half, uniformly. The target is the sum of
 * the two marked values. x `[T, 2]`, y `[1]`. Examples shorter than `steps` stand at the beginning, with the rest masked.
 * @throws if a length, the count or the seed is out of bounds.
 */
export function addingProblem({ steps, minSteps = steps, count, seed }: AddingProblemOptions): Samples {
  checkWhole('addingProblem: steps', steps, 2);
  checkWhole('addingProblem: minSteps', minSteps, 2);
  if (minSteps > steps) {
    throw new Error(`addingProblem: minSteps must be at most steps (${steps}), got ${minSteps}.`);
  }
  return drawnSamples({
    name: 'addingProblem',
    count,
    seed,
    xShape: [steps, 2],
    yShape: [1],
    masked: minSteps < steps,
    draw({ x, y, mask }, random) {
      const length = minSteps + (mask ? random.integer(steps - minSteps + 1) : 0);
      for (let t = 0; t < length; t++) x[2 * t] = random.uniform();
      const half = Math.floor(length / 2);
      for (const marked of [random.integer(half), half + random.integer(length - half)]) {
        x[2 * marked + 1] = 1;
        y[0]! += x[2 * marked]!;
      }
      mask?.fill(1, 0, length);
    },
  });
}
