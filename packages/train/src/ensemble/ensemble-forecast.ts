// What an ensemble says: the mixture of what its members say, and how much of its spread is noise in the data and how
// much the members' disagreement.

import type { Forecast, ForecastFunction, Series, WindowSamples } from '@tidecast/data';
import { type Distributions, mixture, point, splitVariance, type VarianceParts } from '@tidecast/eval';
import type { PredictOptions } from '../fit/evaluate.ts';
import {
  distributionsAt,
  distributionsOf,
  type ForecastOptions,
  type ForecastTimes,
  forecastsFrom,
  timesOf,
} from '../forecaster/forecast.ts';
import type { Ensemble } from './ensemble.ts';

/** What an ensemble says about N values, in the unit of the series. */
export interface EnsembleDistributions {
  /** A draw from a member taken at random. Its mean is the mean of the members. */
  mixture: Distributions;
  /** What each member says. */
  members: readonly Distributions[];
  /** Mean and variance of the mixture, the latter split into noise and disagreement (law of total variance). */
  variance: VarianceParts;
}

/**
 * What the ensemble says about every target of many windows: one distribution for each value, row-major
 * `[windows, horizon, K]`. Members trained on a point loss are points: their variance is all disagreement.
 * @throws as `distributionsOf` does.
 */
export async function ensembleDistributions(
  ensemble: Ensemble,
  samples: WindowSamples,
  options: PredictOptions = {},
): Promise<EnsembleDistributions> {
  const members: Distributions[] = [];
  for (const member of ensemble.members) members.push(await distributionsOf(member, samples, options));
  return together(members);
}

/**
 * What the ensemble says at `origin` [ms] about the time from `firstTime` [ms] on: one distribution for each value,
 * row-major `[horizon, K]`.
 * @throws as `forecast` does.
 */
export async function ensembleDistributionsAt(
  ensemble: Ensemble,
  history: Series,
  origin: number,
): Promise<EnsembleDistributions & { firstTime: number }> {
  const members: Distributions[] = [];
  let firstTime = Number.NaN;
  for (const member of ensemble.members) {
    const said = await distributionsAt(member, history, origin);
    members.push(said.distributions);
    firstTime = said.firstTime;
  }
  return { firstTime, ...together(members) };
}

/**
 * The forecast of an ensemble issued at `origin` [ms]: the quantiles of the mixture, and its mean. Where members are
 * trained on a point loss the forecast is a point as well, the mean of theirs: what they do not agree on is not all that
 * may happen, so no band is made of it.
 * @throws as `forecast` does.
 */
export async function forecastEnsemble(
  ensemble: Ensemble,
  history: Series,
  origin: number,
  options: ForecastOptions = {},
): Promise<Forecast> {
  const { firstTime, ...said } = await ensembleDistributionsAt(ensemble, history, origin);
  return forecasts(ensemble, said, [{ origin, firstTime }], options)[0]!;
}

/** An ensemble as the function that a backtest scores. */
export function asEnsembleForecastFunction(
  ensemble: Ensemble,
  options: ForecastOptions = {},
): ForecastFunction {
  return (history, origin) => forecastEnsemble(ensemble, history, origin, options);
}

/**
 * The forecasts of an ensemble at the origins of many windows, run in batches.
 * @throws as `forecastMany` does.
 */
export async function forecastEnsembleMany(
  ensemble: Ensemble,
  samples: WindowSamples,
  options: PredictOptions & ForecastOptions = {},
): Promise<Forecast[]> {
  if (samples.count === 0) return [];
  const said = await ensembleDistributions(ensemble, samples, options);
  return forecasts(ensemble, said, timesOf(ensemble.members[0]!, samples), options);
}

function together(members: readonly Distributions[]): EnsembleDistributions {
  return { mixture: mixture(members), members, variance: splitVariance(members) };
}

function forecasts(
  { members: [first] }: Ensemble,
  { mixture, variance }: EnsembleDistributions,
  times: readonly ForecastTimes[],
  options: ForecastOptions,
): Forecast[] {
  return forecastsFrom(first!, first!.loss ? mixture : point(variance.mean), times, options);
}
