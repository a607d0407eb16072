export { type GradientFlow, type GradientFlowOptions, gradientFlow } from './bptt/gradient-flow.ts';
export { type GradientFlowLine, gradientFlowChart } from './bptt/gradient-flow-chart.ts';
export { type StreamOptions, type StreamSource, streams } from './bptt/streams.ts';
export { type Bootstrap, bootstrap } from './ensemble/bootstrap.ts';
export {
  createEnsemble,
  disposeEnsemble,
  type Ensemble,
  type EnsembleEvent,
  type EnsembleOptions,
  ensemble,
  type MemberInput,
  type MemberResult,
} from './ensemble/ensemble.ts';
export { loadEnsemble, saveEnsemble } from './ensemble/ensemble-file.ts';
export {
  asEnsembleForecastFunction,
  type EnsembleDistributions,
  ensembleDistributions,
  ensembleDistributionsAt,
  forecastEnsemble,
  forecastEnsembleMany,
} from './ensemble/ensemble-forecast.ts';
export type {
  Executor,
  Job,
  JobContext,
  JobError,
  JobProgress,
  Outcome,
  RunJob,
  RunOptions,
} from './executor/executor.ts';
export { createInProcessExecutor } from './executor/executor-in-process.ts';
export type { OutputChoice } from './explain/chosen-output.ts';
export {
  type Attributions,
  type IntegratedGradientsOptions,
  integratedGradients,
} from './explain/integrated-gradients.ts';
export { type OcclusionMap, type OcclusionOptions, occlusion } from './explain/occlusion.ts';
export {
  type ErrorMeasure,
  type GroupImportance,
  type InputGroup,
  type PermutationOptions,
  permutationImportance,
} from './explain/permutation-importance.ts';
export { type AdvanceOptions, advance, type States } from './fit/carry.ts';
export { type ClipOptions, clipGradients } from './fit/clip.ts';
export { evaluate, type PredictOptions, predict } from './fit/evaluate.ts';
export { fit } from './fit/fit.ts';
export {
  type EndReason,
  type EpochRecord,
  type History,
  NonFiniteError,
  type ProgressEvent,
} from './fit/history.ts';
export type { CheckpointTarget, EarlyStopping, FitOptions } from './fit/options.ts';
export { learningRateAt, type ScheduleConfig, type ScheduleState, schedules } from './fit/schedules.ts';
export {
  asForecastFunction,
  distributionsAt,
  distributionsOf,
  type ForecastOptions,
  forecast,
  forecastMany,
} from './forecaster/forecast.ts';
export {
  type Forecaster,
  type ForecasterOptions,
  fitForecaster,
  type Provenance,
} from './forecaster/forecaster.ts';
export { loadForecaster, saveForecaster } from './forecaster/forecaster-file.ts';
export { type GenerateOptions, generate } from './generate/generate.ts';
export { sampleSoftmax } from './generate/sample-softmax.ts';
export {
  createIncrementalLearner,
  type IncrementalLearner,
  type IncrementalOptions,
  type UpdateResult,
} from './incremental/incremental-learner.ts';
export {
  type PrequentialOptions,
  type PrequentialResult,
  type PrequentialUpdate,
  prequential,
} from './incremental/prequential.ts';
export { type PrequentialChartOptions, prequentialChart } from './incremental/prequential-chart.ts';
export type { ReplayStrategy } from './incremental/replay-buffer.ts';
export { type AutoencodingOptions, autoencoding } from './latent/autoencoding.ts';
export { type DecodeOptions, decode, encode, type Latents, sampleVae } from './latent/latent.ts';
export { type DensityOptions, latentDensity } from './latent/latent-density.ts';
export { type LatentResamplingOptions, latentResampling } from './latent/latent-resampling.ts';
export {
  type PrincipalComponents,
  principalComponents,
  projectOnComponents,
} from './latent/principal-components.ts';
export {
  type BinaryCrossEntropySettings,
  type BinaryFocalSettings,
  binaryCrossEntropy,
  binaryFocal,
} from './losses/binary-cross-entropy.ts';
export { type CrossEntropySettings, crossEntropy } from './losses/cross-entropy.ts';
export { type FocalSettings, focal } from './losses/focal.ts';
export {
  type BetaNllSettings,
  betaNll,
  type GaussianNllSettings,
  gaussianNll,
} from './losses/gaussian-nll.ts';
export type { Head, Loss, LossConfig, PlannedTargets } from './losses/loss.ts';
export { createLoss, losses, registerLoss } from './losses/losses.ts';
export { huber, mae, mse } from './losses/pointwise.ts';
export { type QuantileLossSettings, quantileLoss } from './losses/quantile-loss.ts';
export { type StudentTNllSettings, studentTNll } from './losses/student-t-nll.ts';
export { type VaeLossSettings, vaeLoss } from './losses/vae-loss.ts';
export {
  type AdamConfig,
  adam,
  adamw,
  type OptimizerConfig,
  type OptimizerRule,
  optimizerRule,
  optimizers,
  type PlannedUpdate,
  type RmspropConfig,
  rmsprop,
  type SgdConfig,
  type Slots,
  sgd,
} from './optimizers/optimizers.ts';
export { balancedBatches } from './rebalance/balanced-batches.ts';
export { type ClassWeightOptions, type ClassWeights, classWeights } from './rebalance/class-weights.ts';
export {
  type DensityWeightOptions,
  densityWeights,
  type InverseDensityOptions,
  inverseDensityWeights,
} from './rebalance/density-weights.ts';
export { labelsOf } from './rebalance/labels-of.ts';
export { reweighted, type ShapedWeights } from './rebalance/reweighted.ts';
export { type TargetStatistic, targetStatistic, targetsOf } from './rebalance/targets-of.ts';
export { weightedResampling } from './rebalance/weighted-resampling.ts';
export { type AshaOptions, asha } from './search/asha.ts';
export { grid, random } from './search/blind.ts';
export { importanceChart, parallelChart } from './search/charts.ts';
export { courseGrid, type GridPreset } from './search/course-grid.ts';
export { type FitTrialOptions, fitTrial } from './search/fit-trial.ts';
export { type FieldImportance, type Importance, importance, marginalMeans } from './search/importance.ts';
export type { Journal } from './search/journal.ts';
export { type SearchEvent, type SearchOptions, type SearchResult, search } from './search/search.ts';
export {
  type Condition,
  choice,
  type Field,
  type FieldValue,
  integer,
  logUniform,
  type Space,
  uniform,
  type Values,
  withValues,
} from './search/space.ts';
export { strategies } from './search/strategies.ts';
export type { EndedStep, Known, Step, Strategy, StrategyConfig } from './search/strategy.ts';
export { formatSearch, type SearchRow } from './search/table.ts';
export { type TpeOptions, tpe } from './search/tpe.ts';
export type { TrialInput, TrialResult } from './search/trial.ts';
export { memoryStore, type Store } from './store/store.ts';
export { type McDropoutOptions, mcDropout, mcDropoutOf } from './uncertainty/mc-dropout.ts';
