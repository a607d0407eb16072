// Normal distributions: what a mean–variance head says.

import { checkColumn, checkLevel, pick, toAffine, toColumn } from './check-columns.ts';
import type { Distributions } from './distributions.ts';
import { normalCdf, normalDensity, normalQuantile } from './normal.ts';

/** Normal distributions, with their parameters at hand. */
export interface GaussianDistributions extends Distributions {
  readonly kind: 'gaussian';
  /** Standard deviations, in the unit of the values. */
  readonly sd: Float64Array;
  affine(scale: ArrayLike<number>, offset: ArrayLike<number>): GaussianDistributions;
  select(indices: ArrayLike<number>): GaussianDistributions;
}

/**
 * N normal distributions of the given means and standard deviations (0: the mean for certain).
 *
 * CRPS = σ·[z·(2Φ(z) − 1) + 2φ(z) − 1/√π] with z = (y − μ)/σ (Gneiting and Raftery 2007, equation 21).
 * @throws if a standard deviation is negative, or the lengths differ.
 */
export function gaussian(parameters: {
  mean: ArrayLike<number>;
  sd: ArrayLike<number>;
}): GaussianDistributions {
  const count = parameters.mean.length;
  const mean = toColumn('gaussian: mean', parameters.mean, count);
  const sd = checkColumn(
    'gaussian: sd',
    toColumn('gaussian: sd', parameters.sd, count),
    'at least 0',
    (value) => value >= 0,
  );
  /** (y − μ)/σ, and its limit where σ is 0. */
  const standardized = (y: ArrayLike<number>) =>
    toColumn('gaussian: y', y, count).map((value, i) => {
      const error = value - mean[i]!;
      if (sd[i]! !== 0 || Number.isNaN(error)) return error / sd[i]!;
      return error < 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    });
  return {
    kind: 'gaussian',
    count,
    sd,
    mean: () => mean.slice(),
    variance: () => sd.map((value) => value * value),
    quantile(level) {
      const z = normalQuantile(checkLevel(level));
      return mean.map((value, i) => value + sd[i]! * z);
    },
    cdf: (y) => standardized(y).map(normalCdf),
    crps(y) {
      const z = standardized(y);
      return z.map((each, i) => {
        if (sd[i]! === 0) return Math.abs(y[i]! - mean[i]!); // z is infinite
        const certain = each * (1 - 2 * normalCdf(-each));
        return sd[i]! * (certain + 2 * normalDensity(each) - 1 / Math.sqrt(Math.PI));
      });
    },
    affine(scales, offsets) {
      const { scale, offset } = toAffine(scales, offsets, count);
      return gaussian({
        mean: mean.map((value, i) => value * scale[i]! + offset[i]!),
        sd: sd.map((value, i) => value * scale[i]!),
      });
    },
    select: (indices) => gaussian({ mean: pick(mean, indices), sd: pick(sd, indices) }),
  };
}
