// Student-t distributions: a normal law with heavy tails, for noise in which outliers come up.

import { checkColumn, checkLevel, pick, toAffine, toColumn } from './check-columns.ts';
import type { Distributions } from './distributions.ts';
import { logBeta, studentTCdf, studentTDensity, studentTQuantile } from './student-t-law.ts';

/**
 * N distributions of location + scale·T, T of the Student-t law with ν = `degreesOfFreedom` (one number for all, or N).
 * The mean is NaN for ν ≤ 1, the variance σ²·ν/(ν − 2) is infinite for ν ≤ 2.
 *
 * CRPS = σ·[z·(2F(z) − 1) + 2f(z)·(ν + z²)/(ν − 1) − 2√ν/(ν − 1)·B(½, ν − ½)/B(½, ν/2)²] with z = (y − μ)/σ
 * (Jordan, Krüger and Lerch 2019, Journal of Statistical Software 90); NaN for ν ≤ 1, where it does not exist.
 * @throws if a scale or a number of degrees of freedom is not above 0, or the lengths differ.
 */
export function studentT(parameters: {
  location: ArrayLike<number>;
  scale: ArrayLike<number>;
  degreesOfFreedom: number | ArrayLike<number>;
}): Distributions {
  const count = parameters.location.length;
  const positive = (what: string, values: ArrayLike<number>) =>
    checkColumn(what, toColumn(what, values, count), 'above 0', (value) => value > 0);
  const location = toColumn('studentT: location', parameters.location, count);
  const scale = positive('studentT: scale', parameters.scale);
  const { degreesOfFreedom: given } = parameters;
  const nu = positive(
    'studentT: degreesOfFreedom',
    typeof given === 'number' ? new Float64Array(count).fill(given) : given,
  );
  const standardized = (y: ArrayLike<number>) =>
    toColumn('studentT: y', y, count).map((value, i) => (value - location[i]!) / scale[i]!);
  /** A function of ν for each distribution; most often they share one. */
  const ofNu = (compute: (nu: number) => number) => {
    let last = Number.NaN;
    let value = Number.NaN;
    return nu.map((each) => {
      if (each !== last) {
        value = compute(each);
        last = each;
      }
      return value;
    });
  };
  return {
    count,
    mean: () => location.map((value, i) => (nu[i]! > 1 ? value : Number.NaN)),
    variance: () =>
      scale.map((value, i) => {
        if (nu[i]! <= 2) return Number.POSITIVE_INFINITY;
        return (value * value * nu[i]!) / (nu[i]! - 2);
      }),
    quantile(level) {
      checkLevel(level);
      const t = ofNu((each) => studentTQuantile(level, each));
      return location.map((value, i) => value + scale[i]! * t[i]!);
    },
    cdf: (y) => standardized(y).map((z, i) => studentTCdf(z, nu[i]!)),
    crps(y) {
      const own = ofNu((v) =>
        v > 1
          ? ((2 * Math.sqrt(v)) / (v - 1)) * Math.exp(logBeta(0.5, v - 0.5) - 2 * logBeta(0.5, v / 2))
          : Number.NaN,
      );
      return standardized(y).map((z, i) => {
        const v = nu[i]!;
        const certain = z * (1 - 2 * studentTCdf(-z, v));
        return scale[i]! * (certain + (2 * studentTDensity(z, v) * (v + z * z)) / (v - 1) - own[i]!);
      });
    },
    affine(scales, offsets) {
      const by = toAffine(scales, offsets, count);
      return studentT({
        location: location.map((value, i) => value * by.scale[i]! + by.offset[i]!),
        scale: scale.map((value, i) => value * by.scale[i]!),
        degreesOfFreedom: nu,
      });
    },
    select: (indices) =>
      studentT({
        location: pick(location, indices),
        scale: pick(scale, indices),
        degreesOfFreedom: pick(nu, indices),
      }),
  };
}
