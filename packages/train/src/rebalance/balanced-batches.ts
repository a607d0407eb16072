// Batch selection: every batch sees every class equally often, however rare it is.

import { createRandom, type SampleSource, shuffle } from '@tidecast/data';
import { countLabels } from './labels-of.ts';
import { checkNoOrder } from './weighted-resampling.ts';

/**
 * The same samples, of which every batch holds equally many of each class. The places of all batches of all epochs are
 * dealt to the classes in turn, so that in a batch whose size is no multiple of the number of classes the counts differ
 * by one at most, and the class that has one more changes from batch to batch. Each class goes through all its examples
 * in a random order before one of them comes again, over the ends of batches and epochs.
 *
 * An epoch is `count` examples, as ever: rare ones come up several times in it, frequent ones once in several epochs.
 * `labels` holds the class of each example, 0 … K − 1, for example `labelsOf(samples)`; one without (NaN) never comes up.
 * @throws if the number of labels is not that of the examples, or a class has none.
 */
export function balancedBatches<S extends SampleSource>(samples: S, labels: ArrayLike<number>): S {
  const { count } = samples;
  checkNoOrder('balancedBatches', samples);
  if (labels.length !== count) {
    throw new Error(`balancedBatches: expected ${count} labels, one for each example, got ${labels.length}.`);
  }
  const members = countLabels('balancedBatches', labels).map(() => [] as number[]);
  for (let i = 0; i < count; i++) members[labels[i]!]?.push(i);
  const classes = members.length;
  return {
    ...samples,
    order({ seed, epoch }) {
      const passes = new Map<string, Uint32Array>();
      const order = new Uint32Array(count);
      for (let i = 0; i < count; i++) {
        const place = (epoch - 1) * count + i;
        const label = place % classes;
        const own = members[label]!;
        const turn = Math.floor(place / classes);
        const pass = Math.floor(turn / own.length);
        const key = `${label} ${pass}`;
        let shuffled = passes.get(key);
        if (!shuffled) {
          shuffled = shuffle(Uint32Array.from(own), createRandom(seed, 'balanced', label, pass));
          passes.set(key, shuffled);
        }
        order[i] = shuffled[turn % own.length]!;
      }
      return order;
    },
  };
}
