// Sample reweighting by what is drawn: examples that weigh more come up more often.

import { createRandom, type SampleSource } from '@tidecast/data';
import { checkWeights } from './check-weights.ts';

/**
 * The same samples, of which an epoch draws `count` with replacement: example i with probability wᵢ / Σ w each time.
 * The loss then has the expectation of one weighted by w, and no example has a long step of its own.
 * `weights` has one entry for each example, for example `classWeights(labels).byExample` or `densityWeights(…)`.
 * @throws if a weight is negative or not finite, all are 0, or their number is not that of the examples.
 */
export function weightedResampling<S extends SampleSource>(samples: S, weights: ArrayLike<number>): S {
  const { count } = samples;
  checkNoOrder('weightedResampling', samples);
  if (weights.length !== count) {
    throw new Error(
      `weightedResampling: expected ${count} weights, one for each example, got ${weights.length}.`,
    );
  }
  checkWeights('weightedResampling', weights);
  const upTo = new Float64Array(count);
  let total = 0;
  let last = 0;
  for (let i = 0; i < count; i++) {
    total += weights[i]!;
    upTo[i] = total;
    if (weights[i]! > 0) last = i;
  }
  return {
    ...samples,
    order({ seed, epoch }) {
      const random = createRandom(seed, 'weighted', epoch);
      // Rounding may put a draw at the very end, where an example of weight 0 could stand.
      return Uint32Array.from({ length: count }, () =>
        Math.min(last, firstAbove(upTo, random.uniform() * total)),
      );
    },
  };
}

/** The first index at which ascending `values` are above `limit`; their length where none is. */
function firstAbove(values: Float64Array, limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle]! > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** @throws if samples have an order already: one epoch cannot follow two. */
export function checkNoOrder(who: string, samples: SampleSource): void {
  if (!samples.order) return;
  throw new Error(
    `${who}: the samples have an order of their own already. Wrap them once, or multiply the weights.`,
  );
}
