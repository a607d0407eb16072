// How sure the study's forecasts are: bands for any of them, calibrated on the days before the test and adapting since.

import { DAY, type ForecastFunction, type Series } from '@tidecast/data';
import { adaptiveConformal, type BacktestResult, backtest, scoreLevels, withSpread } from '@tidecast/eval';
import { STUDY_STEP, STUDY_STEPS } from './study-series.ts';
import { STUDY_TRAINING, trainStudySpread } from './train-study.ts';

/** The levels of the study's forecasts: 0.05, 0.10 … 0.95. */
export const STUDY_LEVELS = scoreLevels;

/** Forecasts of a day at 00 UT, from `from` until before `to` [ms]. */
export function backtestStudy(
  forecast: ForecastFunction,
  series: Series,
  { from, to, signal }: { from: number; to: number; signal?: AbortSignal },
): Promise<BacktestResult> {
  return backtest(forecast, series, {
    from,
    to,
    every: DAY,
    horizon: STUDY_STEPS,
    targets: ['tec'],
    issueDelay: STUDY_STEP,
    signal,
  });
}

/**
 * `forecast` with bands at {@link STUDY_LEVELS}: a spread that knows of Kp and yesterday's deviations, stretched for each hour
 * by adaptive conformal prediction. It begins with the errors of `calibrated` (default: of `forecast`) over the validation
 * days before `until`, of which the forecast must have learned nothing but when to stop.
 */
export async function withStudyBands(
  forecast: ForecastFunction,
  series: Series,
  {
    until,
    calibrated = forecast,
    signal,
  }: { until: number; calibrated?: ForecastFunction; signal?: AbortSignal },
): Promise<ForecastFunction> {
  const { spread, atLeast } = trainStudySpread(series, until);
  const around = (point: ForecastFunction) => withSpread(point, spread, { atLeast });
  const calibration = await backtestStudy(around(calibrated), series, {
    from: until - STUDY_TRAINING.validationDays * DAY,
    to: until,
    signal,
  });
  return adaptiveConformal(around(forecast), {
    levels: STUDY_LEVELS,
    method: 'scaled',
    every: DAY,
    calibration,
  });
}
