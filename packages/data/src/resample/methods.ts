// How a value at a new time is made of the samples around it. A method says which samples it takes, with what weights;
// from that follows how far it looks ahead.

import { availableAt, type Channel, lengthOf, type Series, timeAt } from '../series.ts';

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
  /**
   * Mean over [t, t + step), each sample standing for the time until the next one and weighing as much of it as lies
   * within; missing ones left out. On a finer grid it so repeats the samples.
   */
  mean: {
    looksAhead: true,
    skipsMissing: true,
    parts(call, _channel, time) {
      const { series, length, step } = call;
      const parts: Parts = [];
      const end = Math.min(length, Math.ceil((time + step - series.start) / series.step));
      for (let index = Math.max(0, floorIndex(call, time)); index < end; index++) {
        const begin = timeAt(series, index);
        const within = Math.min(begin + series.step, time + step) - Math.max(begin, time);
        if (within > 0) parts.push({ index, weight: within / step });
      }
      return parts;
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
   * Mean of the k nearest samples in time (of two, the earlier one), weighted by 1/distance; missing ones, and those that
   * would lie outside of the series, are left out; a sample that falls on the time counts alone.
   */
  knn: {
    looksAhead: true,
    skipsMissing: true,
    parts(call, _channel, time) {
      const { series, length, k } = call;
      const near = floorIndex(call, time);
      if (timeAt(series, near) === time) return spread(near, near + 1, length);
      const candidates: { index: number; distance: number }[] = [];
      for (let index = near - k + 1; index <= near + k; index++) {
        candidates.push({ index, distance: Math.abs(timeAt(series, index) - time) });
      }
      candidates.sort((a, b) => a.distance - b.distance || a.index - b.index);
      const chosen = candidates.slice(0, k).filter(({ index }) => index >= 0 && index < length);
      const total = chosen.reduce((sum, { distance }) => sum + 1 / distance, 0);
      return chosen.map(({ index, distance }) => ({ index, weight: 1 / distance / total }));
    },
  },
  /**
   * The value of the interval that contains t, for channels with an `interval`: of its samples the latest at or before t,
   * or else the first after. It is known only when that interval ends, as the channel goes on saying.
   */
  containing: {
    looksAhead: true,
    skipsMissing: false,
    parts(call, channel, time) {
      const interval = intervalOf('containing', channel);
      const { series, length } = call;
      const isSame = (index: number) =>
        index >= 0 &&
        index < length &&
        Math.floor(timeAt(series, index) / interval) === Math.floor(time / interval);
      const before = Math.min(floorIndex(call, time), length - 1);
      const index = isSame(before) ? before : Math.max(0, before + 1);
      return isSame(index) ? [{ index, weight: 1 }] : [];
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
      if (index === length - 1 && standsUntil(channel, series) <= time) return [];
      return spread(index, index + 1, length);
    },
  },
} satisfies Record<string, ResampleMethod>;

/** Name of a method. */
export type ResampleName = keyof typeof resampleMethods;

/** When the last sample of `channel` would give way to the next one, as far as one can know at that time [ms]. */
export function standsUntil(channel: Channel, series: Series): number {
  const last = timeAt(series, lengthOf(series) - 1);
  return Math.max(last, availableAt(channel, last)) + Math.max(channel.interval ?? 0, series.step);
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
