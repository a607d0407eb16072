// Turns the backtest of one model into scores.

import type { BacktestResult } from './backtest.ts';
import { type Scores, scorePairs } from './metrics.ts';

/** Which pairs of a backtest to score: by the time they are about, and by the origin of the forecast [ms]. */
export type PairFilter = (targetTime: number, origin: number) => boolean;

/** Scores of one target. */
export interface TargetScores {
  target: string;
  unit: string;
  /**
   * Pooled over all origins and all steps: the RMSE is the root of the mean square over every pair,
   * not a mean of daily RMSEs.
   */
  pooled: Scores;
  /** One per step of the horizon, each pooled over the origins. */
  steps: Scores[];
}

/**
 * Scores of a backtest, per target: pooled over origins and steps, and for each step of the horizon.
 * `where` chooses the pairs, for example `stormDays(…)`.
 */
export function scoreForecasts(
  result: BacktestResult,
  { where }: { where?: PairFilter } = {},
): TargetScores[] {
  return result.targets.map(({ name, unit }, k) => ({
    target: name,
    unit,
    pooled: scoreColumn(result, k, where),
    steps: Array.from({ length: result.horizon }, (_, h) => scoreColumn(result, k, where, h)),
  }));
}

/** Scores of target `k`, over all steps or step `only`. */
export function scoreColumn(result: BacktestResult, k: number, where?: PairFilter, only?: number): Scores {
  const at = pairsOf(result, k, where, only);
  return scorePairs(
    at.map((i) => result.forecast[i]!),
    at.map((i) => result.observed[i]!),
  );
}

/** Positions in `[N, horizon, K]` of the pairs of target `k` that `where` keeps, over all steps or step `only`. */
export function pairsOf(result: BacktestResult, k: number, where?: PairFilter, only?: number): number[] {
  const { horizon, step, targets, firstTimes, origins } = result;
  const positions: number[] = [];
  for (let row = 0; row < origins.length; row++) {
    for (let h = only ?? 0; h < (only === undefined ? horizon : only + 1); h++) {
      if (where && !where(firstTimes[row]! + h * step, origins[row]!)) continue;
      positions.push((row * horizon + h) * targets.length + k);
    }
  }
  return positions;
}
