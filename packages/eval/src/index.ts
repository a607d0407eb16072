export { type BacktestOptions, type BacktestResult, backtest } from './backtest.ts';
export { hourlyMean, persistence, recurrence } from './baselines.ts';
export { type Mistake, mostConfidentMistakes } from './classification/confident-mistakes.ts';
export {
  type ClassScores,
  type ConfusionMatrix,
  classScores,
  confusionMatrix,
  mostLikely,
} from './classification/confusion-matrix.ts';
export type { ClassScoreOptions } from './classification/examples.ts';
export {
  brierScore,
  expectedCalibrationError,
  logLoss,
  type ProbabilityOptions,
  probabilityReliability,
  type ReliabilityBin,
} from './classification/probability-scores.ts';
export { averagePrecision, rocAuc, type ThresholdCurve, thresholdCurve } from './classification/ranking.ts';
export { applyTemperature, fitTemperature, type LogitOptions } from './classification/temperature.ts';
export { type ComparisonRow, compareForecasts } from './compare.ts';
export { type AdaptiveConformalOptions, adaptiveConformal } from './conformal/adaptive-conformal.ts';
export {
  type AdaptiveLevel,
  type AdaptiveLevelOptions,
  adaptiveSteps,
  createAdaptiveLevel,
} from './conformal/adaptive-level.ts';
export { conformalQuantile, fewestScores } from './conformal/conformal-quantile.ts';
export type { ConformalMethod, ConformalOptions } from './conformal/conformity.ts';
export { type ConformalBands, conformal, fitConformal } from './conformal/fit-conformal.ts';
export { withSpread } from './conformal/with-spread.ts';
export type { Distributions } from './distributions/distributions.ts';
export { empirical, point } from './distributions/empirical.ts';
export { type GaussianDistributions, gaussian } from './distributions/gaussian.ts';
export { mixture, splitVariance, type VarianceParts } from './distributions/mixture.ts';
export { normalCdf } from './distributions/normal.ts';
export { quantiles } from './distributions/quantiles.ts';
export { studentT } from './distributions/student-t.ts';
export { bias, mae, r2, rmse, type Scores, scorePairs, skillScore } from './metrics.ts';
export type { BaselineOptions } from './point-forecast.ts';
export { type PitBin, pitHistogram } from './probabilistic/pit-histogram.ts';
export {
  type CoverageSpan,
  coverageOverTime,
  scoreProbabilistic,
  type TargetQuantileScores,
} from './probabilistic/probabilistic-scores.ts';
export {
  type BandScores,
  bandOf,
  type QuantileScores,
  scoreDistributions,
  scoreLevels,
  scoreQuantiles,
} from './probabilistic/quantile-scores.ts';
export { fitRidge, type Ridge, ridgeForecast } from './ridge.ts';
export { type PairFilter, scoreForecasts, type TargetScores } from './scores.ts';
export { formatSeedSpread, type SeedResult, type SeedSpread, seedSpread } from './seed-spread.ts';
export { stormDays } from './storm-days.ts';
