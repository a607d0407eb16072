// What rebalancing looks at: the targets of all examples, read once, apart from their inputs.

import type { NdArray, Samples } from '@tidecast/data';
import { lookUp } from '../check.ts';

/** Examples read at once. */
const PIECE = 256;

/** The targets of all examples, `[count, ...yShape]`; NaN where one is missing (weight 0). */
export function targetsOf(samples: Samples): NdArray {
  const { count, yShape } = samples;
  const size = yShape.reduce((product, each) => product * each, 1);
  const data = new Float32Array(count * size);
  for (let from = 0; from < count; from += PIECE) {
    const indices = Uint32Array.from({ length: Math.min(PIECE, count - from) }, (_, i) => from + i);
    const { y, weight } = samples.batch(indices);
    data.set(y.data, from * size);
    weight?.data.forEach((each, i) => {
      if (each === 0) data[from * size + i] = Number.NaN;
    });
  }
  return { data, shape: [count, ...yShape] };
}

/** Ways to make one number of the targets of an example. */
const statistics = {
  max: (values: Float64Array) =>
    values.reduce((most, each) => Math.max(most, each), Number.NEGATIVE_INFINITY),
  min: (values: Float64Array) =>
    values.reduce((least, each) => Math.min(least, each), Number.POSITIVE_INFINITY),
  mean: (values: Float64Array) => values.reduce((sum, each) => sum + each, 0) / values.length,
} as const;

/** The name of a statistic, or a function of the targets of one example that are there (row-major, at least one). */
export type TargetStatistic = keyof typeof statistics | ((values: Float64Array) => number);

/**
 * One number for each example, for example the largest value over the horizon of a window: what tells a storm from a
 * quiet day. Missing targets are left out; NaN where all of an example are missing.
 */
export function targetStatistic(samples: Samples, statistic: TargetStatistic): Float64Array {
  const reduce =
    typeof statistic === 'function' ? statistic : lookUp('targetStatistic: statistic', statistics, statistic);
  const { data } = targetsOf(samples);
  const size = data.length / Math.max(1, samples.count);
  return Float64Array.from({ length: samples.count }, (_, i) => {
    const there = Float64Array.from(data.subarray(i * size, (i + 1) * size)).filter(
      (each) => !Number.isNaN(each),
    );
    return there.length > 0 ? reduce(there) : Number.NaN;
  });
}
