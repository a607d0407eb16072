// Forecasts that learn nothing. A network that does not beat them has learnt nothing either.

import { DAY, type ForecastFunction, HistoryError } from '@tidecast/data';
import {
  type BaselineOptions,
  checkBaseline,
  describeTime,
  pointForecast,
  stepsPerPeriod,
} from './point-forecast.ts';

/**
 * Persistence: each step takes the latest value a whole number of periods earlier that was known at the
 * origin. With the default period of a day this is the same hour yesterday; a period of one step repeats
 * the last value. A missing value gives NaN.
 * @throws HistoryError from the forecast where all values are missing.
 */
export function persistence(options: BaselineOptions & { period?: number }): ForecastFunction {
  checkBaseline('persistence', options);
  return repeatPeriod('persistence', options, options.period ?? DAY);
}

/**
 * Recurrence: the same hour `days` days ago, 27 by default, one rotation of the Sun.
 * A missing value gives NaN.
 * @throws HistoryError from the forecast where all values are missing.
 */
export function recurrence(options: BaselineOptions & { days?: number }): ForecastFunction {
  checkBaseline('recurrence', options);
  return repeatPeriod('recurrence', options, checkDays('recurrence', options.days ?? 27) * DAY);
}

/**
 * Mean of the hour: each step takes the mean of the values at its hour on the last `days` days (27 by
 * default) on which it was known at the origin. Missing values are left out; fewer than `minDays` of them
 * (by default half of `days`, rounded up) give NaN.
 * @throws HistoryError from the forecast where every step has too few days.
 */
export function hourlyMean(options: BaselineOptions & { days?: number; minDays?: number }): ForecastFunction {
  checkBaseline('hourlyMean', options);
  const days = checkDays('hourlyMean', options.days ?? 27);
  const minDays = options.minDays ?? Math.ceil(days / 2);
  if (!(Number.isInteger(minDays) && minDays >= 1 && minDays <= days)) {
    throw new Error(`hourlyMean: minDays must be a whole number from 1 to ${days}, got ${minDays}.`);
  }
  return (history, origin) => {
    const steps = stepsPerPeriod('hourlyMean', DAY, history.step);
    const forecast = pointForecast('hourlyMean', history, origin, options, ({ index, lag, at }) => {
      const first = lag(steps);
      let sum = 0;
      let count = 0;
      for (let day = first; day < first + days; day++) {
        const value = at(index - day * steps);
        if (Number.isNaN(value)) continue;
        sum += value;
        count++;
      }
      return count >= minDays ? sum / count : Number.NaN;
    });
    if (forecast.values.every(Number.isNaN)) {
      throw new HistoryError(
        `hourlyMean: needs ${minDays} days with a value at each hour before ${describeTime(origin)}, ` +
          `but the history from ${describeTime(history.start)} has fewer. Start later or lower minDays.`,
      );
    }
    return forecast;
  };
}

function repeatPeriod(what: string, options: BaselineOptions, period: number): ForecastFunction {
  return (history, origin) => {
    const steps = stepsPerPeriod(what, period, history.step);
    const forecast = pointForecast(what, history, origin, options, ({ index, lag, at }) =>
      at(index - lag(steps) * steps),
    );
    if (forecast.values.every(Number.isNaN)) {
      throw new HistoryError(
        `${what}: needs values ${period / DAY} days before each step, but from ${describeTime(origin)} ` +
          `all are missing; the history begins at ${describeTime(history.start)}. Start later.`,
      );
    }
    return forecast;
  };
}

function checkDays(what: string, days: number): number {
  if (!(Number.isInteger(days) && days >= 1)) {
    throw new Error(`${what}: days must be a whole number from 1, got ${days}.`);
  }
  return days;
}
