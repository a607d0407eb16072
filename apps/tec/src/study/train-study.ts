// How the study's forecasters are trained, the same for every latitude; the settings were chosen before 2017.

import { DAY, type Series, splitByTime, windows } from '@tidecast/data';
import { fitRidge, type Ridge } from '@tidecast/eval';
import { createModel } from '@tidecast/models';
import { adamw, type Forecaster, fitForecaster, mse } from '@tidecast/train';
import { familyConfig } from '../forecast/networks.ts';
import type { ModelName } from '../forecast/options.ts';
import { networkSpec, ridgeSpec, STUDY_STEPS } from './study-series.ts';

/** Training settings, the same for every network; chosen on the validation part (the last four months of training). */
export const STUDY_TRAINING = {
  units: 20,
  batchSize: 128,
  stride: 2,
  learningRate: 3e-3,
  weightDecay: 0.01,
  validationDays: 122,
  patience: 6,
};
const RIDGE_LAMBDA = 30;

/** Ridge regression on the daily origins before `until` [ms]. */
export function trainStudyRidge(series: Series, until: number): Ridge {
  const samples = windows(series, { ...ridgeSpec(series), align: DAY });
  const { train } = splitByTime(samples, { validationFrom: until, testFrom: until });
  return fitRidge(train, { lambda: RIDGE_LAMBDA });
}

/** Which network the study trains, and on what. */
export interface StudyNetwork {
  family: ModelName;
  seed: number;
  /** The network sees nothing from this time on [ms]; the days just before it decide when training stops. */
  until: number;
  epochs: number;
  signal?: AbortSignal;
}

/** A network of the study as a forecaster, which owns its model: dispose of `forecaster.model`. */
export async function trainStudyNetwork(
  series: Series,
  { family, seed, until, epochs, signal }: StudyNetwork,
): Promise<Forecaster> {
  const { units, stride, validationDays, learningRate, weightDecay, batchSize, patience } = STUDY_TRAINING;
  const samples = windows(series, { ...networkSpec(series), stride });
  const { train, validation } = splitByTime(samples, {
    validationFrom: until - validationDays * DAY,
    testFrom: until,
  });
  const shape = { steps: STUDY_STEPS, channels: samples.inputChannels.length, horizon: STUDY_STEPS, units };
  const model = createModel(familyConfig(family, shape), { seed });
  try {
    const { forecaster } = await fitForecaster(model, train, {
      name: family,
      scaler: 'standard',
      loss: mse(),
      optimizer: adamw({ learningRate, weightDecay }),
      batchSize,
      validation,
      earlyStopping: { patience },
      epochs,
      seed,
      signal,
    });
    return forecaster;
  } catch (error) {
    model.dispose();
    throw error;
  }
}
