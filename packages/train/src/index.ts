export { type ClipOptions, clipGradients } from './clip.ts';
export { evaluate, type PredictOptions, predict } from './evaluate.ts';
export type {
  Executor,
  Job,
  JobContext,
  JobError,
  JobProgress,
  Outcome,
  RunJob,
  RunOptions,
} from './executor.ts';
export { createInProcessExecutor } from './executor-in-process.ts';
export { fit } from './fit.ts';
export {
  asForecastFunction,
  type Forecaster,
  type ForecasterOptions,
  fitForecaster,
  forecast,
  forecastMany,
  type Provenance,
} from './forecaster.ts';
export { loadForecaster, saveForecaster } from './forecaster-file.ts';
export {
  type EndReason,
  type EpochRecord,
  type History,
  NonFiniteError,
  type ProgressEvent,
} from './history.ts';
export {
  createLoss,
  crossEntropy,
  huber,
  type Loss,
  type LossConfig,
  losses,
  mae,
  mse,
  type PlannedTargets,
} from './losses.ts';
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
} from './optimizers.ts';
export type { CheckpointTarget, EarlyStopping, FitOptions } from './options.ts';
export { learningRateAt, type ScheduleConfig, type ScheduleState, schedules } from './schedules.ts';
