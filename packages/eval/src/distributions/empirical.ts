// Distributions as equally likely samples: members of an ensemble, draws from a model, or a single point.

import { checkLevel, pick, toAffine, toColumn } from './check-columns.ts';
import type { Distributions } from './distributions.ts';
import { sortColumns } from './sort-columns.ts';

/**
 * N distributions of S equally likely samples: `samples` holds S arrays of N numbers, one for each member or draw.
 * The distribution function is the staircase of the samples, the quantile its inverse (the smallest sample at which it
 * reaches the level), the variance that of the staircase, Σ(x − x̄)²/S.
 *
 * CRPS = Σ|x − y|/S − ΣΣ|x − x′|/(2S²), exact for the staircase (Grimit et al. 2006).
 * @throws if there is no sample, or the lengths differ.
 */
export function empirical(samples: readonly ArrayLike<number>[]): Distributions {
  const rows = samples.length;
  if (rows === 0) throw new Error('empirical: expected at least one sample of each distribution, got none.');
  const count = samples[0]!.length;
  const sorted = sortColumns(samples.map((row) => toColumn('empirical: every sample', row, count)));
  const mean = () => sumRows(sorted, (value) => value / rows);
  return {
    count,
    mean,
    variance() {
      const center = mean();
      return sumRows(sorted, (value, i) => (value - center[i]!) ** 2 / rows);
    },
    // A level like 0.3 of 10 samples must not miss its step by rounding.
    quantile: (level) => sorted[Math.max(0, Math.ceil(checkLevel(level) * rows - 1e-9) - 1)]!.slice(),
    cdf(given) {
      const y = toColumn('empirical: y', given, count);
      const below = sumRows(sorted, (value, i) => {
        const error = value - y[i]!;
        return Number.isNaN(error) ? Number.NaN : Number(error <= 0);
      });
      return below.map((each) => each / rows);
    },
    crps(given) {
      const y = toColumn('empirical: y', given, count);
      // Σ over pairs i < j of x_j − x_i counts sample k (from 0, in order) 2k + 1 − S times.
      return sumRows(
        sorted,
        (value, i, k) => Math.abs(value - y[i]!) / rows - (value * (2 * k + 1 - rows)) / (rows * rows),
      );
    },
    affine(scales, offsets) {
      const { scale, offset } = toAffine(scales, offsets, count);
      return empirical(sorted.map((row) => row.map((value, i) => value * scale[i]! + offset[i]!)));
    },
    select: (indices) => empirical(sorted.map((row) => pick(row, indices))),
    knots: () => sorted,
  };
}

/** Distributions that are one value for certain: point forecasts. The CRPS is the absolute error |y − value|. */
export function point(values: ArrayLike<number>): Distributions {
  return empirical([values]);
}

function sumRows(
  rows: readonly Float64Array[],
  f: (value: number, i: number, k: number) => number,
): Float64Array {
  return Float64Array.from({ length: rows[0]!.length }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < rows.length; k++) sum += f(rows[k]![i]!, i, k);
    return sum;
  });
}
