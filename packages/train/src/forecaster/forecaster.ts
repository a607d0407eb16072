// What is shipped: a trained network together with everything needed to turn a series into a forecast in its units.

import * as tf from '@tensorflow/tfjs-core';
import type {
  Channel,
  Forecast,
  ForecastFunction,
  InputChannel,
  NdArray,
  SampleScalers,
  Samples,
  ScalerKind,
  Series,
  WindowOptions,
  WindowSamples,
  WindowSpec,
} from '@tidecast/data';
import { fitSampleScalers, scaleSamples, unscale, windowAt } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { sameShape, shown } from '../check.ts';
import { firstDifference } from '../difference.ts';
import { type PredictOptions, predict } from '../fit/evaluate.ts';
import { fit } from '../fit/fit.ts';
import type { History } from '../fit/history.ts';
import type { FitOptions } from '../fit/options.ts';
import { VERSION } from '../version.ts';

/** Where a forecaster comes from. Plain JSON. */
export interface Provenance {
  seed: number;
  /** The options it was trained with. */
  options: Record<string, unknown>;
  /** What it learned from: first and last time of the training windows [ms], and how many there were. */
  data: { from: number; to: number; windows: number };
  /** The same for what it was validated on. */
  validation?: { from: number; to: number; windows: number };
  /** The tensor backend: `wasm` or `tensorflow` (native). */
  backend: string;
  versions: { train: string; tfjs: string };
  /** How it ended. */
  result: { reason: string; epochs: number; loss: number; bestEpoch?: number; validationLoss?: number };
}

/** A trained network, the windows it reads, its scalers, and where it comes from. */
export interface Forecaster {
  name: string;
  model: Model;
  spec: WindowSpec;
  /** What to do about missing values in a live window, see `windowAt`. */
  live: Pick<WindowOptions, 'missing' | 'minSteps'>;
  /** Time between the samples of the series it reads [ms]. */
  step: number;
  scalers: SampleScalers;
  inputChannels: readonly InputChannel[];
  targetChannels: readonly Channel[];
  provenance: Provenance;
}

/** How to make a forecaster: the options of {@link fit}, and what it adds. */
export interface ForecasterOptions extends Omit<FitOptions, 'validation'> {
  /** Default `'forecaster'`. */
  name?: string;
  /** How inputs and targets are scaled; default `'standard'`. Fitted on the training windows alone. */
  scaler?: ScalerKind;
  /** Windows of the same specification, from a time after the training windows. */
  validation?: WindowSamples;
  /** What to do about missing values in a live window; default: refuse them. */
  live?: Forecaster['live'];
}

/**
 * Trains `model` on windows and makes it a forecaster. The model is trained in place and belongs to it from then on.
 * @throws as {@link fit} does, or if training and validation windows differ in kind.
 */
export async function fitForecaster(
  model: Model,
  train: WindowSamples,
  options: ForecasterOptions,
): Promise<{ forecaster: Forecaster; history: History }> {
  const { name = 'forecaster', scaler = 'standard', validation, live = {}, ...fitOptions } = options;
  if (validation) checkSameWindows('fitForecaster: validation windows', train, validation);
  if (train.count === 0) throw new Error('fitForecaster: expected at least one training window, got none.');
  const scalers = fitSampleScalers(scaler, train);
  const scaled = (samples: WindowSamples): Samples => scaleSamples(samples, scalers);
  const history = await fit(model, scaled(train), {
    ...fitOptions,
    ...(validation && { validation: scaled(validation) }),
  });
  const { loss, optimizer, epochs, batchSize, seed, schedule, clip, earlyStopping } = fitOptions;
  const last = history.epochs.find(({ epoch }) => epoch === history.bestEpoch) ?? history.epochs.at(-1)!;
  const forecaster: Forecaster = {
    name,
    model,
    spec: train.spec,
    live,
    step: train.step,
    scalers,
    inputChannels: train.inputChannels,
    targetChannels: train.targetChannels,
    provenance: {
      seed,
      options: plain({
        scaler,
        loss: loss.config,
        optimizer,
        epochs,
        batchSize,
        schedule,
        clip,
        earlyStopping,
      }),
      data: rangeOf(train),
      ...(validation && { validation: rangeOf(validation) }),
      backend: tf.getBackend(),
      versions: { train: VERSION, tfjs: tf.version_core },
      result: {
        reason: history.reason,
        epochs: history.epochs.length,
        loss: last.loss,
        ...(history.bestEpoch !== undefined && { bestEpoch: history.bestEpoch }),
        ...(last.validationLoss !== undefined && { validationLoss: last.validationLoss }),
      },
    },
  };
  return { forecaster, history };
}

/**
 * The forecast of `forecaster` issued at `origin` [ms], from what `history` holds up to then.
 * @throws if the series has another step or other channels, or the window at `origin` cannot be made (see `windowAt`).
 */
export async function forecast(forecaster: Forecaster, history: Series, origin: number): Promise<Forecast> {
  checkSeries(forecaster, history);
  const { spec, live, step, targetChannels } = forecaster;
  const { x, mask, reference, firstTime } = windowAt(history, { ...spec, ...live }, origin);
  const one: Samples = {
    count: 1,
    xShape: x.shape.slice(1),
    yShape: reference.shape.slice(1),
    batch: () => ({
      x,
      y: { data: new Float32Array(reference.data.length), shape: reference.shape },
      ...(mask && { mask }),
    }),
  };
  const { data } = await run(forecaster, one, reference, {});
  return { origin, firstTime, step, channels: targetChannels, levels: [0.5], values: data };
}

/** A forecaster as the function that a backtest scores. */
export function asForecastFunction(forecaster: Forecaster): ForecastFunction {
  return (history, origin) => forecast(forecaster, history, origin);
}

/**
 * The forecasts at the origins of many windows, run in batches: the quick way to forecast a whole test period.
 * @throws if the windows are of another specification than those it was trained on.
 */
export async function forecastMany(
  forecaster: Forecaster,
  samples: WindowSamples,
  options: PredictOptions = {},
): Promise<Forecast[]> {
  checkSameWindows('forecastMany: windows', forecaster, samples);
  const { step, targetChannels, spec } = forecaster;
  const { count } = samples;
  if (count === 0) return [];
  const reference = samples.reference(Uint32Array.from({ length: count }, (_, i) => i));
  const { data } = await run(forecaster, samples, reference, options);
  const size = data.length / count;
  return Array.from(samples.origins, (origin, i) => ({
    origin,
    firstTime: origin - (spec.issueDelay ?? 0) + step,
    step,
    channels: targetChannels,
    levels: [0.5],
    values: data.slice(i * size, (i + 1) * size),
  }));
}

/** Scaled inputs through the model, back to the units of the series, plus the reference. `[B, horizon, K]`. */
async function run(
  { name, model, scalers }: Forecaster,
  samples: Samples,
  reference: NdArray,
  options: PredictOptions,
): Promise<NdArray> {
  const output = await predict(model, scaleSamples(samples, scalers), options);
  if (!sameShape(output.shape, reference.shape)) {
    throw new Error(
      `forecaster '${name}': its network must give [${reference.shape.join(', ')}], got [${output.shape.join(', ')}].`,
    );
  }
  const result = unscale(scalers.y, output);
  for (let i = 0; i < result.data.length; i++) result.data[i] = result.data[i]! + reference.data[i]!;
  return result;
}

function checkSeries({ name, step, inputChannels, targetChannels }: Forecaster, series: Series): void {
  if (series.step !== step) {
    throw new Error(
      `forecaster '${name}': the series must have a sample every ${step} ms, got one every ${series.step} ms. ` +
        'Resample it.',
    );
  }
  for (const { name: wanted, unit } of [...inputChannels, ...targetChannels]) {
    const channel = series.channels.find((each) => each.name === wanted);
    if (!channel) {
      const names = series.channels.map((each) => each.name).join(', ');
      throw new Error(`forecaster '${name}': the series must have a channel '${wanted}', got ${names}.`);
    }
    if (channel.unit !== unit) {
      throw new Error(
        `forecaster '${name}': channel '${wanted}' must be in ${unit}, got ${channel.unit}. Convert it first.`,
      );
    }
  }
}

type WindowKind = Pick<WindowSamples, 'spec' | 'step'> & {
  inputChannels: readonly InputChannel[];
  targetChannels: readonly Channel[];
};

function checkSameWindows(what: string, expected: WindowKind, got: WindowKind): void {
  const kind = ({ spec, step, inputChannels, targetChannels }: WindowKind) => ({
    step,
    spec: { ...spec, issueDelay: spec.issueDelay ?? 0 },
    inputChannels: inputChannels.map(({ name, unit }) => ({ name, unit })),
    targetChannels: targetChannels.map(({ name, unit }) => ({ name, unit })),
  });
  const difference = firstDifference(kind(expected), kind(got));
  if (!difference) return;
  const { path, was, is } = difference;
  throw new Error(
    `${what} must be like the training windows: ${path} must be ${shown(was)}, got ${shown(is)}. ` +
      'Make them with the same specification from the same kind of series.',
  );
}

function rangeOf({ from, to, count }: WindowSamples): Provenance['data'] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    first = Math.min(first, from[i]!);
    last = Math.max(last, to[i]!);
  }
  return { from: first, to: last, windows: count };
}

function plain(value: Record<string, unknown>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
}
