// The study on real hourly VTEC: baselines, ridge and networks trained on all years but the last, scored on the last
// year at daily origins (issued at 00 UT), over all days and over storm days (target-day maximum Kp of 5 or more).

import { DAY, endOf, type ForecastFunction, type Series } from '@tidecast/data';
import {
  type BacktestResult,
  bandOf,
  hourlyMean,
  persistence,
  ridgeForecast,
  scoreForecasts,
  scoreProbabilistic,
  stormDays,
} from '@tidecast/eval';
import { asForecastFunction } from '@tidecast/train';
import type { ModelName } from '../forecast/options.ts';
import type { VtecStudyData } from './read-vtec.ts';
import { backtestStudy, withStudyBands } from './study-bands.ts';
import { STUDY_STEP, STUDY_STEPS, studySeries } from './study-series.ts';
import { STUDY_TRAINING, trainStudyNetwork, trainStudyRidge } from './train-study.ts';

/** One line of the study's table; for networks the mean over seeds, and the standard deviation of the RMSEs. */
export interface StudyRow {
  model: string;
  latitude: string;
  /** RMSE [TECU] over all days, and over storm days. */
  all: number;
  storm: number;
  sdAll: number;
  sdStorm: number;
  /** Share of observations in the 90 % band, over all days and over storm days. */
  coverage90: number;
  coverage90Storm: number;
  /** Mean width of that band [TECU]. */
  width90: number;
  /** Continuous ranked probability score over all days [TECU]. */
  crps: number;
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

type Scores = Omit<StudyRow, 'model' | 'latitude' | 'sdAll' | 'sdStorm'>;

/** Runs the study: one row for each model and latitude. The last calendar year in the data is the test. */
export async function runStudy(data: VtecStudyData, options: StudyOptions): Promise<StudyRow[]> {
  const { epochs, signal } = options;
  const end = endOf(data.hourly);
  const testFrom = Date.UTC(new Date(end - 1).getUTCFullYear(), 0, 1);
  const rows: StudyRow[] = [];
  for (const target of data.targets) {
    const latitude = target.replace('VTEC_', '');
    const series = studySeries(data.hourly, target);
    const score = async (forecast: ForecastFunction, calibrated?: ForecastFunction) => {
      const bands = await withStudyBands(forecast, series, { until: testFrom, calibrated, signal });
      return scoresOf(series, await backtestStudy(bands, series, { from: testFrom, to: end, signal }));
    };
    const single = async (model: string, forecast: ForecastFunction, calibrated?: ForecastFunction) => {
      options.onProgress?.(`${latitude} ${model}`);
      rows.push(rowOf(model, latitude, [await score(forecast, calibrated)]));
    };
    const base = { targets: ['tec'], horizon: STUDY_STEPS, issueDelay: STUDY_STEP };
    await single('persistence', persistence(base));
    await single('mean27', hourlyMean({ ...base, days: 27 }));
    // The ridge has learned from all days before the test; how wrong it is on new days is told by one that has not.
    const ridge = (until: number) => ridgeForecast(trainStudyRidge(series, until));
    await single('ridge', ridge(testFrom), ridge(testFrom - STUDY_TRAINING.validationDays * DAY));
    for (const family of options.models) {
      const scores: Scores[] = [];
      for (let seed = 1; seed <= options.seeds; seed++) {
        options.onProgress?.(`${latitude} ${family} seed ${seed}`);
        const network = await trainStudyNetwork(series, { family, seed, until: testFrom, epochs, signal });
        try {
          scores.push(await score(asForecastFunction(network)));
        } finally {
          network.model.dispose();
        }
      }
      rows.push(rowOf(family, latitude, scores));
    }
  }
  return rows;
}

/** RMSEs and what the bands held, pooled over days and hours. */
function scoresOf(series: Series, result: BacktestResult): Scores {
  const where = stormDays(series, { channel: 'kp', atLeast: 5 });
  const all = scoreProbabilistic(result)[0]!.pooled;
  const storm = scoreProbabilistic(result, { where })[0]!.pooled;
  return {
    all: scoreForecasts(result)[0]!.pooled.rmse,
    storm: scoreForecasts(result, { where })[0]!.pooled.rmse,
    coverage90: bandOf(all, 0.9).coverage,
    coverage90Storm: bandOf(storm, 0.9).coverage,
    width90: bandOf(all, 0.9).width,
    crps: all.crps,
  };
}

/** One row from the scores of every seed. */
function rowOf(model: string, latitude: string, scores: readonly Scores[]): StudyRow {
  const of = (name: keyof Scores) => spread(scores.map((each) => each[name]));
  return {
    model,
    latitude,
    all: of('all').mean,
    storm: of('storm').mean,
    sdAll: of('all').sd,
    sdStorm: of('storm').sd,
    coverage90: of('coverage90').mean,
    coverage90Storm: of('coverage90Storm').mean,
    width90: of('width90').mean,
    crps: of('crps').mean,
  };
}

function spread(values: readonly number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
