// Distributions known by some of their quantiles: what a quantile head, or a forecast with levels, says.

import { checkLevel, pick, toAffine, toColumn } from './check-columns.ts';
import type { Distributions } from './distributions.ts';
import { sortColumns } from './sort-columns.ts';

/**
 * N distributions by their quantiles: `values` is row-major `[levels, N]`, as in a `Forecast`.
 *
 * The quantile function is a straight line between the levels, and goes on beyond the outermost ones with the slope of
 * the outermost piece, down to level 0 and up to 1: the tails are bounded, and with a single level there is nothing but
 * that value. Quantiles that cross are put in order (Chernozhukov, Fernández-Val and Galichon 2010).
 *
 * Mean, variance and CRPS = 2·∫ ρ_u(y − Q(u)) du, ρ the pinball loss, are exact for this piecewise line. An infinite quantile makes
 * the CRPS infinite.
 * @throws if levels are not increasing between 0 and 1, or the values do not fill `[levels, N]`.
 */
export function quantiles({
  levels,
  values,
}: {
  levels: readonly number[];
  values: ArrayLike<number>;
}): Distributions {
  const rows = levels.length;
  if (rows === 0 || !levels.every((level, q) => level > (levels[q - 1] ?? 0) && level < 1)) {
    throw new Error(`quantiles: levels must increase between 0 and 1, got [${levels.join(', ')}].`);
  }
  const count = values.length / rows;
  if (!Number.isInteger(count)) {
    throw new Error(
      `quantiles: values must be row-major [${rows}, N], got ${values.length} values. Is a level missing?`,
    );
  }
  const inner = sortColumns(
    levels.map((_, q) => Float64Array.from({ length: count }, (_, i) => values[q * count + i]!)),
  );
  /** Levels 0, levels, 1, and the quantiles there. */
  const shares = [0, ...levels, 1];
  const points = withTails(levels, inner);
  /** For each distribution the sum over the pieces of `f(u0, z0, u1, z1)`. */
  const overPieces = (f: (u0: number, z0: number, u1: number, z1: number, i: number) => number) =>
    Float64Array.from({ length: count }, (_, i) => {
      let sum = 0;
      for (let k = 1; k < points.length; k++) {
        sum += f(shares[k - 1]!, points[k - 1]![i]!, shares[k]!, points[k]![i]!, i);
      }
      return sum;
    });
  const mean = () => overPieces((u0, z0, u1, z1) => ((u1 - u0) * (z0 + z1)) / 2);
  return {
    count,
    mean,
    variance() {
      const center = mean();
      return overPieces((u0, z0, u1, z1, i) => {
        const [a, b] = [z0 - center[i]!, z1 - center[i]!];
        return ((u1 - u0) * (a * a + a * b + b * b)) / 3;
      });
    },
    quantile(level) {
      checkLevel(level);
      const k = shares.findIndex((share) => share >= level);
      const part = (level - shares[k - 1]!) / (shares[k]! - shares[k - 1]!);
      return points[k]!.map((high, i) => high - (1 - part) * (high - points[k - 1]![i]!));
    },
    cdf: (y) => toColumn('quantiles: y', y, count).map((value, i) => shareBelow(shares, points, i, value)),
    crps(given) {
      const y = toColumn('quantiles: y', given, count);
      const inside = overPieces((u0, z0, u1, z1, i) => {
        const cut = Math.min(z1, Math.max(z0, y[i]!));
        const share = z1 > z0 ? u0 + ((u1 - u0) * (cut - z0)) / (z1 - z0) : u0;
        const [below, above] = [1 - share, 1 - u1];
        return (
          ((cut - z0) * (u0 * u0 + u0 * share + share * share) +
            (z1 - cut) * (below * below + below * above + above * above)) /
          3
        );
      });
      const [low, high] = [points[0]!, points.at(-1)!];
      const [first, last] = [inner[0]!, inner[rows - 1]!];
      return inside.map((sum, i) => {
        // Pieces without an end: the integral has no limit, where the terms above would be ∞ − ∞.
        if (Math.abs(first[i]!) + Math.abs(last[i]!) === Number.POSITIVE_INFINITY)
          return Math.abs(y[i]!) + Number.POSITIVE_INFINITY;
        return sum + Math.max(0, low[i]! - y[i]!) + Math.max(0, y[i]! - high[i]!);
      });
    },
    affine(scales, offsets) {
      const { scale, offset } = toAffine(scales, offsets, count);
      return quantiles({
        levels,
        values: flat(inner.map((row) => row.map((value, i) => value * scale[i]! + offset[i]!))),
      });
    },
    select: (indices) => quantiles({ levels, values: flat(inner.map((row) => pick(row, indices))) }),
    knots: () => points,
  };
}

/** The quantiles with those of levels 0 and 1 around them, on the line of the outermost pieces. */
function withTails(levels: readonly number[], inner: readonly Float64Array[]): Float64Array[] {
  const rows = levels.length;
  if (rows === 1) return [inner[0]!, inner[0]!, inner[0]!];
  const low = levels[0]! / (levels[1]! - levels[0]!);
  const high = (1 - levels[rows - 1]!) / (levels[rows - 1]! - levels[rows - 2]!);
  return [
    inner[0]!.map((value, i) => value - low * (inner[1]![i]! - value)),
    ...inner,
    inner[rows - 1]!.map((value, i) => value + high * (value - inner[rows - 2]![i]!)),
  ];
}

/** P(Y ≤ y) of distribution `i`: the share at the last point that is not above y, and the line from there. */
function shareBelow(
  shares: readonly number[],
  points: readonly Float64Array[],
  i: number,
  y: number,
): number {
  if (Number.isNaN(y) || Number.isNaN(points[0]![i]!)) return Number.NaN;
  let k = points.length - 1;
  while (k >= 0 && points[k]![i]! > y) k--;
  if (k < 0 || k === points.length - 1) return k < 0 ? 0 : 1;
  const [z0, z1] = [points[k]![i]!, points[k + 1]![i]!];
  return shares[k]! + ((shares[k + 1]! - shares[k]!) * (y - z0)) / (z1 - z0);
}

function flat(rows: readonly Float64Array[]): Float64Array {
  const count = rows[0]!.length;
  const values = new Float64Array(rows.length * count);
  rows.forEach((row, q) => {
    values.set(row, q * count);
  });
  return values;
}
