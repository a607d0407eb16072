// Linear regression on the same windows as a network: what a network has to beat to be worth its training.

import {
  channelIndex,
  type ForecastFunction,
  HistoryError,
  type InputChannel,
  type LiveWindow,
  type Series,
  type WindowSamples,
  type WindowSpec,
  windowAt,
} from '@tidecast/data';
import { solveCholesky } from './cholesky.ts';

/** A fitted ridge regression. Plain JSON. */
export interface Ridge {
  /** The windows it was fitted on. */
  spec: WindowSpec;
  lambda: number;
  /** Where each input stands in a window: a row, and a column of x. */
  inputs: { row: number; column: number }[];
  /** Mean of each input over the training windows. */
  mean: number[];
  /** Standard deviation of each input (dividing by n); 0 where it is constant, which takes it out. */
  scale: number[];
  /** One for each output, `[horizon · targets]`: the mean of the targets. */
  intercept: number[];
  /** Row-major `[inputs, horizon · targets]`, for standardised inputs. */
  weights: number[];
  /** Windows fitted on, and windows left out because something in them was missing. */
  n: number;
  leftOut: number;
}

/** Windows read at a time. */
const batchSize = 256;

/**
 * Ridge regression of every target value on the inputs of a window:
 * minimises Σ‖y − b − W·z‖² + λ‖W‖² over the windows, z = (x − mean) / sd, the intercept b unpenalised.
 * Solved in closed form in float64.
 *
 * Inputs are each step of a past channel, each step over the horizon of a future channel, and a static channel
 * once. Constant inputs are safe and get no weight. Windows with a masked step or a missing target are left out
 * and counted. λ (default 1) counts against the sum of squares, not their mean: it weighs less the more windows.
 * @throws if fewer than two windows are complete, or if λ is 0 and the inputs are collinear.
 * Source: Hoerl and Kennard 1970, Technometrics 12, 55–67.
 */
export function fitRidge(samples: WindowSamples, { lambda = 1 }: { lambda?: number } = {}): Ridge {
  if (!(Number.isFinite(lambda) && lambda >= 0)) {
    throw new Error(`ridge: lambda must be 0 or more, got ${lambda}.`);
  }
  const steps = samples.xShape[0]!;
  const inputs = ridgeInputs(samples.inputChannels, steps);
  const outputs = samples.yShape.reduce((product, size) => product * size, 1);
  const P = inputs.length;
  const mean = new Float64Array(P);
  const low = new Float64Array(P).fill(Number.POSITIVE_INFINITY);
  const high = new Float64Array(P).fill(Number.NEGATIVE_INFINITY);
  const intercept = new Float64Array(outputs);
  let n = 0;
  forEachWindow(samples, inputs, (x, y) => {
    n++;
    for (let i = 0; i < P; i++) {
      mean[i]! += x[i]!;
      low[i] = Math.min(low[i]!, x[i]!);
      high[i] = Math.max(high[i]!, x[i]!);
    }
    for (let o = 0; o < outputs; o++) intercept[o]! += y[o]!;
  });
  if (n < 2) {
    throw new Error(
      `ridge: needs at least 2 complete windows, got ${n} among ${samples.count}. Fill gaps or train on more.`,
    );
  }
  for (let i = 0; i < P; i++) mean[i]! /= n;
  for (let o = 0; o < outputs; o++) intercept[o]! /= n;
  const gram = new Float64Array(P * P);
  const weights = new Float64Array(P * outputs);
  const centred = new Float64Array(P);
  forEachWindow(samples, inputs, (x, y) => {
    for (let i = 0; i < P; i++) centred[i] = x[i]! - mean[i]!;
    for (let i = 0; i < P; i++) {
      const value = centred[i]!;
      for (let j = 0; j <= i; j++) gram[i * P + j]! += value * centred[j]!;
      for (let o = 0; o < outputs; o++) weights[i * outputs + o]! += value * (y[o]! - intercept[o]!);
    }
  });
  const scale = Array.from(mean, (_, i) => (high[i]! > low[i]! ? Math.sqrt(gram[i * P + i]! / n) : 0));
  for (let i = 0; i < P; i++) {
    const inverse = scale[i]! > 0 ? 1 / scale[i]! : 0;
    for (let j = 0; j <= i; j++) gram[i * P + j]! *= inverse * (scale[j]! > 0 ? 1 / scale[j]! : 0);
    gram[i * P + i]! += inverse > 0 ? lambda : 1;
    for (let o = 0; o < outputs; o++) weights[i * outputs + o]! *= inverse;
  }
  try {
    solveCholesky(gram, weights, P);
  } catch (cause) {
    throw new Error(
      `ridge: the inputs are collinear, so lambda must be positive, got ${lambda}. Try 1, or name inputs once.`,
      { cause },
    );
  }
  return {
    spec: samples.spec,
    lambda,
    inputs,
    mean: Array.from(mean),
    scale,
    intercept: Array.from(intercept),
    weights: Array.from(weights),
    n,
    leftOut: samples.count - n,
  };
}

/**
 * The forecasts of a fitted ridge regression, from the window at each origin.
 * @throws HistoryError from the forecast where the window has a missing value or starts before the history.
 */
export function ridgeForecast(ridge: Ridge): ForecastFunction {
  const { spec, inputs, mean, scale, intercept, weights } = ridge;
  const outputs = spec.horizon * spec.targets.length;
  const P = inputs.length;
  const sizes = [mean.length, scale.length, intercept.length, weights.length];
  const expected = [P, P, outputs, P * outputs];
  if (sizes.join() !== expected.join()) {
    throw new Error(
      `ridge: mean, scale, intercept and weights must have ${expected.join(', ')} values, got ${sizes.join(', ')}.`,
    );
  }
  return (history, origin) => {
    const { x, reference, firstTime } = windowFrom(history, spec, origin);
    const columns = x.shape[2]!;
    const values = Float64Array.from(intercept);
    for (let i = 0; i < P; i++) {
      if (scale[i]! === 0) continue;
      const { row, column } = inputs[i]!;
      const z = (x.data[row * columns + column]! - mean[i]!) / scale[i]!;
      for (let o = 0; o < outputs; o++) values[o]! += z * weights[i * outputs + o]!;
    }
    return {
      origin,
      firstTime,
      step: history.step,
      channels: spec.targets.map((name) => history.channels[channelIndex(history, name)]!),
      levels: [0.5],
      values: Float32Array.from(values, (value, o) => value + reference.data[o]!),
    };
  };
}

/** The window at `origin`; that it is not all there is a matter of the history, and is said so. */
function windowFrom(history: Series, spec: WindowSpec, origin: number): LiveWindow {
  try {
    return windowAt(history, spec, origin);
  } catch (error) {
    // `windows:` begins what is wrong with the specification, `windowAt: origin` what is wrong with the origin.
    if (error instanceof Error && /^windowAt: (?!origin)/.test(error.message)) {
      throw new HistoryError(error.message, { cause: error });
    }
    throw error;
  }
}

/** The places of a window that hold an input of their own. */
function ridgeInputs(channels: readonly InputChannel[], steps: number): { row: number; column: number }[] {
  const inputs: { row: number; column: number }[] = [];
  for (const [column, { role, shift }] of channels.entries()) {
    for (let row = 0; row < steps; row++) {
      // Static columns repeat one value; future columns begin before the horizon where it is shorter than the window.
      const counts = role === 'static' ? row === steps - 1 : role === 'past' || row - (steps - 1) + shift > 0;
      if (counts) inputs.push({ row, column });
    }
  }
  return inputs;
}

/** Calls `use` with the inputs and targets of every complete window. Both arrays are reused. */
function forEachWindow(
  samples: WindowSamples,
  inputs: { row: number; column: number }[],
  use: (x: Float64Array, y: Float32Array) => void,
): void {
  const [steps, columns] = samples.xShape as [number, number];
  const outputs = samples.yShape.reduce((product, size) => product * size, 1);
  const row = new Float64Array(inputs.length);
  for (let begin = 0; begin < samples.count; begin += batchSize) {
    const length = Math.min(batchSize, samples.count - begin);
    const { x, y, mask, weight } = samples.batch(Uint32Array.from({ length }, (_, b) => begin + b));
    for (let b = 0; b < length; b++) {
      if (mask?.data.subarray(b * steps, (b + 1) * steps).includes(0)) continue;
      if (weight?.data.subarray(b * outputs, (b + 1) * outputs).includes(0)) continue;
      const at = b * steps * columns;
      for (const [i, input] of inputs.entries()) row[i] = x.data[at + input.row * columns + input.column]!;
      use(row, y.data.subarray(b * outputs, (b + 1) * outputs));
    }
  }
}
