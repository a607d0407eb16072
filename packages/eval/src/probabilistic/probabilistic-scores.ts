// Turns the backtest of a forecast with quantiles into scores: pooled, step by step, and along the year.

import type { BacktestResult } from '../backtest.ts';
import { type PairFilter, pairsOf } from '../scores.ts';
import { bandOf, type QuantileScores, scoreQuantiles } from './quantile-scores.ts';

/** Probabilistic scores of one target. */
export interface TargetQuantileScores {
  target: string;
  unit: string;
  /** Pooled over all origins and all steps. */
  pooled: QuantileScores;
  /** One per step of the horizon, each pooled over the origins. */
  steps: QuantileScores[];
}

/**
 * Coverage, width, pinball loss and CRPS of a backtest, per target: pooled over origins and steps, and for each step of the
 * horizon. `where` chooses the pairs, for example `stormDays(…)`. A point forecast has no bands; its CRPS is its MAE.
 */
export function scoreProbabilistic(
  result: BacktestResult,
  { where }: { where?: PairFilter } = {},
): TargetQuantileScores[] {
  return result.targets.map(({ name, unit }, k) => ({
    target: name,
    unit,
    pooled: scoreAt(result, pairsOf(result, k, where)),
    steps: Array.from({ length: result.horizon }, (_, h) => scoreAt(result, pairsOf(result, k, where, h))),
  }));
}

/** Coverage in one stretch of time. */
export interface CoverageSpan {
  /** Start of the stretch [ms]. */
  from: number;
  /** Observations in it. */
  n: number;
  coverage: number;
  /** Mean width of the band, in the unit of the target. */
  width: number;
}

/**
 * What the band that promises `nominal` held, one stretch after the other by the time of the observations: calendar months
 * (UTC), or stretches of `period` [ms] counted from 1970-01-01T00:00Z. Stretches without an observation are left out.
 * @throws if the backtest has no levels for the band, or no such target.
 */
export function coverageOverTime(
  result: BacktestResult,
  options: { nominal: number; period?: 'month' | number; target?: string; where?: PairFilter },
): CoverageSpan[] {
  const { nominal, period = 'month', target, where } = options;
  const k = target === undefined ? 0 : result.targets.findIndex(({ name }) => name === target);
  if (k < 0) {
    const names = result.targets.map(({ name }) => name).join(', ');
    throw new Error(`coverageOverTime: target must be one of ${names}, got '${target}'.`);
  }
  if (period !== 'month' && !(Number.isFinite(period) && period > 0)) {
    throw new Error(`coverageOverTime: period must be 'month' or a positive number of ms, got ${period}.`);
  }
  const spans = new Map<number, number[]>();
  for (const position of pairsOf(result, k, where)) {
    const from = startOf(timeOf(result, position), period);
    const span = spans.get(from);
    if (span) span.push(position);
    else spans.set(from, [position]);
  }
  return [...spans]
    .sort(([a], [b]) => a - b)
    .map(([from, positions]) => {
      const scores = scoreAt(result, positions);
      const { coverage, width } = bandOf(scores, nominal);
      return { from, n: scores.n, coverage, width };
    })
    .filter(({ n }) => n > 0);
}

function scoreAt({ levels, quantiles, observed }: BacktestResult, positions: number[]): QuantileScores {
  const Q = levels.length;
  const chosen = new Float64Array(positions.length * Q);
  for (const [i, position] of positions.entries()) {
    for (let q = 0; q < Q; q++) chosen[i * Q + q] = quantiles[position * Q + q]!;
  }
  return scoreQuantiles(
    levels,
    chosen,
    positions.map((position) => observed[position]!),
  );
}

/** The time that a position in `[N, horizon, K]` is about. */
function timeOf({ firstTimes, horizon, step, targets }: BacktestResult, position: number): number {
  const pair = Math.floor(position / targets.length);
  return firstTimes[Math.floor(pair / horizon)]! + (pair % horizon) * step;
}

function startOf(time: number, period: 'month' | number): number {
  if (period !== 'month') return Math.floor(time / period) * period;
  const date = new Date(time);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}
