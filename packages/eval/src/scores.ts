// Turns a backtest into tables: one model by itself, or several on the very same pairs.

import { channelIndex, DAY, lengthOf, type Series, sampleSize, timeAt } from '@tidecast/data';
import type { BacktestResult } from './backtest.ts';
import { type Scores, scorePairs, skillScore } from './metrics.ts';

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

/** One line of a comparison. */
export interface ComparisonRow {
  model: string;
  target: string;
  unit: string;
  /** Pairs scored: the same ones for every model. */
  n: number;
  /** Pairs that this model could be scored on by itself, left out because another model could not. */
  dropped: number;
  /** Pooled over origins and steps. */
  rmse: number;
  mae: number;
  bias: number;
  r2: number;
  /** Skill over the baseline, 1 − (RMSE / RMSE of the baseline)²; NaN without a baseline. */
  skill: number;
}

/**
 * Scores several backtests on the same pairs: those that every model has a forecast for and that were
 * observed. Scores are pooled over origins and steps. `baseline` names the model that skill is measured by.
 * Rows come target by target, models in the given order.
 * @throws if the results differ in targets, horizon or step, or `baseline` is not among the models.
 */
export function compareForecasts(
  results: Readonly<Record<string, BacktestResult>>,
  { baseline, where }: { baseline?: string; where?: PairFilter } = {},
): ComparisonRow[] {
  const models = Object.keys(results);
  const first = results[models[0] ?? ''];
  if (!first) throw new Error('compareForecasts: expected at least one model, got none.');
  if (baseline !== undefined && !models.includes(baseline)) {
    throw new Error(`compareForecasts: the baseline must be one of ${models.join(', ')}, got '${baseline}'.`);
  }
  for (const model of models) checkSameKind(models[0]!, first, model, results[model]!);
  const rowOf = models.map(
    (model) => new Map(results[model]!.origins.map((origin, row) => [origin, row] as const)),
  );
  const shared = first.origins.filter((origin) => rowOf.every((rows) => rows.has(origin)));
  return first.targets.flatMap(({ name, unit }, k) => {
    const forecasts: number[][] = models.map(() => []);
    const observed: number[] = [];
    for (const origin of shared) {
      for (let h = 0; h < first.horizon; h++) {
        const at = (rowOf[0]!.get(origin)! * first.horizon + h) * first.targets.length + k;
        if (where && !where(first.firstTimes[rowOf[0]!.get(origin)!]! + h * first.step, origin)) continue;
        const values = models.map((model, m) => {
          const row = rowOf[m]!.get(origin)!;
          return results[model]!.forecast[(row * first.horizon + h) * first.targets.length + k]!;
        });
        if (Number.isNaN(first.observed[at]!) || values.some(Number.isNaN)) continue;
        observed.push(first.observed[at]!);
        for (const [m, value] of values.entries()) forecasts[m]!.push(value);
      }
    }
    const scores = forecasts.map((forecast) => scorePairs(forecast, observed));
    const base = baseline === undefined ? Number.NaN : scores[models.indexOf(baseline)]!.rmse;
    return models.map((model, m) => {
      const { n, rmse, mae, bias, r2 } = scores[m]!;
      const alone = scoreColumn(results[model]!, k, where).n;
      return {
        model,
        target: name,
        unit,
        n,
        dropped: alone - n,
        rmse,
        mae,
        bias,
        r2,
        skill: skillScore(rmse, base),
      };
    });
  });
}

/**
 * A filter that keeps the UTC days on which `channel` of `series` reaches `atLeast`: with Kp and 5, the
 * geomagnetic storms of NOAA's scale (G1 and up). Hours of a day without a value are passed over.
 * Kp comes in thirds, and a float32 third is not exact, so a value within 10⁻⁶ below `atLeast` counts.
 */
export function stormDays(
  series: Series,
  { channel, atLeast }: { channel: string; atLeast: number },
): (time: number) => boolean {
  const column = channelIndex(series, channel);
  const size = sampleSize(series);
  const days = new Set<number>();
  for (let i = 0; i < lengthOf(series); i++) {
    if (series.values[i * size + column]! >= atLeast - 1e-6) days.add(Math.floor(timeAt(series, i) / DAY));
  }
  return (time) => days.has(Math.floor(time / DAY));
}

/** Scores of target `k`, over all steps or step `only`. */
function scoreColumn(result: BacktestResult, k: number, where?: PairFilter, only?: number): Scores {
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

function checkSameKind(name: string, a: BacktestResult, otherName: string, b: BacktestResult): void {
  const kind = (result: BacktestResult) =>
    `${result.targets.map((target) => target.name).join(', ')} over ${result.horizon} steps of ${result.step} ms`;
  if (kind(a) !== kind(b)) {
    throw new Error(
      `compareForecasts: models must forecast the same, got ${kind(a)} from ${name} and ${kind(b)} from ${otherName}.`,
    );
  }
  const delay = (result: BacktestResult) => result.firstTimes[0]! - result.origins[0]!;
  if (a.origins.length > 0 && b.origins.length > 0 && delay(a) !== delay(b)) {
    throw new Error(
      `compareForecasts: ${name} and ${otherName} were backtested with different issueDelay; use one.`,
    );
  }
}
