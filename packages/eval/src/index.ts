export { type BacktestOptions, type BacktestResult, backtest } from './backtest.ts';
export { hourlyMean, persistence, recurrence } from './baselines.ts';
export { type ComparisonRow, compareForecasts } from './compare.ts';
export type { Distributions } from './distributions/distributions.ts';
export { bias, mae, r2, rmse, type Scores, scorePairs, skillScore } from './metrics.ts';
export type { BaselineOptions } from './point-forecast.ts';
export { fitRidge, type Ridge, ridgeForecast } from './ridge.ts';
export { type PairFilter, scoreForecasts, type TargetScores } from './scores.ts';
export { stormDays } from './storm-days.ts';
