// The CRPS of any mixture by quadrature: exact where the distribution functions are piecewise straight lines.

import type { Distributions } from './distributions.ts';

/** Gauss–Legendre nodes and weights on [−1, 1]: exact for polynomials of degree 3 and 9. */
const TWO: readonly (readonly [number, number])[] = [
  [-0.5773502691896257, 1],
  [0.5773502691896257, 1],
];
const FIVE: typeof TWO = [
  [-0.906179845938664, 0.23692688505618908],
  [-0.5384693101056831, 0.47862867049936647],
  [0, 0.5688888888888889],
  [0.5384693101056831, 0.47862867049936647],
  [0.906179845938664, 0.23692688505618908],
];

/** Levels whose quantiles cut the range of a curved distribution; the mirrored ones too. */
const LEVELS = [1e-8, 1e-5, 1e-3, 0.01, 0.05, 0.15, 0.3];

/**
 * ∫ (F(z) − [z ≥ y])² dz of the mixture with distribution function `cdf` over `members`: panels between the knots or
 * quantiles of all members and y, each by Gauss–Legendre quadrature.
 */
export function integratedCrps(
  members: readonly Distributions[],
  cdf: (z: Float64Array) => Float64Array,
  y: Float64Array,
): Float64Array {
  const rule = members.every((each) => each.knots) ? TWO : FIVE;
  const edges = [y.slice(), ...members.flatMap(edgesOf)];
  const column = new Float64Array(edges.length);
  for (let i = 0; i < y.length; i++) {
    for (let k = 0; k < edges.length; k++) column[k] = edges[k]![i]!;
    if (column.some(Number.isNaN)) column.fill(Number.NaN);
    column.sort();
    for (let k = 0; k < edges.length; k++) edges[k]![i] = column[k]!;
  }
  const sum = new Float64Array(y.length);
  for (let k = 1; k < edges.length; k++) {
    const [low, high] = [edges[k - 1]!, edges[k]!];
    for (const [node, weight] of rule) {
      const z = low.map((value, i) => (value + high[i]!) / 2 + (node * (high[i]! - value)) / 2);
      const shares = cdf(z);
      for (let i = 0; i < y.length; i++) {
        const error = shares[i]! - Number(low[i]! >= y[i]!);
        sum[i]! += (weight * (high[i]! - low[i]!) * error * error) / 2;
      }
    }
  }
  return sum;
}

/** Points between which a member's distribution function is smooth, copied. */
function edgesOf(member: Distributions): Float64Array[] {
  if (member.knots) return member.knots().map((row) => row.slice());
  return [0.5, ...LEVELS, ...LEVELS.map((level) => 1 - level)].map((level) => member.quantile(level));
}
