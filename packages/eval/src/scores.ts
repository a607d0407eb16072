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
  const { horizon, step, targets, firstTimes, origins } = result;
  const forecast: number[] = [];
  const observed: number[] = [];
  for (let row = 0; row < origins.length; row++) {
    for (let h = only ?? 0; h < (only === undefined ? horizon : only + 1); h++) {
      if (where && !where(firstTimes[row]! + h * step, origins[row]!)) continue;
      const at = (row * horizon + h) * targets.length + k;
      forecast.push(result.forecast[at]!);
      observed.push(result.observed[at]!);
    }
  }
  return scorePairs(forecast, observed);
}
