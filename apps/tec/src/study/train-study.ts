// How the study's forecasters are trained, the same for every latitude; the settings were chosen before 2017.

import {
  DAY,
  type ForecastFunction,
  type Series,
  splitByTime,
  type WindowSamples,
  type WindowSpec,
  windows,
} from '@tidecast/data';
import { fitRidge, type Ridge, ridgeForecast } from '@tidecast/eval';
import { createModel } from '@tidecast/models';
import { adamw, type Forecaster, fitForecaster, type Loss, mse } from '@tidecast/train';
import { familyConfig } from '../forecast/networks.ts';
import type { ModelName } from '../forecast/options.ts';
import { networkSpec, ridgeSpec, STUDY_STEPS, spreadSpec } from './study-series.ts';

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
/** Of 100 … 1600 the best interval score of 90 % bands in the second half of 2016, of models that had seen the time before. */
const SPREAD_LAMBDA = 400;

/** Ridge regression on the daily origins before `until` [ms]. */
export function trainStudyRidge(series: Series, until: number): Ridge {
  return fitRidge(daysBefore(series, ridgeSpec(series), until), { lambda: RIDGE_LAMBDA });
}

/** How large errors will be, up to a factor, from the days before `until` [ms]: for `withSpread`. */
export function trainStudySpread(
  series: Series,
  until: number,
): { spread: ForecastFunction; atLeast: number } {
  const ridge = fitRidge(daysBefore(series, spreadSpec(series), until), { lambda: SPREAD_LAMBDA });
  const typical = ridge.intercept.reduce((sum, value) => sum + value, 0) / ridge.intercept.length;
  return { spread: ridgeForecast(ridge), atLeast: typical / 4 };
}

function daysBefore(series: Series, spec: WindowSpec, until: number): WindowSamples {
  const samples = windows(series, { ...spec, align: DAY });
  return splitByTime(samples, { validationFrom: until, testFrom: until }).train;
}

/** Which network the study trains, and on what. */
export interface StudyNetwork {
  family: ModelName;
  seed: number;
  /** The network sees nothing from this time on [ms]; the days just before it decide when training stops. */
  until: number;
  epochs: number;
  /** Default `mse()`. */
  loss?: Loss;
  signal?: AbortSignal;
}

/** A network of the study as a forecaster, which owns its model: dispose of `forecaster.model`. */
export async function trainStudyNetwork(
  series: Series,
  { family, seed, until, epochs, loss = mse(), signal }: StudyNetwork,
): Promise<Forecaster> {
  const { units, stride, validationDays, learningRate, weightDecay, batchSize, patience } = STUDY_TRAINING;
  const samples = windows(series, { ...networkSpec(series), stride });
  const { train, validation } = splitByTime(samples, {
    validationFrom: until - validationDays * DAY,
    testFrom: until,
  });
  const shape = {
    steps: STUDY_STEPS,
    channels: samples.inputChannels.length,
    horizon: STUDY_STEPS,
    units,
    parameters: loss.head?.parameters,
  };
  const model = createModel(familyConfig(family, shape), { seed });
  try {
    const { forecaster } = await fitForecaster(model, train, {
      name: family,
      scaler: 'standard',
      loss,
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
