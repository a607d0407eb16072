// Bagging: each member learns from a sample of the training windows of its own, and can be checked on the rest.

import { createRandom } from '@tidecast/data';
import { checkNumber } from '../check.ts';

/** A bootstrap sample of `count` examples. */
export interface Bootstrap {
  /** As many indices as there are examples, some of them several times. */
  drawn: Uint32Array;
  /** Those that were not drawn, about 1/e of them, in order: out of the bag. */
  left: Uint32Array;
}

/**
 * Draws `count` of `count` examples with replacement (Breiman 1996): `subset(train, drawn)` is what a member learns from.
 * `block`: draws runs of so many consecutive ones (Künsch 1989), for windows that overlap: those left out then share
 * less with those drawn. Default 1. A run that reaches past the end goes on at the beginning.
 */
export function bootstrap(count: number, options: { seed: number; block?: number }): Bootstrap {
  checkNumber('bootstrap: count', count, { min: 1, integer: true });
  const block = checkNumber('bootstrap: block', options.block ?? 1, { min: 1, max: count, integer: true });
  const random = createRandom(options.seed, 'bootstrap');
  const drawn = new Uint32Array(count);
  const isDrawn = new Uint8Array(count);
  for (let i = 0, from = 0; i < count; i++) {
    if (i % block === 0) from = random.integer(count);
    const index = (from + (i % block)) % count;
    drawn[i] = index;
    isDrawn[index] = 1;
  }
  const left = Uint32Array.from(isDrawn.keys()).filter((index) => !isDrawn[index]);
  return { drawn, left };
}
