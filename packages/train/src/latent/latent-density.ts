// How many examples there are like this one, by histograms of the latent variables.

import type { NdArray } from '@tidecast/data';
import { checkNumber } from '../check.ts';

/** How the density is estimated. */
export interface DensityOptions {
  /** Bins of each latent variable's histogram, from its smallest to its largest value; default 10. */
  bins?: number;
  /** Deviation of the Gaussian that smooths each histogram, in bins; default 0, none. */
  smoothing?: number;
}

/**
 * Density of each latent variable at every example, `[N, L]`: the share of examples in the same bin over the share that an even
 * spread would put there, so that 1 is the average over the range, whatever its width.
 * @throws where a latent variable is not finite.
 */
export function latentDensity(
  { data, shape }: NdArray,
  { bins = 10, smoothing = 0 }: DensityOptions = {},
): Float64Array {
  checkNumber('latentDensity: bins', bins, { min: 1, integer: true });
  checkNumber('latentDensity: smoothing', smoothing, { min: 0 });
  const [count = 0, latent = 0] = shape;
  const density = new Float64Array(count * latent);
  for (let l = 0; l < latent; l++) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = 0; i < count; i++) {
      const value = checkNumber('latentDensity: a latent variable', data[i * latent + l]);
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const binOf = (i: number) =>
      high === low
        ? 0
        : Math.min(bins - 1, Math.floor(((data[i * latent + l]! - low) / (high - low)) * bins));
    const counts = new Float64Array(bins);
    for (let i = 0; i < count; i++) counts[binOf(i)]!++;
    const smooth = smoothed(counts, smoothing);
    for (let i = 0; i < count; i++) density[i * latent + l] = (smooth[binOf(i)]! * bins) / count;
  }
  return density;
}

/** Each bin's mass spread over its neighbours; at the ends what would leave is given to those that stay. */
function smoothed(counts: Float64Array, deviation: number): Float64Array {
  if (deviation === 0) return counts;
  const result = new Float64Array(counts.length);
  for (const from of counts.keys()) {
    const shares = Float64Array.from(counts, (_, to) => Math.exp(-(((to - from) / deviation) ** 2) / 2));
    const total = shares.reduce((sum, share) => sum + share, 0);
    for (const [to, share] of shares.entries()) result[to]! += (counts[from]! * share) / total;
  }
  return result;
}
