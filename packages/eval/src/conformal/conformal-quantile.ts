// The one number behind every conformal band: how large a score has to be taken so that the next one is covered.

/**
 * The ⌈(n + 1)·coverage⌉-th smallest of n `scores`. If these and a new score are exchangeable, the new one is at most this
 * with a probability of at least `coverage`, and without ties of at most coverage + 1/(n + 1), whatever their distribution.
 * `Infinity` where that would be more than n, as no finite number promises that much; `-Infinity` for a coverage of 0.
 * Source: Vovk, Gammerman and Shafer 2005; Lei et al. 2018, J. Am. Stat. Assoc. 113, 1094–1111.
 * @throws if a score is NaN.
 */
export function conformalQuantile(scores: ArrayLike<number>, coverage: number): number {
  const sorted = Float64Array.from(scores).sort();
  if (Number.isNaN(sorted.at(-1))) {
    throw new Error('conformalQuantile: scores must be numbers, got NaN. Leave missing ones out.');
  }
  return quantileOfSorted(sorted, coverage);
}

/** The same for scores that are in order already. */
export function quantileOfSorted(sorted: ArrayLike<number>, coverage: number): number {
  const n = sorted.length;
  // (n + 1)·coverage may be a whole number but for rounding, as 10 · 0.9 is; that must not cost a rank.
  const rank = Math.ceil((n + 1) * coverage - 1e-9 * (n + 1));
  if (rank > n) return Number.POSITIVE_INFINITY;
  return rank < 1 ? Number.NEGATIVE_INFINITY : sorted[rank - 1]!;
}

/** The fewest scores of which {@link conformalQuantile} is finite: ⌈coverage / (1 − coverage)⌉. */
export function fewestScores(coverage: number): number {
  return Math.max(1, Math.ceil(coverage / (1 - coverage) - 1e-9));
}
