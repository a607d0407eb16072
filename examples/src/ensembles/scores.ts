// Scores of an ensemble beside those of its members taken alone.

import type { Series, WindowSamples } from '@tidecast/data';
import { type Distributions, scoreDistributions } from '@tidecast/eval';
import type { EnsembleDistributions } from '@tidecast/train';

/** Scores over some values, in the unit of the series. */
export interface Said {
  /** Of the mean. */
  rmse: number;
  crps: number;
  /** Share of the observations between the quantiles of 0.05 and 0.95. */
  coverage90: number;
}

/** What an ensemble, and each member alone, scored. */
export interface Compared {
  single: Said[];
  ensemble: Said;
}

/** Scores over the values at `rows`. */
export function scoreSaid(
  distributions: Distributions,
  observed: Float64Array,
  rows: readonly number[],
): Said {
  const some = distributions.select(rows);
  const y = Float64Array.from(rows, (i) => observed[i]!);
  const mean = some.mean();
  const squares = y.reduce((sum, value, i) => sum + (value - mean[i]!) ** 2, 0);
  const { crps, bands } = scoreDistributions(some, y, { levels: [0.05, 0.95] });
  return { rmse: Math.sqrt(squares / y.length), crps, coverage90: bands[0]!.coverage };
}

/** Scores of an ensemble and of its members over the values at `rows`. */
export function compare(
  { mixture, members }: EnsembleDistributions,
  observed: Float64Array,
  rows: readonly number[],
): Compared {
  return {
    single: members.map((member) => scoreSaid(member, observed, rows)),
    ensemble: scoreSaid(mixture, observed, rows),
  };
}

/** What the series was at every target of the windows, `[windows, horizon]`, and when; one target channel. */
export function observedAt(series: Series, { origins, spec, step }: WindowSamples, channel: number) {
  const { horizon, issueDelay = 0 } = spec;
  const size = series.shape[0]!;
  const times = Float64Array.from({ length: origins.length * horizon }, (_, i) => {
    return origins[Math.floor(i / horizon)]! - issueDelay + step * (1 + (i % horizon));
  });
  const observed = times.map((time) => series.values[((time - series.start) / step) * size + channel]!);
  return { times, observed };
}

/** Mean negative log-likelihood of Gaussian members, together and one by one; those of points are infinite. */
export function negativeLogLikelihoods(
  members: readonly Distributions[],
  observed: Float64Array,
): { single: number[]; ensemble: number } {
  const densities = members.map((member) => {
    const mean = member.mean();
    const variance = member.variance();
    return observed.map((y, i) =>
      Math.exp(-0.5 * ((y - mean[i]!) ** 2 / variance[i]! + Math.log(2 * Math.PI * variance[i]!))),
    );
  });
  const negative = (density: (i: number) => number) =>
    observed.reduce((sum, _, i) => sum - Math.log(density(i)), 0) / observed.length;
  return {
    single: densities.map((row) => negative((i) => row[i]!)),
    ensemble: negative((i) => densities.reduce((sum, row) => sum + row[i]!, 0) / members.length),
  };
}
