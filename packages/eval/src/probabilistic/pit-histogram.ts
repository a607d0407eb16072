// Where in their distributions the observations fell: evenly, if these are right.

import type { QuantileScores } from './quantile-scores.ts';

/** One bin of a PIT histogram. */
export interface PitBin {
  /** Levels of its edges. */
  from: number;
  to: number;
  /** The share of observations that fell between the quantiles of these levels. */
  share: number;
  /** share / (to − from): 1 for a calibrated forecast. */
  density: number;
}

/**
 * The histogram of the probability integral transform F(y), with the quantile levels of `scores` as its edges, so that no
 * tail has to be guessed. Flat if calibrated, a valley if too narrow, a hill if too wide, a slope if biased.
 * Source: Gneiting, Balabdaoui and Raftery 2007, J. R. Statist. Soc. B 69, 243–268.
 */
export function pitHistogram({ levels, frequency }: Pick<QuantileScores, 'levels' | 'frequency'>): PitBin[] {
  const edges = [0, ...levels, 1];
  const below = [0, ...frequency, 1];
  return edges.slice(1).map((to, i) => {
    const from = edges[i]!;
    const share = below[i + 1]! - below[i]!;
    return { from, to, share, density: share / (to - from) };
  });
}
