// A series on another grid of times, that still says truthfully when each value became known.

import { duration } from '../series/text.ts';
import {
  availableAt,
  type Channel,
  createSeries,
  endOf,
  lengthOf,
  type Series,
  sampleSize,
  timeAt,
} from '../series.ts';
import {
  type MethodCall,
  type ResampleMethod,
  type ResampleName,
  resampleMethods,
  standsUntil,
} from './methods.ts';

/** How to resample. */
export interface ResampleOptions {
  /** Time between the new samples [ms]. */
  step: number;
  /** Time of the first new sample [ms]; by default that of the series. */
  start?: number;
  method: ResampleName;
  /** Neighbours for `knn`, default 2. */
  k?: number;
}

/** The most values that a resampled series may have. */
const MAX_VALUES = 2 ** 28;

/**
 * `series` at the times start, start + step, … as far as it has something to say.
 *
 * Each channel of the result keeps `availableAt` truthful: where a value is made of later samples, its `latency` grows by
 * as much as is needed for the worst of them. Missing samples: see {@link resampleMethods}.
 * @throws if the step or the method make no sense for the series.
 */
export function resample(series: Series, options: ResampleOptions): Series {
  const { step, start = series.start, method: name, k = 2 } = options;
  if (!(Number.isFinite(step) && step > 0))
    throw new Error(`resample: step must be a positive number of ms, got ${step}.`);
  if (!Object.hasOwn(resampleMethods, name)) {
    throw new Error(
      `resample: method must be one of ${Object.keys(resampleMethods).join(', ')}, got '${name}'.`,
    );
  }
  if (!(Number.isInteger(k) && k >= 1))
    throw new Error(`resample: k must be a whole number of 1 or more, got ${k}.`);
  const method: ResampleMethod = resampleMethods[name];
  const call: MethodCall = { series, length: lengthOf(series), step, k };
  const T = Math.floor((lastTime(call, name, start) - start) / step) + 1;
  const size = sampleSize(series);
  if (!(T > 0)) throw new Error(`resample: the series ends before the first new sample. Is start right?`);
  if (T * size > MAX_VALUES) {
    throw new Error(
      `resample: a step of ${duration(step)} would make ${T * size} values, more than ${MAX_VALUES}.`,
    );
  }
  const width = size / series.channels.length;
  const values = new Float32Array(T * size);
  const channels = series.channels.map((channel, c): Channel => {
    let late = Number.NEGATIVE_INFINITY;
    for (let t = 0; t < T; t++) {
      const time = start + t * step;
      const parts = method.parts(call, channel, time);
      for (const { index } of parts)
        late = Math.max(late, availableAt(channel, timeAt(series, index)) - time);
      for (let i = 0; i < width; i++) {
        let sum = 0;
        let weight = 0;
        for (const part of parts) {
          const value = series.values[part.index * size + c * width + i]!;
          if (method.skipsMissing && Number.isNaN(value)) continue;
          sum += part.weight * value;
          weight += part.weight;
        }
        values[t * size + c * width + i] = weight > 0 ? sum / weight : Number.NaN;
      }
    }
    return resampledChannel(channel, name, late);
  });
  return createSeries({ ...series, start, step, channels, values });
}

/** When a channel's new values are known, `late` [ms] being the longest time from a value to the last of its parts. */
function resampledChannel(channel: Channel, method: ResampleName, late: number): Channel {
  if (channel.known === 'always') return channel;
  const { interval, latency = 0, ...rest } = channel;
  if (method === 'containing') return channel;
  if (method === 'last-known') return rest;
  const known = interval === undefined ? Math.max(late, latency) : Math.max(late, 0);
  return known === 0 ? rest : { ...rest, latency: known };
}

/** The last time [ms] that a method has something to say about, of those counted from `start`. */
function lastTime({ series, length, step }: MethodCall, method: ResampleName, start: number): number {
  const last = timeAt(series, length - 1);
  if (method === 'mean') return endOf(series) - step;
  const instants = method === 'nearest' || method === 'linear' || method === 'knn';
  if (instants) return last;
  const spans = series.channels.map((channel) => {
    const interval = channel.interval ?? series.step;
    if (method === 'containing') return (Math.floor(last / interval) + 1) * interval;
    return standsUntil(channel, series);
  });
  // Half open: at the end of the span the next value would stand.
  return Math.ceil((Math.max(...spans) - start) / step) * step + start - step;
}
