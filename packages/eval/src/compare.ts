// Sets several models side by side on the very same pairs; scores over different pairs say nothing about each other.

import type { BacktestResult } from './backtest.ts';
import { scorePairs, skillScore } from './metrics.ts';
import { describeTime } from './point-forecast.ts';
import { type PairFilter, scoreColumn } from './scores.ts';

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
  for (const model of models) checkSameObservations(models[0]!, first, model, results[model]!);
  return first.targets.flatMap(({ name, unit }, k) => {
    const forecasts: number[][] = models.map(() => []);
    const observed: number[] = [];
    for (const origin of shared) {
      const firstRow = rowOf[0]!.get(origin)!;
      for (let h = 0; h < first.horizon; h++) {
        const at = (firstRow * first.horizon + h) * first.targets.length + k;
        if (where && !where(first.firstTimes[firstRow]! + h * first.step, origin)) continue;
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

function checkSameObservations(name: string, a: BacktestResult, otherName: string, b: BacktestResult): void {
  const width = a.horizon * a.targets.length;
  const rows = new Map(a.origins.map((origin, row) => [origin, row] as const));
  for (const [row, origin] of b.origins.entries()) {
    const first = rows.get(origin);
    if (first === undefined) continue;
    for (let i = 0; i < width; i++) {
      if (Object.is(a.observed[first * width + i], b.observed[row * width + i])) continue;
      throw new Error(
        `compareForecasts: ${name} and ${otherName} were scored on different observations at the origin ` +
          `${describeTime(origin)}. Backtest them on the same series.`,
      );
    }
  }
}
