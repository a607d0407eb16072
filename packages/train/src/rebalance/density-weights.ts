// Weights for regression: rare values, such as those of storms, count more than common ones.

import { checkNumber } from '../check.ts';
import { kernelDensity } from './kernel-density.ts';

/** How to weigh values by how rare they are. */
export interface DensityWeightOptions {
  /** Standard deviation of the kernel, in the unit of the values; default Silverman's rule. */
  bandwidth?: number;
  /** α: 0 weighs all alike, 1 brings the most common value down to `floor`; above 1 more of them. Default 1. */
  alpha?: number;
  /** ε: the least weight before scaling; default 1e-6. */
  floor?: number;
}

/**
 * Density-based weights, DenseWeight: w = max(1 − α·p′, ε) / mean, where p′ is the density of the values, estimated by
 * Gaussian kernels and brought to 0 … 1 (Steininger et al. 2021, Machine Learning 110, 2187–2211). Their mean is 1.
 *
 * `values` may be one number for each example ({@link targetStatistic}), or every target (`targetsOf(samples).data`, then
 * `reweighted(samples, { data, shape })`). A missing one (NaN) gets the weight 0, and does not count.
 * @throws if there is no value, one is infinite, or an option is out of bounds.
 */
export function densityWeights(
  values: ArrayLike<number>,
  { bandwidth, alpha = 1, floor = 1e-6 }: DensityWeightOptions = {},
): Float64Array {
  checkNumber('densityWeights: alpha', alpha, { min: 0 });
  checkNumber('densityWeights: floor', floor, { above: 0, max: 1 });
  const density = kernelDensity('densityWeights', values, bandwidth);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const each of density) {
    if (each < low) low = each;
    if (each > high) high = each;
  }
  // Where all values are equally common, none is rare.
  const range = high > low ? high - low : Number.POSITIVE_INFINITY;
  return meanOne(density.map((p) => Math.max(1 - (alpha * (p - low)) / range, floor)));
}

/** How to weigh values by the inverse of their density. */
export interface InverseDensityOptions {
  /** Standard deviation of the kernel, in the unit of the values; default Silverman's rule. */
  bandwidth?: number;
  /** w ∝ p^−power, in [0, 1]: 1 (default) the inverse, 0.5 its square root. */
  power?: number;
}

/**
 * Weights by the inverse of the smoothed density, w = p^−power / mean: label distribution smoothing (Yang et al. 2021,
 * ICML), by kernels in place of smoothed bins. Steeper than {@link densityWeights} where values are very rare.
 * `values` and missing ones as there.
 * @throws if there is no value, one is infinite, or an option is out of bounds.
 */
export function inverseDensityWeights(
  values: ArrayLike<number>,
  { bandwidth, power = 1 }: InverseDensityOptions = {},
): Float64Array {
  checkNumber('inverseDensityWeights: power', power, { min: 0, max: 1 });
  return meanOne(kernelDensity('inverseDensityWeights', values, bandwidth).map((p) => p ** -power));
}

/** Scaled to mean 1 over those that are not NaN, which become 0. */
function meanOne(weights: Float64Array): Float64Array {
  let sum = 0;
  let there = 0;
  for (const weight of weights) {
    if (Number.isNaN(weight)) continue;
    sum += weight;
    there++;
  }
  return weights.map((weight) => (Number.isNaN(weight) ? 0 : (weight * there) / sum));
}
