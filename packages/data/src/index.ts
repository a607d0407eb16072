export { arraySamples } from './array-samples.ts';
export { CompressionError } from './compression/compression-error.ts';
export { type Compression, decompress, detectCompression } from './compression/decompress.ts';
export { CsvError } from './csv/csv-error.ts';
export { type CsvColumn, type CsvOptions, readCsv } from './csv/read-csv.ts';
export { findColumn, isBlank, parseTable, type Table } from './csv/table.ts';
export type { CsvTime } from './csv/time-columns.ts';
export { writeCsv } from './csv/write-csv.ts';
export { type CalendarCycle, calendarFeatures } from './features/calendar.ts';
export { lagged, type SeasonalMeanOptions, seasonalMean } from './features/seasonal-mean.ts';
export type { Forecast, ForecastFunction } from './forecast.ts';
export { HistoryError } from './history-error.ts';
export { readCelestrak, readCelestrakCsv } from './indices/celestrak.ts';
export { readDst } from './indices/dst.ts';
export { readKpGfzCsv } from './indices/gfz-csv.ts';
export { readKpGfzJson } from './indices/gfz-json.ts';
export { readKpGfz } from './indices/gfz-text.ts';
export { IndexError } from './indices/index-error.ts';
export { AP_OF_THIRDS, kpFromDecimal, kpFromTenths } from './indices/kp-codes.ts';
export { readKpWdc } from './indices/kp-wdc.ts';
export { readOmni2 } from './indices/omni2.ts';
export { detectIndexFormat, readIndices } from './indices/read-indices.ts';
export type { IndexFormat, IndexName, IndexOptions, IndexWarning, Indices } from './indices/types.ts';
export type { SeriesGap } from './ionex/fill-series.ts';
export { IonexError } from './ionex/ionex-error.ts';
export {
  IONEX_KINDS,
  type IonexAux,
  type IonexFile,
  type IonexKind,
  type IonexMaps,
  type IonexWarning,
} from './ionex/ionex-file.ts';
export { type IonexSeries, type IonexToSeriesOptions, ionexToSeries } from './ionex/ionex-to-series.ts';
export type { RepeatChoice, RepeatedMap } from './ionex/merge-epochs.ts';
export { type ReadIonexOptions, readIonex } from './ionex/read-ionex.ts';
export type { IonexMode } from './ionex/reader.ts';
export { type IonexContent, type WriteIonexOptions, writeIonex } from './ionex/write-ionex.ts';
export { createRandom, deriveSeed, type Random, shuffle } from './random.ts';
export { type ResampleMethod, type ResampleName, resampleMethods } from './resample/methods.ts';
export { type ResampleOptions, resample } from './resample/resample.ts';
export { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.ts';
export {
  type Batch,
  changeBatch,
  type Draw,
  type EpochRequest,
  type NdArray,
  type SampleSource,
  type Samples,
} from './samples.ts';
export {
  fitSampleScalers,
  fitScaler,
  readScaler,
  type SampleScalers,
  type Scaler,
  type ScalerKind,
  scale,
  scaleSamples,
  unscale,
} from './scaler.ts';
export { asKnownAt } from './series/as-known-at.ts';
export { concatSeries, joinChannels, renameChannel, selectChannels, sliceSeries } from './series/combine.ts';
export {
  availableAt,
  type Channel,
  channelIndex,
  createSeries,
  DAY,
  endOf,
  type Grid,
  HOUR,
  lengthOf,
  type Series,
  sampleSize,
  timeAt,
} from './series.ts';
export { type Station, stationsFromMaps } from './stations/stations-from-maps.ts';
export { type AddingProblemOptions, addingBaseline, addingProblem } from './tasks/adding-problem.ts';
export { type CopyTaskOptions, type CopyTaskSize, copyBaseline, copyTask } from './tasks/copy-task.ts';
export type { InputChannel, WindowSpec } from './windows/plan.ts';
export { concatSamples, subset } from './windows/pool.ts';
export { type Split, type SplitOptions, splitByTime } from './windows/split.ts';
export { type LiveWindow, windowAt } from './windows/window-at.ts';
export { GAP_INPUT, GAP_TARGET, type WindowOptions, type WindowSamples, windows } from './windows/windows.ts';
