export { familyConfig } from './forecast/networks.ts';
export { type ForecastCallbacks, type ForecastOptions, MODELS, type ModelName } from './forecast/options.ts';
export type { ForecastRun } from './forecast/result.ts';
export { type ForecastOutcome, runForecast } from './forecast/run-forecast.ts';
export { defaultStations, parseStations, type Station } from './input/stations.ts';
export { main, type ProgramIo } from './main.ts';
export { outputFiles } from './output/output-files.ts';
export { createSample, type Sample, type SampleDay, type SampleOptions } from './sample/days.ts';
export { writeSample } from './sample/write-sample.ts';
export { readVtecFolder, type VtecStudyData } from './study/read-vtec.ts';
export { backtestStudy, STUDY_LEVELS, withStudyBands } from './study/study-bands.ts';
export {
  networkSpec,
  ridgeSpec,
  STUDY_STEP,
  STUDY_STEPS,
  spreadSpec,
  studySeries,
} from './study/study-series.ts';
export {
  STUDY_TRAINING,
  type StudyNetwork,
  trainStudyNetwork,
  trainStudyRidge,
  trainStudySpread,
} from './study/train-study.ts';
