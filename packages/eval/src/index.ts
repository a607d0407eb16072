export { type BacktestOptions, type BacktestResult, backtest } from './backtest.ts';
export { hourlyMean, persistence, recurrence } from './baselines.ts';
export { bias, mae, r2, rmse, type Scores, scorePairs, skillScore } from './metrics.ts';
export type { BaselineOptions } from './point-forecast.ts';
export { fitRidge, type Ridge, ridgeForecast } from './ridge.ts';
export {
  type ComparisonRow,
  compareForecasts,
  type PairFilter,
  scoreForecasts,
  stormDays,
  type TargetScores,
} from './scores.ts';
