// The study on real hourly VTEC: baselines, ridge and networks trained on all years but the last, scored on the last
// year at daily origins (issued at 00 UT), over all days and over storm days (target-day maximum Kp of 5 or more).

import { DAY, endOf, type ForecastFunction, type Series, splitByTime, windows } from '@tidecast/data';
import {
  type BacktestResult,
  backtest,
  fitRidge,
  hourlyMean,
  persistence,
  ridgeForecast,
  scoreForecasts,
  stormDays,
} from '@tidecast/eval';
import { createModel } from '@tidecast/models';
import { adamw, asForecastFunction, fitForecaster, mse } from '@tidecast/train';
import { familyConfig } from '../forecast/networks.ts';
import type { ModelName } from '../forecast/options.ts';
import type { VtecStudyData } from './read-vtec.ts';
import { networkSpec, ridgeSpec, STEP, STEPS, studySeries } from './study-series.ts';

/** One line of the study's table; RMSEs in TECU, for networks the mean over seeds and the standard deviation. */
export interface StudyRow {
  model: string;
  latitude: string;
  all: number;
  storm: number;
  sdAll: number;
  sdStorm: number;
}

/** How the study runs. */
export interface StudyOptions {
  models: readonly ModelName[];
  /** Seeds 1 … seeds for every network. */
  seeds: number;
  epochs: number;
  onProgress?: (message: string) => void;
  signal?: AbortSignal;
}

/** Training settings, the same for every network; chosen on the validation part (the last four months of training). */
const TRAINING = {
  units: 20,
  batchSize: 128,
  stride: 2,
  learningRate: 3e-3,
  weightDecay: 0.01,
  validationDays: 122,
  patience: 6,
};
const RIDGE_LAMBDA = 30;

/** Runs the study: one row for each model and latitude. The last calendar year in the data is the test. */
export async function runStudy(data: VtecStudyData, options: StudyOptions): Promise<StudyRow[]> {
  const end = endOf(data.hourly);
  const testFrom = Date.UTC(new Date(end - 1).getUTCFullYear(), 0, 1);
  const rows: StudyRow[] = [];
  for (const target of data.targets) {
    const latitude = target.replace('VTEC_', '');
    const series = studySeries(data.hourly, target);
    const score = async (forecast: ForecastFunction) =>
      rmses(series, await run(forecast, series, testFrom, end));
    const single = async (model: string, forecast: ForecastFunction) => {
      options.onProgress?.(`${latitude} ${model}`);
      const [all, storm] = await score(forecast);
      rows.push({ model, latitude, all, storm, sdAll: 0, sdStorm: 0 });
    };
    const base = { targets: ['tec'], horizon: STEPS, issueDelay: STEP };
    await single('persistence', persistence(base));
    await single('mean27', hourlyMean({ ...base, days: 27 }));
    await single('ridge', trainRidge(series, testFrom));
    for (const family of options.models) {
      const scores: [number, number][] = [];
      for (let seed = 1; seed <= options.seeds; seed++) {
        options.onProgress?.(`${latitude} ${family} seed ${seed}`);
        scores.push(await trainNetwork(series, family, seed, testFrom, options, score));
      }
      const all = spread(scores.map(([value]) => value));
      const storm = spread(scores.map(([, value]) => value));
      rows.push({
        model: family,
        latitude,
        all: all.mean,
        storm: storm.mean,
        sdAll: all.sd,
        sdStorm: storm.sd,
      });
    }
  }
  return rows;
}

function trainRidge(series: Series, testFrom: number): ForecastFunction {
  const spec = ridgeSpec(series);
  const { train } = splitByTime(windows(series, { ...spec, align: DAY }), {
    validationFrom: testFrom,
    testFrom,
  });
  return ridgeForecast(fitRidge(train, { lambda: RIDGE_LAMBDA }));
}

async function trainNetwork(
  series: Series,
  family: ModelName,
  seed: number,
  testFrom: number,
  { epochs, signal }: StudyOptions,
  score: (forecast: ForecastFunction) => Promise<[number, number]>,
): Promise<[number, number]> {
  const samples = windows(series, { ...networkSpec(series), stride: TRAINING.stride });
  const { train, validation } = splitByTime(samples, {
    validationFrom: testFrom - TRAINING.validationDays * DAY,
    testFrom,
  });
  const model = createModel(
    familyConfig(family, {
      steps: STEPS,
      channels: samples.inputChannels.length,
      horizon: STEPS,
      units: TRAINING.units,
    }),
    { seed },
  );
  try {
    const { forecaster } = await fitForecaster(model, train, {
      name: family,
      scaler: 'standard',
      loss: mse(),
      optimizer: adamw({ learningRate: TRAINING.learningRate, weightDecay: TRAINING.weightDecay }),
      batchSize: TRAINING.batchSize,
      validation,
      earlyStopping: { patience: TRAINING.patience },
      epochs,
      seed,
      signal,
    });
    return await score(asForecastFunction(forecaster));
  } finally {
    model.dispose();
  }
}

function run(forecast: ForecastFunction, series: Series, from: number, to: number): Promise<BacktestResult> {
  return backtest(forecast, series, {
    from,
    to,
    every: DAY,
    horizon: STEPS,
    targets: ['tec'],
    issueDelay: STEP,
  });
}

/** Pooled RMSE over all days, and over storm days. */
function rmses(series: Series, result: BacktestResult): [number, number] {
  const where = stormDays(series, { channel: 'kp', atLeast: 5 });
  return [scoreForecasts(result)[0]!.pooled.rmse, scoreForecasts(result, { where })[0]!.pooled.rmse];
}

function spread(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
