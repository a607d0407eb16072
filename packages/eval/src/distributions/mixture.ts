// What several forecasts say together: the mixture of an ensemble's members, or of passes with dropout.

import { checkLevel, toAffine, toColumn } from './check-columns.ts';
import type { Distributions } from './distributions.ts';
import type { GaussianDistributions } from './gaussian.ts';
import { integratedCrps } from './integrated-crps.ts';
import { normalCdf, normalDensity } from './normal.ts';
import { sortColumns } from './sort-columns.ts';

/**
 * N mixtures: distribution i of the result is that of a draw from distribution i of a member taken at random, each as
 * likely as the others. F = Σ F_m/M, mean Σ μ_m/M, variance Σ σ_m²/M + Σ (μ_m − μ)²/M (see {@link splitVariance}).
 *
 * The quantiles solve F = level to within 1e-12 of the level. The CRPS is in closed form for Gaussian members (Grimit,
 * Gneiting, Berrocal and Johnson 2006), exact for members that are samples or quantiles, and integrated numerically
 * otherwise, to about 1e-6 of itself.
 * @throws if there is no member, or they differ in number.
 */
export function mixture(members: readonly Distributions[]): Distributions {
  checkMembers('mixture', members);
  const { count } = members[0]!;
  const mean = () => meanOf(members.map((each) => each.mean()));
  const cdf = (y: ArrayLike<number>) => meanOf(members.map((each) => each.cdf(y)));
  const linear = members.every((each) => each.knots);
  return {
    count,
    mean,
    variance: () => splitVariance(members).total,
    quantile(level) {
      checkLevel(level);
      return solve(
        cdf,
        level,
        members.map((each) => each.quantile(level)),
      );
    },
    cdf,
    crps(y) {
      const values = toColumn('mixture: y', y, count);
      const normal = members.flatMap((each) => (isGaussian(each) ? [each] : []));
      return normal.length === members.length
        ? gaussianCrps(normal, values)
        : integratedCrps(members, cdf, values);
    },
    affine(scales, offsets) {
      const { scale, offset } = toAffine(scales, offsets, count);
      return mixture(members.map((each) => each.affine(scale, offset)));
    },
    select: (indices) => mixture(members.map((each) => each.select(indices))),
    ...(linear && {
      knots: () => sortColumns(members.flatMap((each) => each.knots!().map((row) => row.slice()))),
    }),
  };
}

/** The variance of a mixture in two parts, in the squared unit of the values. */
export interface VarianceParts {
  /** Mean of the members: Σ μ_m/M. */
  mean: Float64Array;
  /** Mean of their variances, Σ σ_m²/M: the noise that more data would not remove. */
  aleatoric: Float64Array;
  /** Variance of their means, Σ (μ_m − μ)²/M: what the members do not agree on, for want of data. */
  epistemic: Float64Array;
  /** The sum of both: the variance of the mixture. */
  total: Float64Array;
}

/**
 * Law of total variance over members of an ensemble, each as likely as the others (Lakshminarayanan, Pritzel and
 * Blundell 2017; Kendall and Gal 2017).
 * @throws if there is no member, or they differ in number.
 */
export function splitVariance(members: readonly Distributions[]): VarianceParts {
  checkMembers('splitVariance', members);
  const means = members.map((each) => each.mean());
  const mean = meanOf(means);
  const aleatoric = meanOf(members.map((each) => each.variance()));
  const epistemic = meanOf(means.map((each) => each.map((value, i) => (value - mean[i]!) ** 2)));
  return { mean, aleatoric, epistemic, total: aleatoric.map((value, i) => value + epistemic[i]!) };
}

function checkMembers(what: string, members: readonly Distributions[]): void {
  if (members.length === 0) throw new Error(`${what}: expected at least one member, got none.`);
  const counts = members.map(({ count }) => count);
  if (counts.every((count) => count === counts[0])) return;
  throw new Error(`${what}: members must be equally many distributions each, got ${counts.join(', ')}.`);
}

function isGaussian(member: Distributions): member is GaussianDistributions {
  return (member as Partial<GaussianDistributions>).kind === 'gaussian';
}

function meanOf(rows: readonly Float64Array[]): Float64Array {
  return rows[0]!.map((_, i) => {
    let sum = 0;
    for (const row of rows) sum += row[i]!;
    return sum / rows.length;
  });
}

/**
 * Where an increasing `cdf` reaches `level`, for each distribution between the least and the greatest of `quantiles`:
 * false position (the Illinois form) and bisection in turn, so that jumps are found and smooth functions soon.
 */
function solve(
  cdf: (y: Float64Array) => Float64Array,
  level: number,
  quantiles: readonly Float64Array[],
): Float64Array {
  const low = quantiles[0]!.map((_, i) => Math.min(...quantiles.map((row) => row[i]!)));
  const high = quantiles[0]!.map((_, i) => Math.max(...quantiles.map((row) => row[i]!)));
  const below = cdf(low).map((value) => value - level);
  const above = cdf(high).map((value) => value - level);
  const x = high.slice();
  const open = new Uint8Array(x.length);
  for (let i = 0; i < x.length; i++) {
    if (below[i]! >= 0) x[i] = low[i]!;
    else open[i] = Number(low[i]! < high[i]!);
  }
  for (let round = 0; round < 200 && open.includes(1); round++) {
    for (let i = 0; i < x.length; i++) {
      if (!open[i]) continue;
      const part = round % 2 === 0 ? -below[i]! / (above[i]! - below[i]!) : 0.5;
      x[i] = low[i]! + part * (high[i]! - low[i]!);
    }
    const values = cdf(x);
    for (let i = 0; i < x.length; i++) {
      if (!open[i]) continue;
      const error = values[i]! - level;
      if (error < 0) {
        low[i] = x[i]!;
        below[i] = error;
      } else {
        high[i] = x[i]!;
        above[i] = error;
      }
      const width = high[i]! - low[i]!;
      if (Math.abs(error) <= 1e-12 * level || width <= 2e-16 * (Math.abs(low[i]!) + Math.abs(high[i]!))) {
        open[i] = 0;
        if (Math.abs(error) > 1e-12 * level) x[i] = high[i]!;
      }
    }
  }
  // About 0 no width is small beside the bounds, so a jump there is still open.
  return x.map((value, i) => (open[i] ? high[i]! : value));
}

/** Σ A(y − μ_m, σ_m²)/M − ΣΣ A(μ_m − μ_n, σ_m² + σ_n²)/(2M²) with A(μ, σ²) = E|N(μ, σ²)|. */
function gaussianCrps(members: readonly GaussianDistributions[], y: Float64Array): Float64Array {
  const size = members.length;
  const means = members.map((each) => each.mean());
  return y.map((value, i) => {
    let sum = 0;
    for (let m = 0; m < size; m++) {
      const sd = members[m]!.sd[i]!;
      sum += meanSize(value - means[m]![i]!, sd) / size;
      // The pair of a member with itself once, every other one twice.
      sum -= sd / Math.sqrt(Math.PI) / size ** 2;
      for (let n = 0; n < m; n++) {
        sum -= meanSize(means[m]![i]! - means[n]![i]!, Math.hypot(sd, members[n]!.sd[i]!)) / size ** 2;
      }
    }
    return sum;
  });
}

/** E|X| of X normal with the given mean and standard deviation: 2σφ(μ/σ) + μ(2Φ(μ/σ) − 1). */
function meanSize(mean: number, sd: number): number {
  if (sd === 0) return Math.abs(mean);
  const z = mean / sd;
  return 2 * sd * normalDensity(z) + mean * (1 - 2 * normalCdf(-z));
}
