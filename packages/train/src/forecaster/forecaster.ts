// What is shipped: a trained network together with everything needed to turn a series into a forecast in its units
// (forecast.ts does that).

import * as tf from '@tensorflow/tfjs-core';
import type {
  Channel,
  InputChannel,
  SampleScalers,
  Samples,
  ScalerKind,
  WindowOptions,
  WindowSamples,
  WindowSpec,
} from '@tidecast/data';
import { fitSampleScalers, scaleSamples } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { shown } from '../check.ts';
import { firstDifference } from '../difference.ts';
import { fit } from '../fit/fit.ts';
import type { History } from '../fit/history.ts';
import type { FitOptions } from '../fit/options.ts';
import type { Loss, LossConfig } from '../losses/loss.ts';
import { createLoss } from '../losses/losses.ts';
import { VERSION } from '../version.ts';
import { checkLevels, defaultLevels } from './levels.ts';

/** Where a forecaster comes from. Plain JSON. */
export interface Provenance {
  seed: number;
  /** The options it was trained with. */
  options: Record<string, unknown>;
  /** What it learned from: first and last time of the training windows [ms], and how many there were. */
  data: { from: number; to: number; windows: number };
  /** The same for what it was validated on. */
  validation?: { from: number; to: number; windows: number };
  /** What it learned since: updates, those of them that stayed and their windows, and the time of the last target [ms]. */
  updates?: { count: number; accepted: number; windows: number; to: number };
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
  /** The loss whose head says what the outputs mean; absent: one number for each target, the forecast itself. */
  loss?: LossConfig;
  /** Quantile levels of its forecasts, where nobody asks for others. */
  levels: readonly number[];
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
  /**
   * Quantile levels of its forecasts, increasing between 0 and 1. Default: for a loss with a head its own, or 0.05, 0.25,
   * 0.5, 0.75 and 0.95; else 0.5, and no others are to be had.
   */
  levels?: readonly number[];
}

/**
 * Trains `model` on windows and makes it a forecaster. The model is trained in place and belongs to it from then on.
 * @throws as {@link fit} does, or if training and validation windows differ in kind, if the loss takes probabilities, or if it
 * has a head and is not among `losses`: what the outputs mean could not be loaded again (see `registerLoss`).
 */
export async function fitForecaster(
  model: Model,
  train: WindowSamples,
  options: ForecasterOptions,
): Promise<{ forecaster: Forecaster; history: History }> {
  const { name = 'forecaster', scaler = 'standard', validation, live = {}, levels, ...fitOptions } = options;
  const { loss, optimizer, epochs, batchSize, seed, schedule, clip, freeze, earlyStopping } = fitOptions;
  checkUnscaled('fitForecaster', loss);
  if (loss.head) createLoss(loss.config);
  const ownLevels = levels ? checkLevels('fitForecaster: levels', levels, loss) : defaultLevels(loss);
  if (validation) checkSameWindows('fitForecaster: validation windows', train, validation);
  if (train.count === 0) throw new Error('fitForecaster: expected at least one training window, got none.');
  const scalers = fitSampleScalers(scaler, train);
  const scaled = (samples: WindowSamples): Samples => scaleSamples(samples, scalers);
  const history = await fit(model, scaled(train), {
    ...fitOptions,
    ...(validation && { validation: scaled(validation) }),
  });
  const best = history.epochs.find(({ epoch }) => epoch === history.bestEpoch);
  const last = (earlyStopping?.restoreBest !== false && best) || history.epochs.at(-1)!;
  const forecaster: Forecaster = {
    name,
    model,
    spec: train.spec,
    live,
    step: train.step,
    scalers,
    inputChannels: train.inputChannels,
    targetChannels: train.targetChannels,
    ...(loss.head && { loss: loss.config }),
    levels: ownLevels,
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
        freeze,
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

/** @throws if the loss takes targets that must not be scaled: a forecaster scales its own. */
export function checkUnscaled(what: string, { config, probabilities }: Loss): void {
  if (!probabilities) return;
  throw new Error(
    `${what}: a forecaster scales its targets, and the loss ${config.type} takes probabilities, from 0 to 1. ` +
      'Train on the windows as they are by fit.',
  );
}

type WindowKind = Pick<WindowSamples, 'spec' | 'step'> & {
  inputChannels: readonly InputChannel[];
  targetChannels: readonly Channel[];
};

/** @throws with the first difference if two sources of windows, or forecasters, are of different kinds. */
export function checkSameWindows(what: string, expected: WindowKind, got: WindowKind): void {
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

/** What windows cover: first and last time [ms], and how many there are. */
export function rangeOf({ from, to, count }: WindowSamples): Provenance['data'] {
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
