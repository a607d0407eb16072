// How a value at a new time is made of the samples around it. A method says which samples it takes, with what weights;
// from that follows how far it looks ahead.

import { availableAt, type Channel, type Series, timeAt } from '../series.ts';

/** Samples and weights of one value; weights sum to 1. An empty list makes a missing value. */
export type Parts = { index: number; weight: number }[];

/** What a method needs to know. */
export interface MethodCall {
  series: Series;
  /** Number of samples in `series`. */
  length: number;
  /** Time between the new samples [ms]. */
  step: number;
  /** Neighbours taken by `knn`. */
  k: number;
}

/** One way to resample. */
export interface ResampleMethod {
  /**
   * Whether a value at time t may rest on what was known only after t. The channels that come out say exactly how long
   * after, and windows refuse an input that is known too late.
   */
  looksAhead: boolean;
  /** The samples that make the value of `channel` at `time`. */
  parts(call: MethodCall, channel: Channel, time: number): Parts;
  /** Whether a missing sample among the parts is left out (true) or makes the value missing (false). */
  skipsMissing: boolean;
}

const floorIndex = ({ series }: MethodCall, time: number) => Math.floor((time - series.start) / series.step);

/** The methods by name. */
export const resampleMethods = {
  /** Mean of the samples in [t, t + step); missing ones left out. */
  mean: {
    looksAhead: true,
    skipsMissing: true,
    parts(call, _channel, time) {
      const first = Math.ceil((time - call.series.start) / call.series.step);
      const end = Math.ceil((time + call.step - call.series.start) / call.series.step);
      return spread(first, end, call.length);
    },
  },
  /** The sample closest in time; of two, the earlier one. */
  nearest: {
    looksAhead: true,
    skipsMissing: false,
    parts(call, _channel, time) {
      const index = Math.ceil((time - call.series.start) / call.series.step - 0.5);
      return spread(index, index + 1, call.length);
    },
  },
  /** On the straight line between the samples before and after. */
  linear: {
    looksAhead: true,
    skipsMissing: false,
    parts(call, _channel, time) {
      const index = floorIndex(call, time);
      const weight = (time - timeAt(call.series, index)) / call.series.step;
      if (weight === 0) return spread(index, index + 1, call.length);
      if (index < 0 || index + 1 >= call.length) return [];
      return [
        { index, weight: 1 - weight },
        { index: index + 1, weight },
      ];
    },
  },
  /**
   * Mean of the k nearest samples in time, weighted by 1/distance; missing ones left out; a sample that falls on the
   * time counts alone.
   */
  knn: {
    looksAhead: true,
    skipsMissing: true,
    parts(call, _channel, time) {
      const { series, length, k } = call;
      const near = floorIndex(call, time);
      if (timeAt(series, near) === time) return spread(near, near + 1, length);
      const candidates: { index: number; distance: number }[] = [];
      for (let index = Math.max(0, near - k + 1); index <= Math.min(length - 1, near + k); index++) {
        candidates.push({ index, distance: Math.abs(timeAt(series, index) - time) });
      }
      candidates.sort((a, b) => a.distance - b.distance || a.index - b.index);
      const chosen = candidates.slice(0, k);
      const total = chosen.reduce((sum, { distance }) => sum + 1 / distance, 0);
      return chosen.map(({ index, distance }) => ({ index, weight: 1 / distance / total }));
    },
  },
  /**
   * The value of the interval that contains t, for channels with an `interval`. It is known only when that interval ends,
   * as the channel goes on saying.
   */
  containing: {
    looksAhead: true,
    skipsMissing: false,
    parts(call, channel, time) {
      const interval = intervalOf('containing', channel);
      const index = floorIndex(call, time);
      if (index >= call.length) {
        const last = call.length - 1;
        const same = Math.floor(time / interval) === Math.floor(timeAt(call.series, last) / interval);
        return same ? spread(last, last + 1, call.length) : [];
      }
      return spread(index, index + 1, call.length);
    },
  },
  /** The latest value that was known at t: what a forecast made at t can use. Never looks ahead. */
  'last-known': {
    looksAhead: false,
    skipsMissing: false,
    parts(call, channel, time) {
      const { series, length } = call;
      let index = Math.min(floorIndex(call, time), length - 1);
      while (index >= 0 && availableAt(channel, timeAt(series, index)) > time) index--;
      // Past the end a value stands until the next one would have come.
      if (index === length - 1 && nextReading(channel, series, length) <= time) return [];
      return spread(index, index + 1, length);
    },
  },
} satisfies Record<string, ResampleMethod>;

/** Name of a method. */
export type ResampleName = keyof typeof resampleMethods;

function nextReading(channel: Channel, series: Series, length: number): number {
  const interval = channel.interval ?? series.step;
  return availableAt(channel, timeAt(series, length - 1)) + Math.max(interval, series.step);
}

function intervalOf(method: string, channel: Channel): number {
  if (channel.interval) return channel.interval;
  throw new Error(
    `resample: '${method}' needs channels whose values belong to an interval, and '${channel.name}' is instantaneous. ` +
      "Use 'nearest', 'linear' or 'last-known'.",
  );
}

/** Equal weights on the samples from `first` up to `end` that exist. */
function spread(first: number, end: number, length: number): Parts {
  const from = Math.max(0, first);
  const to = Math.min(length, end);
  return Array.from({ length: Math.max(0, to - from) }, (_, i) => ({
    index: from + i,
    weight: 1 / (to - from),
  }));
}
