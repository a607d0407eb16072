// Split conformal prediction: bands that hold what they promise, from how wrong a forecast was on days it had not seen.

import type { ForecastFunction } from '@tidecast/data';
import type { BacktestResult } from '../backtest.ts';
import { fewestScores, quantileOfSorted } from './conformal-quantile.ts';
import {
  bandValues,
  type ConformalOptions,
  type Conformity,
  createConformity,
  groupOf,
  scoreOf,
} from './conformity.ts';

/** Calibrated bands. Plain JSON: kept beside a forecaster, they give it the same bands again. */
export interface ConformalBands {
  options: Required<Omit<ConformalOptions, 'levels'>> & { levels: readonly number[] };
  /** Levels of the forecasts that they belong to. */
  base: readonly number[];
  targets: readonly string[];
  groups: readonly {
    target: string;
    /** The step of the horizon or the hour; 0 where all are calibrated at once. */
    group: number;
    /** Scores that stand behind it. */
    n: number;
    /** How far the ends of each band are moved or stretched, the narrowest band first. */
    thresholds: readonly { lower: number; upper: number }[];
  }[];
}

/**
 * Calibrates bands on a backtest over days that the forecast has not learned from.
 *
 * Every threshold is the ⌈(n + 1)(1 − α)⌉-th smallest of n scores, so if those days and the coming ones are exchangeable, a
 * band of coverage 1 − α holds at least that share of what comes, for a finite n and whatever the distribution. Days of a
 * drifting series are not exchangeable: see {@link adaptiveConformal}.
 * @throws if a group has too few observations for its widest band, or the method does not fit the forecasts.
 */
export function fitConformal(calibration: BacktestResult, options: ConformalOptions = {}): ConformalBands {
  const conformity = createConformity('fitConformal', calibration.levels, options);
  const { method, tails, groupBy, levels, base, kinds, bands } = conformity;
  const scores = scoresByGroup(conformity, calibration);
  const groups = [...scores].map(([key, byKind]) => {
    const [k, group] = key.split(' ').map(Number) as [number, number];
    const target = calibration.targets[k]!.name;
    const sorted = byKind.map((values) => Float64Array.from(values).sort());
    const thresholds = bands.map(({ lowerKind, upperKind, alpha }) => ({
      lower: quantileOfSorted(sorted[lowerKind]!, 1 - alpha),
      upper: quantileOfSorted(sorted[upperKind]!, 1 - alpha),
    }));
    const n = sorted[0]!.length;
    checkFinite({ target, group, n, thresholds, conformity });
    return { target, group, n, thresholds };
  });
  if (groups.length === 0 || kinds.length === 0) {
    throw new Error('fitConformal: expected a backtest with observations, got none. Calibrate on more days.');
  }
  return {
    options: { levels, method, tails, groupBy },
    base,
    targets: calibration.targets.map(({ name }) => name),
    groups,
  };
}

/**
 * `forecast` with calibrated bands: at the levels of `bands` in place of its own. Its median stays as it is.
 * @throws from the forecast if it is not about what the bands were calibrated on.
 */
export function conformal(forecast: ForecastFunction, bands: ConformalBands): ForecastFunction {
  const conformity = createConformity('conformal', bands.base, bands.options);
  const thresholds = new Map(
    bands.groups.map(({ target, group, thresholds }) => [`${target} ${group}`, thresholds] as const),
  );
  return async (history, origin) => {
    const answer = await forecast(history, origin);
    const names = answer.channels.map(({ name }) => name);
    const width = answer.values.length / answer.levels.length;
    const [is, was] = [
      `${names.join(', ')} at the levels ${answer.levels.join(', ')}`,
      `${bands.targets.join(', ')} at the levels ${bands.base.join(', ')}`,
    ];
    if (is !== was) {
      throw new Error(`conformal: expected a forecast of ${was}, as in the calibration, got ${is}.`);
    }
    const values = new Float32Array(width * conformity.levels.length);
    for (let i = 0; i < width; i++) {
      const h = Math.floor(i / names.length);
      const group = groupOf(conformity, answer.firstTime + h * answer.step, h);
      const name = names[i % names.length]!;
      const found = thresholds.get(`${name} ${group}`);
      if (!found) {
        throw new Error(
          `conformal: expected bands for ${bands.options.groupBy} ${group} of ${name}, but the calibration had none. ` +
            "Issue at the same hour as there, or set groupBy to 'step' or 'all'.",
        );
      }
      for (const [q, value] of bandValues(conformity, found, answer.values, i, width).entries()) {
        values[q * width + i] = value;
      }
    }
    return { ...answer, levels: conformity.levels, values };
  };
}

/** Scores of every kind by target and group; the key is `target group`, as numbers. */
function scoresByGroup(conformity: Conformity, result: BacktestResult): Map<string, number[][]> {
  const { horizon, step, targets, firstTimes, levels, quantiles, observed } = result;
  const groups = new Map<string, number[][]>();
  for (let i = 0; i < observed.length; i++) {
    const k = i % targets.length;
    const pair = Math.floor(i / targets.length);
    const h = pair % horizon;
    const group = groupOf(conformity, firstTimes[Math.floor(pair / horizon)]! + h * step, h);
    const scores = conformity.kinds.map((kind) =>
      scoreOf(conformity, kind, observed[i]!, quantiles, i * levels.length, 1),
    );
    if (scores.some(Number.isNaN)) continue;
    const key = `${k} ${group}`;
    const into = groups.get(key) ?? conformity.kinds.map((): number[] => []);
    groups.set(key, into);
    for (const [s, score] of scores.entries()) into[s]!.push(score);
  }
  return groups;
}

function checkFinite(parts: {
  target: string;
  group: number;
  n: number;
  thresholds: readonly { lower: number; upper: number }[];
  conformity: Conformity;
}): void {
  const { target, group, n, thresholds, conformity } = parts;
  if (thresholds.every(({ lower, upper }) => Number.isFinite(lower) && Number.isFinite(upper))) return;
  const { alpha } = conformity.bands.at(-1)!;
  const fewest = fewestScores(1 - alpha);
  const where = conformity.groupBy === 'all' ? target : `${conformity.groupBy} ${group} of ${target}`;
  throw new Error(
    n < fewest
      ? `fitConformal: the widest band needs at least ${fewest} observations for ${where}, got ${n}. ` +
          "Calibrate on more days, or group by 'all'."
      : `fitConformal: the forecast's own band for ${where} has no width too often to be stretched. ` +
          "Use the method 'residual' or 'quantile'.",
  );
}
