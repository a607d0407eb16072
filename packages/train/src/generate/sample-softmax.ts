// Drawing one of several outcomes from logits: how a network that predicts codes is made to write them.

import type { Random } from '@tidecast/data';
import { checkNumber } from '../check.ts';

/**
 * An index drawn with probability ∝ exp(z / τ) from logits z and the temperature τ: 1 draws from the softmax itself, less
 * prefers the likely ones, and 0 always takes the largest logit (the first of equal ones). A logit of −∞ is never drawn.
 * @throws if the temperature is negative, or no logit is finite.
 */
export function sampleSoftmax(
  logits: ArrayLike<number>,
  { temperature = 1, random }: { temperature?: number; random: Random },
): number {
  checkNumber('sampleSoftmax: temperature', temperature, { min: 0 });
  let best = -1;
  for (let i = 0; i < logits.length; i++) {
    const value = logits[i]!;
    if (Number.isNaN(value) || value === Number.POSITIVE_INFINITY) {
      throw new Error(`sampleSoftmax: logits must be numbers below infinity, got ${value} at ${i}.`);
    }
    if (value > (best < 0 ? Number.NEGATIVE_INFINITY : logits[best]!)) best = i;
  }
  if (best < 0) throw new Error('sampleSoftmax: expected at least one finite logit, got none.');
  if (temperature === 0) return best;
  // Relative to the largest one, so that nothing overflows at any temperature.
  const weightOf = (i: number) => Math.exp((logits[i]! - logits[best]!) / temperature);
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += weightOf(i);
  let left = random.uniform() * total;
  for (let i = 0; i < logits.length; i++) {
    left -= weightOf(i);
    if (left < 0) return i;
  }
  return best;
}
