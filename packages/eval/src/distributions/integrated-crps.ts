// The CRPS of any mixture by quadrature: exact where the distribution functions are piecewise straight lines.

import type { Distributions } from './distributions.ts';
import { sortColumns } from './sort-columns.ts';

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

/** Most panels of a curved mixture. */
const MOST = 100;

/**
 * ∫ (F(z) − [z ≥ y])² dz of the mixture with distribution function `cdf` over `members`: panels between the knots or
 * quantiles of all members and y, each by Gauss–Legendre quadrature.
 */
export function integratedCrps(
  members: readonly Distributions[],
  cdf: (z: Float64Array) => Float64Array,
  y: Float64Array,
): Float64Array {
  const straight = members.every((each) => each.knots);
  const rule = straight ? TWO : FIVE;
  const own = sortColumns(members.flatMap(edgesOf));
  // Many curved members make a smooth mixture: some of their quantiles will do.
  const some = straight ? own : thinned(own, MOST);
  const edges = sortColumns([y.slice(), ...some]);
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

/** At most `most` of the rows, evenly, with the first and the last. */
function thinned(rows: Float64Array[], most: number): Float64Array[] {
  if (rows.length <= most) return rows;
  return Array.from({ length: most }, (_, k) => rows[Math.round((k * (rows.length - 1)) / (most - 1))]!);
}

/** Points between which a member's distribution function is smooth, copied. */
function edgesOf(member: Distributions): Float64Array[] {
  if (member.knots) return member.knots().map((row) => row.slice());
  return [0.5, ...LEVELS, ...LEVELS.map((level) => 1 - level)].map((level) => member.quantile(level));
}
