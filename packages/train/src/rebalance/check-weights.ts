// The one check of weights: what they have in common whether they are drawn by or multiplied in.

/** @throws if a weight is negative or not finite, or all are 0. */
export function checkWeights(who: string, weights: ArrayLike<number>): void {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
      throw new Error(`${who}: weights must be finite and not negative, got ${weight} at ${i}.`);
    }
    sum += weight;
  }
  if (!(sum > 0)) throw new Error(`${who}: expected at least one weight above 0, got none.`);
}
