export type { Forecast, ForecastFunction } from './forecast.ts';
export { createRandom, deriveSeed, type Random, shuffle } from './random.ts';
export type { Batch, NdArray, Samples } from './samples.ts';
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
