// What a trained network relies on: how much worse it gets when a part of its inputs is taken from other examples.

import { createRandom, type NdArray, type Samples, shuffle } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber, lookUp, shown } from '../check.ts';
import { evaluate, predict } from '../fit/evaluate.ts';
import type { Loss } from '../losses/loss.ts';
import { targetsOf } from '../rebalance/targets-of.ts';

/** Inputs that change places together. */
export interface InputGroup {
  name: string;
  /** Places in one input, row-major. */
  places: readonly number[];
}

/**
 * An error of outputs against targets, `[B, ...]` each, the smaller the better; a missing target is NaN. For example
 * 1 − the area under a curve.
 */
export type ErrorMeasure = (output: NdArray, targets: NdArray) => number;

/** How to measure importance. */
export interface PermutationOptions {
  /** What gets worse: a loss (weighted as in `evaluate`), or an error of all outputs. */
  error: Loss | ErrorMeasure;
  /** Each channel (last axis), each step (first axis), or groups of your own; default `'channels'`. */
  groups?: 'channels' | 'steps' | readonly InputGroup[];
  /** Permutations of each group; default 5. */
  repeats?: number;
  seed: number;
  /** Examples to run at once; default 256. */
  batchSize?: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/** How much worse it got. */
export interface GroupImportance {
  name: string;
  /** Mean of `values`: error with the group permuted less error without. Near 0: not relied on. */
  mean: number;
  /** Standard deviation of `values` (n − 1); 0 for one repeat. */
  sd: number;
  /** By permutation. */
  values: number[];
}

/**
 * Permutation importance: the rise of the error when a group of inputs is dealt out among the examples anew, which breaks
 * what it tells about the targets and about the other inputs (Breiman 2001; Fisher, Rudin and Dominici 2019, JMLR 20).
 * Inputs that tell the same share their importance: permute them as one group. A step that is masked in the giver keeps
 * its value, and masks stay with their examples.
 * @throws if there are fewer than two examples, or a group is empty or out of range.
 */
export async function permutationImportance(
  model: Model,
  samples: Samples,
  options: PermutationOptions,
): Promise<{ error: number; groups: GroupImportance[] }> {
  const { error, repeats = 5, seed, batchSize, signal } = options;
  checkNumber('permutationImportance: repeats', repeats, { min: 1, integer: true });
  checkNumber('permutationImportance: seed', seed, { integer: true });
  if (samples.count < 2) {
    throw new Error(`permutationImportance: expected at least two examples, got ${samples.count}.`);
  }
  const groups = groupsOf(samples.xShape, options.groups ?? 'channels');
  const targets = typeof error === 'function' ? targetsOf(samples) : undefined;
  const measure = async (of: Samples) => {
    if (typeof error !== 'function') return evaluate(model, of, { loss: error, batchSize, signal });
    const value = error(await predict(model, of, { batchSize, signal }), targets!);
    if (typeof value === 'number') return value;
    throw new Error(
      `permutationImportance: error must be a Loss, for example mse(), or give a number, got ${shown(value)}.`,
    );
  };
  const whole = await measure(samples);
  const results: GroupImportance[] = [];
  for (const { name, places } of groups) {
    const values: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat++) {
      const givers = Uint32Array.from({ length: samples.count }, (_, i) => i);
      shuffle(givers, createRandom(seed, 'permutation', name, repeat));
      values.push((await measure(permuted(samples, places, givers))) - whole);
    }
    const mean = values.reduce((sum, each) => sum + each, 0) / repeats;
    const squares = values.reduce((sum, each) => sum + (each - mean) ** 2, 0);
    results.push({ name, mean, sd: Math.sqrt(squares / Math.max(1, repeats - 1)), values });
  }
  return { error: whole, groups: results };
}

/** The samples, with the values at `places` of example i taken from example `givers[i]`. */
function permuted(samples: Samples, places: readonly number[], givers: Uint32Array): Samples {
  const size = samples.xShape.reduce((product, each) => product * each, 1);
  return {
    ...samples,
    batch(indices) {
      const batch = samples.batch(indices);
      const from = samples.batch(Uint32Array.from(indices, (index) => givers[index]!));
      const data = batch.x.data.slice();
      const perStep = size / samples.xShape[0]!;
      for (let i = 0; i < indices.length; i++) {
        for (const place of places) {
          const step = i * samples.xShape[0]! + Math.floor(place / perStep);
          if (batch.mask?.data[step] === 0 || from.mask?.data[step] === 0) continue;
          data[i * size + place] = from.x.data[i * size + place]!;
        }
      }
      return { ...batch, x: { data, shape: batch.x.shape } };
    },
  };
}

function groupsOf(
  xShape: readonly number[],
  groups: 'channels' | 'steps' | readonly InputGroup[],
): readonly InputGroup[] {
  const size = xShape.reduce((product, each) => product * each, 1);
  if (typeof groups === 'string') {
    const all = Array.from({ length: size }, (_, place) => place);
    const by = {
      channels: { name: 'channel', count: xShape.at(-1)!, of: (place: number) => place % xShape.at(-1)! },
      steps: {
        name: 'step',
        count: xShape[0]!,
        of: (place: number) => Math.floor(place / (size / xShape[0]!)),
      },
    };
    const { name, count, of } = lookUp('permutationImportance: groups', by, groups);
    return Array.from({ length: count }, (_, i) => ({
      name: `${name} ${i}`,
      places: all.filter((place) => of(place) === i),
    }));
  }
  for (const { name, places } of groups) {
    if (places.length > 0 && places.every((each) => Number.isInteger(each) && each >= 0 && each < size))
      continue;
    throw new Error(
      `permutationImportance: places of group '${name}' must be whole numbers from 0 to ${size - 1}, at least one, ` +
        `got [${places.join(', ')}].`,
    );
  }
  return groups;
}
