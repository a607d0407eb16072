// The study on real hourly VTEC: baselines, ridge and networks trained on all years but the last, scored on the last
// year at daily origins (issued at 00 UT), over all days and over storm days (target-day maximum Kp of 5 or more).

import { DAY, endOf, type ForecastFunction, type Series } from '@tidecast/data';
import {
  type BacktestResult,
  backtest,
  hourlyMean,
  persistence,
  ridgeForecast,
  scoreForecasts,
  stormDays,
} from '@tidecast/eval';
import { asForecastFunction } from '@tidecast/train';
import type { ModelName } from '../forecast/options.ts';
import type { VtecStudyData } from './read-vtec.ts';
import { STUDY_STEP, STUDY_STEPS, studySeries } from './study-series.ts';
import { trainStudyNetwork, trainStudyRidge } from './train-study.ts';

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
    const base = { targets: ['tec'], horizon: STUDY_STEPS, issueDelay: STUDY_STEP };
    await single('persistence', persistence(base));
    await single('mean27', hourlyMean({ ...base, days: 27 }));
    await single('ridge', ridgeForecast(trainStudyRidge(series, testFrom)));
    for (const family of options.models) {
      const scores: [number, number][] = [];
      for (let seed = 1; seed <= options.seeds; seed++) {
        options.onProgress?.(`${latitude} ${family} seed ${seed}`);
        const { epochs, signal } = options;
        const network = await trainStudyNetwork(series, { family, seed, until: testFrom, epochs, signal });
        try {
          scores.push(await score(asForecastFunction(network)));
        } finally {
          network.model.dispose();
        }
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

function run(forecast: ForecastFunction, series: Series, from: number, to: number): Promise<BacktestResult> {
  return backtest(forecast, series, {
    from,
    to,
    every: DAY,
    horizon: STUDY_STEPS,
    targets: ['tec'],
    issueDelay: STUDY_STEP,
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
