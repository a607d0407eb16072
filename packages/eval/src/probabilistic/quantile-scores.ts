// Scores of forecasts that say how sure they are: whether what they promise holds, and how little they promise it with.

import type { Distributions } from '../distributions/distributions.ts';
import { quantiles as distributionsOfQuantiles } from '../distributions/quantiles.ts';
import { sortColumns } from '../distributions/sort-columns.ts';

/** Scores of the band between the quantiles of levels (1 − nominal)/2 and (1 + nominal)/2. */
export interface BandScores {
  /** The share of observations it promises to hold, for example 0.9. */
  nominal: number;
  /** The share it held, edges included. */
  coverage: number;
  /** Shares that came below and above it. */
  below: number;
  above: number;
  /** Mean width, in the unit of the values: the sharpness of the forecast. */
  width: number;
  /**
   * Mean interval score (Winkler 1972): width + 2/α·(what an observation misses the band by), α = 1 − nominal, in the
   * unit of the values. Smallest for the true quantiles (Gneiting and Raftery 2007).
   */
  intervalScore: number;
}

/** Scores of quantiles. All but `n`, `missing` and `levels` are NaN where `n` is 0. */
export interface QuantileScores {
  /** Observations scored. */
  n: number;
  /** Observations left out because they, or a quantile, were missing. */
  missing: number;
  levels: readonly number[];
  /** The reliability curve: the share of observations at or below the quantile of each level; the level itself is ideal. */
  frequency: number[];
  /** Mean pinball loss of each level τ, max(τ·(y − q), (τ − 1)·(y − q)), in the unit of the values. */
  pinball: number[];
  /**
   * Mean continuous ranked probability score in the unit of the values: exact for the distributions that `quantiles` makes
   * of the levels, or for those that were given. The mean absolute error of a forecast with the one level 0.5.
   */
  crps: number;
  /** One for each pair of levels τ and 1 − τ, the widest first. */
  bands: BandScores[];
}

/**
 * Scores of the quantiles of N values against what came, `quantiles` row-major `[N, Q]`. A row with a missing side (NaN) is
 * left out and counted. Quantiles that cross are put in order, as in `quantiles`.
 * @throws if the lengths do not fit, or levels are not increasing between 0 and 1.
 */
export function scoreQuantiles(
  levels: readonly number[],
  quantiles: ArrayLike<number>,
  observed: ArrayLike<number>,
): QuantileScores {
  const { n, missing, columns, y } = completeRows(levels, quantiles, observed);
  const values = new Float64Array(n * levels.length);
  for (const [q, column] of columns.entries()) values.set(column, q * n);
  const crps = mean(distributionsOfQuantiles({ levels, values }).crps(y));
  return { n, missing, levels, crps, ...scoreColumns(levels, columns, y) };
}

/** Levels at which {@link scoreDistributions} looks: 0.05, 0.10 … 0.95. */
export const scoreLevels: readonly number[] = Array.from({ length: 19 }, (_, i) => (i + 1) / 20);

/**
 * Scores of distributions against what came, one observation each: the CRPS is that of the distributions themselves, all
 * else is read off their quantiles at `levels`. `sd` is their mean standard deviation, in the unit of the values.
 * @throws if there is not one observation for each, or levels are not increasing between 0 and 1.
 */
export function scoreDistributions(
  distributions: Distributions,
  observed: ArrayLike<number>,
  { levels = scoreLevels }: { levels?: readonly number[] } = {},
): QuantileScores & { sd: number } {
  const Q = levels.length;
  const values = new Float64Array(distributions.count * Q);
  for (const [q, level] of levels.entries()) {
    for (const [i, value] of distributions.quantile(level).entries()) values[i * Q + q] = value;
  }
  const { n, missing, columns, y, rows } = completeRows(levels, values, observed);
  const scored = distributions.select(rows);
  return {
    n,
    missing,
    levels,
    crps: mean(scored.crps(y)),
    ...scoreColumns(levels, columns, y),
    sd: mean(scored.variance().map(Math.sqrt)),
  };
}

/** The scores of the band that promises `nominal`. @throws if there are no levels for it. */
export function bandOf(scores: Pick<QuantileScores, 'levels' | 'bands'>, nominal: number): BandScores {
  const band = scores.bands.find((each) => Math.abs(each.nominal - nominal) < 1e-9);
  if (band) return band;
  const [low, high] = [(1 - nominal) / 2, (1 + nominal) / 2].map((level) => Number(level.toFixed(6)));
  throw new Error(
    `bandOf: a band of ${nominal} needs the levels ${low} and ${high}, got ${scores.levels.join(', ')}.`,
  );
}

/** Pairs of positions of the levels τ and 1 − τ < 1/2, the widest first. */
export function levelPairs(levels: readonly number[]): { low: number; high: number; nominal: number }[] {
  return levels.flatMap((level, low) => {
    const high = levels.findIndex((other) => Math.abs(level + other - 1) < 1e-9);
    if (level >= 0.5 - 1e-9 || high < 0) return [];
    return [{ low, high, nominal: Number((levels[high]! - level).toFixed(12)) }];
  });
}

/** The rows of which nothing is missing, column by column, and each in order. */
function completeRows(
  levels: readonly number[],
  quantiles: ArrayLike<number>,
  observed: ArrayLike<number>,
): { n: number; missing: number; rows: number[]; columns: Float64Array[]; y: Float64Array } {
  const [N, Q] = [observed.length, levels.length];
  if (Q === 0 || !levels.every((level, q) => level > (levels[q - 1] ?? 0) && level < 1)) {
    throw new Error(`scores: levels must increase between 0 and 1, got [${levels.join(', ')}].`);
  }
  if (quantiles.length !== N * Q) {
    throw new Error(
      `scores: expected ${Q} quantiles for each of ${N} observations, got ${quantiles.length} in all.`,
    );
  }
  const rows: number[] = [];
  for (let i = 0; i < N; i++) {
    let there = !Number.isNaN(observed[i]!);
    for (let q = 0; q < Q; q++) there &&= !Number.isNaN(quantiles[i * Q + q]!);
    if (there) rows.push(i);
  }
  return {
    n: rows.length,
    missing: N - rows.length,
    rows,
    columns: sortColumns(levels.map((_, q) => Float64Array.from(rows, (i) => quantiles[i * Q + q]!))),
    y: Float64Array.from(rows, (i) => observed[i]!),
  };
}

function scoreColumns(
  levels: readonly number[],
  columns: readonly Float64Array[],
  y: Float64Array,
): Pick<QuantileScores, 'frequency' | 'pinball' | 'bands'> {
  return {
    frequency: columns.map((column) => mean(column.map((value, i) => (y[i]! <= value ? 1 : 0)))),
    pinball: columns.map((column, q) => {
      const level = levels[q]!;
      return mean(column.map((value, i) => Math.max(level * (y[i]! - value), (level - 1) * (y[i]! - value))));
    }),
    bands: levelPairs(levels).map(({ low, high, nominal }) => {
      const [lower, upper] = [columns[low]!, columns[high]!];
      const width = mean(lower.map((value, i) => upper[i]! - value));
      const missed = mean(lower.map((value, i) => Math.max(0, value - y[i]!, y[i]! - upper[i]!)));
      const below = mean(lower.map((value, i) => (y[i]! < value ? 1 : 0)));
      const above = mean(upper.map((value, i) => (y[i]! > value ? 1 : 0)));
      return {
        nominal,
        coverage: 1 - below - above,
        below,
        above,
        width,
        intervalScore: width + (2 / (1 - nominal)) * missed,
      };
    }),
  };
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
