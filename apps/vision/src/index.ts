export { main, type ProgramIo } from './main.ts';
export { outputFiles } from './output-files.ts';
export { type ReportFacts, reportPage } from './report/report-page.ts';
export {
  AUGMENTATIONS,
  type AugmentationName,
  BALANCES,
  type BalanceName,
  NETWORKS,
  type NetworkName,
  type TrainingOptions,
} from './training/options.ts';
export { type TrainingContext, trainClassifier } from './training/train-classifier.ts';
export type { ExplainedPicture, TestResult, TrainingRun } from './training/training-run.ts';
