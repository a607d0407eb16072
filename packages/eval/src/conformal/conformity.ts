// What conformal methods have in common: how badly a forecast missed, as a score, and which band a score stands for.

import { levelPairs } from '../probabilistic/quantile-scores.ts';

/** How far an observation lies from a forecast. */
export const conformalMethods = ['residual', 'quantile', 'scaled'] as const;

/**
 * - `'residual'`: |y − median|, in the unit of the target. Bands of one width (Lei et al. 2018).
 * - `'quantile'`: max(lower − y, y − upper) of the forecast's own band, which is then moved out, or in, by as much:
 *   conformalised quantile regression (Romano, Patterson and Candès 2019).
 * - `'scaled'`: the distance from the median over that of the forecast's own band on the same side, which is then
 *   stretched: normalised residuals (Lei et al. 2018; Kivaranovic, Johnson and Leeb 2020).
 */
export type ConformalMethod = (typeof conformalMethods)[number];

/** What bands to make of a forecast, and how. */
export interface ConformalOptions {
  /**
   * The levels wanted: pairs of τ and 1 − τ, each a band of coverage 1 − 2τ. 0.5, the median of the forecast as it is, is
   * always among them. Default 0.05, 0.25, 0.5, 0.75, 0.95.
   */
  levels?: readonly number[];
  /** Default `'residual'` for point forecasts, else `'quantile'`. */
  method?: ConformalMethod;
  /** `'apart'` calibrates both ends of a band on their own, α/2 each: for skewed errors. Default `'together'`. */
  tails?: 'together' | 'apart';
  /** What is calibrated on its own: every step of the horizon (default), every UTC hour, or all at once. */
  groupBy?: 'step' | 'hour' | 'all';
}

/** Scores of one kind: from which of the forecast's quantiles, and on which side of them. */
interface ScoreKind {
  side: 'both' | 'below' | 'above';
  /** Positions of the lower and the upper end among the forecast's levels. */
  low: number;
  high: number;
}

/** A band to make. */
interface WantedBand {
  /** Positions of its ends among the wanted levels. */
  low: number;
  high: number;
  /** Which kind of score decides its lower and its upper end: the same if tails are calibrated together. */
  lowerKind: number;
  upperKind: number;
  /** The share that may miss each of these ends, or both together. */
  alpha: number;
}

/** {@link ConformalOptions} made up for forecasts of certain levels. */
export interface Conformity {
  method: ConformalMethod;
  tails: 'together' | 'apart';
  groupBy: 'step' | 'hour' | 'all';
  /** Levels of the forecast, and position of its median. */
  base: readonly number[];
  middle: number;
  /** Levels of the result, and position of the median. */
  levels: readonly number[];
  median: number;
  kinds: readonly ScoreKind[];
  /** The narrowest band first. */
  bands: readonly WantedBand[];
}

/** @throws if levels are no pairs, or the forecast has not the levels that the method needs. */
export function createConformity(
  what: string,
  base: readonly number[],
  options: ConformalOptions,
): Conformity {
  const { tails = 'together', groupBy = 'step' } = options;
  const method = options.method ?? (base.length > 1 ? 'quantile' : 'residual');
  oneOf(what, 'method', conformalMethods, method);
  oneOf(what, 'tails', ['together', 'apart'], tails);
  oneOf(what, 'groupBy', ['step', 'hour', 'all'], groupBy);
  const levels = [...new Set([...(options.levels ?? [0.05, 0.25, 0.75, 0.95]), 0.5])].sort((a, b) => a - b);
  const pairs = levelPairs(levels);
  if (pairs.length === 0 || 2 * pairs.length + 1 !== levels.length || !(levels[0]! > 0)) {
    throw new Error(
      `${what}: levels must be pairs of τ and 1 − τ between 0 and 1, got ${options.levels?.join(', ')}.`,
    );
  }
  const own = levelPairs(base);
  const kinds: ScoreKind[] = [];
  const kindOf = (wanted: ScoreKind) => {
    const found = kinds.findIndex(
      ({ side, low, high }) => side === wanted.side && low === wanted.low && high === wanted.high,
    );
    return found >= 0 ? found : kinds.push(wanted) - 1;
  };
  const middle = base.indexOf(0.5);
  const bands = pairs.reverse().map(({ low, high, nominal }): WantedBand => {
    const ends = endsOf(what, method, { base, own, middle, nominal });
    const kind = (side: ScoreKind['side']) => kindOf({ side, ...ends });
    if (tails === 'together') {
      const both = kind('both');
      return { low, high, lowerKind: both, upperKind: both, alpha: 1 - nominal };
    }
    return { low, high, lowerKind: kind('below'), upperKind: kind('above'), alpha: (1 - nominal) / 2 };
  });
  return { method, tails, groupBy, base, middle, levels, median: levels.indexOf(0.5), kinds, bands };
}

/** The score of `y` under a forecast whose quantiles stand at `at`, `at + stride` … of `values`; NaN where one is missing. */
export function scoreOf(
  { method, middle }: Conformity,
  { side, low, high }: ScoreKind,
  y: number,
  values: ArrayLike<number>,
  at: number,
  stride: number,
): number {
  const center = values[at + middle * stride]!;
  const lower = values[at + low * stride]!;
  const upper = values[at + high * stride]!;
  const below = method === 'scaled' ? ratio(center - y, center - lower) : lower - y;
  const above = method === 'scaled' ? ratio(y - center, upper - center) : y - upper;
  if (side === 'both') return Math.max(below, above);
  return side === 'below' ? below : above;
}

/**
 * The values at the wanted levels, from the forecast's and the thresholds of every band's two ends. Each band holds the
 * next narrower one and the median: it is widened where it would not, which costs no coverage.
 */
export function bandValues(
  { method, middle, levels, median, kinds, bands }: Conformity,
  thresholds: readonly { lower: number; upper: number }[],
  values: ArrayLike<number>,
  at: number,
  stride: number,
): Float64Array {
  const result = new Float64Array(levels.length);
  const center = values[at + middle * stride]!;
  result[median] = center;
  let [inLow, inHigh] = [center, center];
  for (const [b, { low, high, lowerKind, upperKind }] of bands.entries()) {
    const lower = values[at + kinds[lowerKind]!.low * stride]!;
    const upper = values[at + kinds[upperKind]!.high * stride]!;
    const out = thresholds[b]!;
    inLow = Math.min(inLow, method === 'scaled' ? center - out.lower * (center - lower) : lower - out.lower);
    inHigh = Math.max(
      inHigh,
      method === 'scaled' ? center + out.upper * (upper - center) : upper + out.upper,
    );
    result[low] = inLow;
    result[high] = inHigh;
  }
  return result;
}

/** Which group the step `step` at `time` [ms] belongs to. */
export function groupOf({ groupBy }: Conformity, time: number, step: number): number {
  if (groupBy === 'all') return 0;
  return groupBy === 'step' ? step : new Date(time).getUTCHours();
}

/** The forecast's own ends that a band is measured by. */
function endsOf(
  what: string,
  method: ConformalMethod,
  {
    base,
    own,
    middle,
    nominal,
  }: { base: readonly number[]; own: ReturnType<typeof levelPairs>; middle: number; nominal: number },
): { low: number; high: number } {
  if (method === 'residual') return { low: middle, high: middle };
  const same = own.find((pair) => Math.abs(pair.nominal - nominal) < 1e-9);
  if (same) return { low: same.low, high: same.high };
  // To stretch a band, any will do.
  if (method === 'scaled' && own[0]) return { low: own[0].low, high: own[0].high };
  const need = method === 'scaled' ? 'two levels τ and 1 − τ' : `the levels of a band of ${nominal}`;
  throw new Error(
    `${what}: the method '${method}' needs a forecast with ${need}, got the levels ${base.join(', ')}. ` +
      "Use the method 'residual', or a forecast with quantiles.",
  );
}

/** a / b for b ≥ 0, where a band without width is missed by infinitely much. */
function ratio(a: number, b: number): number {
  if (b > 0) return a / b;
  return a === 0 || Number.isNaN(a) || Number.isNaN(b) ? a + 0 * b : a * Number.POSITIVE_INFINITY;
}

function oneOf(what: string, name: string, values: readonly string[], value: string): void {
  if (!values.includes(value)) {
    throw new Error(`${what}: ${name} must be one of ${values.join(', ')}, got '${value}'.`);
  }
}
