// Scaling puts every channel in a range in which networks learn well. A scaler is plain JSON and undoes itself.
// It ignores missing values, keeps padding at 0, and is to be fitted on the training part only.

import type { Batch, Draw, NdArray, Samples } from './samples.ts';
import { channelQuantiles } from './scaler-quantiles.ts';

/**
 * What a channel is brought to: mean 0 and standard deviation 1; the range 0 to 1; median 0 and interquartile range 1.
 */
export type ScalerKind = 'standard' | 'min-max' | 'robust';

/** Per channel: scaled = (value − offset) / scale. Plain JSON. */
export interface Scaler {
  kind: ScalerKind;
  offset: number[];
  scale: number[];
}

/** The scalers of inputs (per column of x) and targets (per target). */
export interface SampleScalers {
  x: Scaler;
  y: Scaler;
}

/** Hands rows of `channels` values each to `visit`, block by block. May be called more than once. */
type Blocks = (visit: (data: Float32Array) => void) => void;

/**
 * Fits a scaler per channel, the last axis of `rows` (or of the inputs, given {@link Samples}).
 * Values that are not finite are left out. A channel without spread, or without values, gets the scale 1.
 * 'robust' takes the range where the interquartile range is less than a millionth of it, as where most values are 0:
 * dividing by that would blow up all the others.
 */
export function fitScaler(kind: ScalerKind, rows: NdArray | Samples): Scaler {
  if ('batch' in rows) return fitSampleScalers(kind, rows).x;
  const channels = rows.shape.at(-1) ?? 0;
  checkRows('fitScaler', rows, channels);
  return fit(kind, channels, (visit) => visit(rows.data));
}

/**
 * Fits scalers of inputs and targets on all of `samples`, a block at a time, leaving out what is masked or weighs 0.
 * A value that occurs in several windows counts as often.
 */
export function fitSampleScalers(kind: ScalerKind, samples: Samples): SampleScalers {
  const blocks =
    (which: 'x' | 'y'): Blocks =>
    (visit) => {
      const size = 256;
      for (let from = 0; from < samples.count; from += size) {
        const count = Math.min(size, samples.count - from);
        const batch = samples.batch(Uint32Array.from({ length: count }, (_, i) => from + i));
        visit(missingAsNaN(batch, which));
      }
    };
  return {
    x: fit(kind, samples.xShape.at(-1) ?? 0, blocks('x')),
    y: fit(kind, samples.yShape.at(-1) ?? 0, blocks('y')),
  };
}

/** scaled = (value − offset) / scale along the last axis; NaN stays NaN. A new array. */
export function scale(scaler: Scaler, rows: NdArray): NdArray {
  checkRows('scale', rows, scaler.offset.length);
  return mapChannels(rows, scaler, (value, offset, factor) => (value - offset) / factor);
}

/** value = scaled · scale + offset along the last axis: the inverse of {@link scale}. A new array. */
export function unscale(scaler: Scaler, rows: NdArray): NdArray {
  checkRows('unscale', rows, scaler.offset.length);
  return mapChannels(rows, scaler, (value, offset, factor) => value * factor + offset);
}

/** The same samples with scaled inputs and targets. What is masked or weighs 0 stays 0. */
export function scaleSamples<S extends Samples>(samples: S, scalers: SampleScalers): S {
  for (const [which, shape] of [
    ['x', samples.xShape],
    ['y', samples.yShape],
  ] as const) {
    const channels = scalers[which].offset.length;
    if (shape.at(-1) !== channels) {
      throw new Error(
        `scaleSamples: the ${which} scaler is for ${channels} channels, got samples of shape [${shape.join(', ')}]. ` +
          'Is it from another specification?',
      );
    }
  }
  return {
    ...samples,
    batch(indices: ArrayLike<number>, draw?: Draw): Batch {
      const batch = samples.batch(indices, draw);
      const x = scale(scalers.x, batch.x);
      const y = scale(scalers.y, batch.y);
      if (batch.mask) zeroMasked(x, batch.mask);
      if (batch.weight) zeroMasked(y, batch.weight);
      return { ...batch, x, y };
    },
  };
}

/** Checks a scaler that was read from somewhere, for example from a file. @throws with what is wrong with it. */
export function readScaler(json: unknown): Scaler {
  const { kind, offset, scale: factors } = (json ?? {}) as Partial<Record<keyof Scaler, unknown>>;
  if (kind !== 'standard' && kind !== 'min-max' && kind !== 'robust') {
    throw new Error(`scaler: kind must be 'standard', 'min-max' or 'robust', got ${JSON.stringify(kind)}.`);
  }
  for (const [name, list] of Object.entries({ offset, scale: factors })) {
    if (!Array.isArray(list) || !list.every((each) => typeof each === 'number' && Number.isFinite(each))) {
      throw new Error(`scaler: ${name} must be a list of finite numbers. Is the file damaged?`);
    }
  }
  const scaler: Scaler = { kind, offset: [...(offset as number[])], scale: [...(factors as number[])] };
  if (scaler.offset.length !== scaler.scale.length || scaler.scale.some((each) => each <= 0)) {
    throw new Error('scaler: expected as many positive scales as offsets. Is the file damaged?');
  }
  return scaler;
}

function fit(kind: ScalerKind, channels: number, blocks: Blocks): Scaler {
  if (kind === 'robust') {
    const quantiles = channelQuantiles(channels, [0, 0.25, 0.5, 0.75, 1], blocks);
    const spread = ([low, q1, , q3, high]: number[]) => {
      const range = high! - low!;
      return q3! - q1! > 1e-6 * range ? q3! - q1! : range || 1;
    };
    return {
      kind,
      offset: quantiles.map((each) => (each ? each[2]! : 0)),
      scale: quantiles.map((each) => (each ? spread(each) : 1)),
    };
  }
  if (kind !== 'standard' && kind !== 'min-max') {
    throw new Error(`fitScaler: kind must be 'standard', 'min-max' or 'robust', got '${kind}'.`);
  }
  const count = new Float64Array(channels);
  const mean = new Float64Array(channels);
  const squares = new Float64Array(channels);
  const low = new Float64Array(channels).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(channels).fill(Number.NEGATIVE_INFINITY);
  blocks((data) => {
    for (let i = 0; i < data.length; i += channels) {
      for (let c = 0; c < channels; c++) {
        const value = data[i + c]!;
        if (!Number.isFinite(value)) continue;
        // Welford (1962): stable for means far from 0, and exactly 0 spread for a constant.
        const delta = value - mean[c]!;
        count[c]!++;
        mean[c]! += delta / count[c]!;
        squares[c]! += delta * (value - mean[c]!);
        if (value < low[c]!) low[c] = value;
        if (value > high[c]!) high[c] = value;
      }
    }
  });
  const scaler: Scaler = { kind, offset: [], scale: [] };
  for (let c = 0; c < channels; c++) {
    const some = count[c]! > 0;
    const spread = kind === 'standard' ? Math.sqrt(squares[c]! / count[c]!) : high[c]! - low[c]!;
    scaler.offset.push(some ? (kind === 'standard' ? mean[c]! : low[c]!) : 0);
    scaler.scale.push(some && high[c]! > low[c]! && spread > 0 ? spread : 1);
  }
  return scaler;
}

function mapChannels(
  rows: NdArray,
  scaler: Scaler,
  map: (value: number, offset: number, factor: number) => number,
): NdArray {
  const channels = scaler.offset.length;
  const data = new Float32Array(rows.data.length);
  for (let i = 0; i < data.length; i += channels) {
    for (let c = 0; c < channels; c++)
      data[i + c] = map(rows.data[i + c]!, scaler.offset[c]!, scaler.scale[c]!);
  }
  return { data, shape: [...rows.shape] };
}

/** The values of a batch, with NaN where they are padding or missing. */
function missingAsNaN(batch: Batch, which: 'x' | 'y'): Float32Array {
  const { data } = batch[which];
  const there = which === 'x' ? batch.mask : batch.weight;
  if (!there) return data;
  const out = data.slice();
  const size = data.length / there.data.length;
  for (let i = 0; i < there.data.length; i++) {
    if (there.data[i] === 0) out.fill(Number.NaN, i * size, (i + 1) * size);
  }
  return out;
}

function zeroMasked(values: NdArray, there: NdArray): void {
  const size = values.data.length / there.data.length;
  for (let i = 0; i < there.data.length; i++) {
    if (there.data[i] === 0) values.data.fill(0, i * size, (i + 1) * size);
  }
}

function checkRows(who: string, rows: NdArray, channels: number): void {
  if (rows.shape.length === 0 || rows.shape.at(-1) !== channels || channels < 1) {
    throw new Error(
      `${who}: the last axis must hold the ${channels} channels, got the shape [${rows.shape.join(', ')}]. ` +
        'Is the scaler from another series?',
    );
  }
  const size = rows.shape.reduce((product, each) => product * each, 1);
  if (rows.data.length !== size) {
    throw new Error(`${who}: ${rows.data.length} values do not fill the shape [${rows.shape.join(', ')}].`);
  }
}
