// Scores of forecasts on plain arrays. A pair of which one side is missing (NaN) is left out and counted,
// so that two numbers are never compared without knowing how many pairs stand behind each. A forecast of
// infinity is not missing: it makes its scores infinite.

/** Scores over the pairs of which both sides are there. All but `n` and `missing` are NaN where `n` is 0. */
export interface Scores {
  /** Pairs scored. */
  n: number;
  /** Pairs left out because the forecast, the observation or both were missing. */
  missing: number;
  /** √(Σ(f − o)² / n), in the unit of the values. */
  rmse: number;
  /** Σ|f − o| / n, in the unit of the values. */
  mae: number;
  /** Σ(f − o) / n, in the unit of the values: positive where the forecast is too high. */
  bias: number;
  /** 1 − Σ(f − o)² / Σ(o − ō)²; NaN where all observations are equal. */
  r2: number;
}

/**
 * All scores of `forecast` against `observed`, value by value, with sums in float64.
 * RMSE, MAE and bias are pooled over every pair: the RMSE is the root of one mean square.
 * @throws if the two differ in length.
 */
export function scorePairs(forecast: ArrayLike<number>, observed: ArrayLike<number>): Scores {
  const length = checkPairs(forecast, observed);
  let n = 0;
  let squares = 0;
  let absolute = 0;
  let errors = 0;
  // From the first one on, so that equal observations have exactly no spread.
  let origin = Number.NaN;
  let sum = 0;
  for (let i = 0; i < length; i++) {
    const error = forecast[i]! - observed[i]!;
    if (Number.isNaN(error)) continue;
    if (n === 0) origin = observed[i]!;
    n++;
    squares += error * error;
    absolute += Math.abs(error);
    errors += error;
    sum += observed[i]! - origin;
  }
  const mean = origin + sum / n;
  let spread = 0;
  for (let i = 0; i < length; i++) {
    if (!Number.isNaN(forecast[i]! - observed[i]!)) spread += (observed[i]! - mean) ** 2;
  }
  return {
    n,
    missing: length - n,
    rmse: Math.sqrt(squares / n),
    mae: absolute / n,
    bias: errors / n,
    r2: spread > 0 ? 1 - squares / spread : Number.NaN,
  };
}

/** Root mean square error √(Σ(f − o)² / n) over the pairs without a missing side; NaN if there is none. */
export function rmse(forecast: ArrayLike<number>, observed: ArrayLike<number>): number {
  return scorePairs(forecast, observed).rmse;
}

/** Mean absolute error Σ|f − o| / n over the pairs without a missing side; NaN if there is none. */
export function mae(forecast: ArrayLike<number>, observed: ArrayLike<number>): number {
  return scorePairs(forecast, observed).mae;
}

/** Mean error Σ(f − o) / n over the pairs without a missing side: positive where the forecast is too high. */
export function bias(forecast: ArrayLike<number>, observed: ArrayLike<number>): number {
  return scorePairs(forecast, observed).bias;
}

/** Coefficient of determination 1 − Σ(f − o)² / Σ(o − ō)²; NaN where all observations are equal. */
export function r2(forecast: ArrayLike<number>, observed: ArrayLike<number>): number {
  return scorePairs(forecast, observed).r2;
}

/**
 * Skill of a forecast over a baseline on the same pairs, 1 − (RMSE / RMSE of the baseline)²:
 * 1 is perfect, 0 as good as the baseline, negative worse. NaN where the baseline makes no error.
 * Source: Murphy 1988, Monthly Weather Review 116, 2417–2424.
 */
export function skillScore(rmse: number, baselineRmse: number): number {
  return baselineRmse > 0 ? 1 - (rmse / baselineRmse) ** 2 : Number.NaN;
}

function checkPairs(forecast: ArrayLike<number>, observed: ArrayLike<number>): number {
  if (forecast.length !== observed.length) {
    throw new Error(
      `metrics: forecast and observed must be equally long, got ${forecast.length} and ${observed.length}.`,
    );
  }
  return observed.length;
}
