import { createRandom, createSeries, DAY, type Forecast, type ForecastFunction, HOUR } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import {
  type BacktestResult,
  backtest,
  bandOf,
  type ConformalOptions,
  conformal,
  conformalQuantile,
  fewestScores,
  fitConformal,
  persistence,
  scoreProbabilistic,
  withSpread,
} from '../../src/index.ts';

/** A backtest of one target with `horizon` steps a day, of forecasts with `levels` and what came. */
function resultOf(
  levels: number[],
  horizon: number,
  rows: { quantiles: number[]; y: number }[],
): BacktestResult {
  const days = rows.length / horizon;
  const median = levels.indexOf(0.5);
  const origins = Array.from({ length: days }, (_, day) => day * DAY);
  return {
    targets: [{ name: 'a', unit: 'm' }],
    horizon,
    step: DAY / horizon,
    origins,
    firstTimes: origins,
    forecast: Float32Array.from(rows, ({ quantiles }) => quantiles[median]!),
    levels,
    quantiles: Float32Array.from(rows.flatMap(({ quantiles }) => quantiles)),
    observed: Float32Array.from(rows, ({ y }) => y),
    skipped: [],
  };
}

/** A forecast function that always says the same, `[levels, horizon]`. */
function saying(levels: number[], values: number[][]): ForecastFunction {
  return (_, origin): Forecast => ({
    origin,
    firstTime: origin,
    step: DAY / values[0]!.length,
    channels: [{ name: 'a', unit: 'm' }],
    levels,
    values: Float32Array.from(values.flat()),
  });
}

const nothing = createSeries({
  start: 0,
  step: DAY,
  shape: [1],
  channels: [{ name: 'a', unit: 'm' }],
  values: new Float32Array(1),
});

describe('conformalQuantile', () => {
  it('is the ⌈(n + 1)·coverage⌉-th smallest, and infinite beyond n', () => {
    const scores = [5, 1, 4, 2, 3, 9, 8, 7, 6];
    expect(conformalQuantile(scores, 0.9)).toBe(9);
    expect(conformalQuantile(scores, 0.8)).toBe(8);
    expect(conformalQuantile(scores, 0.81)).toBe(9);
    expect(conformalQuantile(scores, 0.91)).toBe(Number.POSITIVE_INFINITY);
    expect(conformalQuantile(scores, 0)).toBe(Number.NEGATIVE_INFINITY);
    expect([fewestScores(0.9), fewestScores(0.8), fewestScores(0.95), fewestScores(0.5)]).toEqual([
      9, 4, 19, 1,
    ]);
    expect(() => conformalQuantile([1, Number.NaN], 0.5)).toThrow('got NaN');
  });

  it('covers an exchangeable score with its nominal probability: 4000 repetitions within 4 standard errors', () => {
    // The coverage of one calibration of n follows Beta(k, n + 1 − k), k = ⌈(n + 1)·0.9⌉: mean 0.9 for n = 49.
    const random = createRandom(1);
    const [n, coverage, repetitions] = [49, 0.9, 4000];
    let sum = 0;
    let squares = 0;
    for (let repetition = 0; repetition < repetitions; repetition++) {
      const threshold = conformalQuantile(
        Float64Array.from({ length: n }, () => random.uniform()),
        coverage,
      );
      // Uniform scores: the threshold is the coverage itself.
      sum += threshold;
      squares += threshold ** 2;
    }
    const mean = sum / repetitions;
    const variance = squares / repetitions - mean ** 2;
    const expected = (45 * 5) / (50 ** 2 * 51);
    expect(Math.abs(mean - 0.9)).toBeLessThan(4 * Math.sqrt(expected / repetitions));
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.1);
  });
});

describe('fitConformal', () => {
  const residuals = [3, -1, 2, -4, 5, 7, -6, 8, -9];
  const point = resultOf(
    [0.5],
    1,
    residuals.map((residual) => ({ quantiles: [10], y: 10 + residual })),
  );

  it('makes bands of absolute residuals around a point forecast', async () => {
    const bands = fitConformal(point, { levels: [0.05, 0.25, 0.75, 0.95] });
    const { levels, values } = await conformal(saying([0.5], [[20]]), bands)(nothing, 0);
    expect(levels).toEqual([0.05, 0.25, 0.5, 0.75, 0.95]);
    expect(Array.from(values)).toEqual([11, 15, 20, 25, 29]);
  });

  it('calibrates the ends apart by signed residuals', async () => {
    const bands = fitConformal(point, { levels: [0.25, 0.75], tails: 'apart' });
    const { values } = await conformal(saying([0.5], [[20]]), bands)(nothing, 0);
    // Rank ⌈10 · 0.75⌉ = 8 of −residual and of residual.
    expect(Array.from(values)).toEqual([20 - 6, 20, 20 + 7]);
  });

  it('moves the quantiles of a forecast out, or in, by what they were missed by', async () => {
    // Ends 8 and 12: scores max(8 − y, y − 12) = |residual| − 2.
    const rows = (scale: number) =>
      residuals.map((residual) => ({ quantiles: [8, 10, 12], y: 10 + scale * residual }));
    const wide = fitConformal(resultOf([0.05, 0.5, 0.95], 1, rows(1)), { levels: [0.05, 0.95] });
    const out = await conformal(saying([0.05, 0.5, 0.95], [[17], [20], [21]]), wide)(nothing, 0);
    expect(Array.from(out.values)).toEqual([17 - 7, 20, 21 + 7]);
    const narrow = fitConformal(resultOf([0.05, 0.5, 0.95], 1, rows(1 / 9)), { levels: [0.05, 0.95] });
    const inwards = await conformal(saying([0.05, 0.5, 0.95], [[17], [20], [22]]), narrow)(nothing, 0);
    expect(Array.from(inwards.values)).toEqual([18, 20, 21]);
  });

  it('stretches the band of a forecast, each side by its own width', async () => {
    const rows = residuals.map((residual) => ({ quantiles: [8, 10, 12], y: 10 + residual }));
    const bands = fitConformal(resultOf([0.25, 0.5, 0.75], 1, rows), {
      levels: [0.05, 0.95],
      method: 'scaled',
    });
    const { values } = await conformal(saying([0.25, 0.5, 0.75], [[19], [20], [24]]), bands)(nothing, 0);
    expect(Array.from(values)).toEqual([20 - 4.5, 20, 20 + 4 * 4.5]);
  });

  it('keeps a wider band around a narrower one, whatever was calibrated', async () => {
    const levels = [0.1, 0.25, 0.5, 0.75, 0.9];
    // The inner band of the forecast is far too narrow, the outer one far too wide.
    const rows = residuals.map((residual) => ({ quantiles: [-90, 9.9, 10, 10.1, 110], y: 10 + residual }));
    const bands = fitConformal(resultOf(levels, 1, rows), { levels });
    const { values } = await conformal(saying(levels, [[0], [9], [10], [11], [20]]), bands)(nothing, 0);
    expect([...values].sort((a, b) => a - b)).toEqual(Array.from(values));
  });

  it('calibrates each step of the horizon, or each hour, on its own', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ quantiles: [0], y: i % 2 === 0 ? 1 : 5 }));
    const wanted = { levels: [0.1, 0.9] };
    for (const groupBy of ['step', 'hour'] as const) {
      const bands = fitConformal(resultOf([0.5], 2, rows), { ...wanted, groupBy });
      expect(bands.groups.map(({ group, n }) => [group, n])).toEqual([
        [0, 20],
        [groupBy === 'step' ? 1 : 12, 20],
      ]);
      const { values } = await conformal(saying([0.5], [[0, 0]]), bands)(nothing, 0);
      expect(Array.from(values)).toEqual([-1, -5, 0, 0, 1, 5]);
    }
    const all = fitConformal(resultOf([0.5], 2, rows), { ...wanted, groupBy: 'all' });
    expect(all.groups).toHaveLength(1);
    // Bands for all steps at once serve any number of them; those of two steps have none for a third.
    expect((await conformal(saying([0.5], [[0, 0, 0]]), all)(nothing, 0)).values).toHaveLength(9);
    const two = fitConformal(resultOf([0.5], 2, rows), wanted);
    await expect(conformal(saying([0.5], [[0, 0, 0]]), two)(nothing, 0)).rejects.toThrow(
      'expected bands for step 2 of a, but the calibration had none',
    );
  });

  it('leaves out missing observations and is plain JSON', async () => {
    const missing = [...residuals, Number.NaN].map((residual) => ({ quantiles: [10], y: 10 + residual }));
    const bands = fitConformal(resultOf([0.5], 1, missing), { levels: [0.05, 0.95] });
    expect(bands.groups[0]!.n).toBe(9);
    const again = JSON.parse(JSON.stringify(bands));
    const answer = (of: typeof bands) => conformal(saying([0.5], [[20]]), of)(nothing, 0);
    expect(await answer(again)).toEqual(await answer(bands));
  });

  it('refuses what cannot be calibrated', async () => {
    const fit = (options: ConformalOptions, result = point) => fitConformal(result, options);
    expect(() => fit({ levels: [0.01, 0.99] })).toThrow(
      'needs at least 49 observations for step 0 of a, got 9',
    );
    expect(() => fit({ levels: [0.1, 0.8] })).toThrow('levels must be pairs');
    expect(() => fit({ method: 'quantile' })).toThrow('needs a forecast with the levels of a band of 0.5');
    expect(() => fit({ method: 'median' as 'scaled' })).toThrow('method must be one of residual');
    expect(() => fit({}, resultOf([0.5], 1, []))).toThrow('with observations, got none');
    const flat = residuals.map((residual) => ({ quantiles: [10, 10, 10], y: 10 + residual }));
    expect(() => fit({ method: 'scaled' }, resultOf([0.25, 0.5, 0.75], 1, flat))).toThrow(
      'has no width too often',
    );
    const bands = fit({ levels: [0.05, 0.95] });
    await expect(conformal(saying([0.25, 0.5, 0.75], [[1], [2], [3]]), bands)(nothing, 0)).rejects.toThrow(
      'at the levels 0.5, as in the calibration, got a at the levels 0.25, 0.5, 0.75',
    );
  });

  it('covers coming days of an exchangeable series: 300 repetitions within 4 standard errors, for every method', async () => {
    const repetitions = 300;
    const [n, test] = [39, 50];
    const random = createRandom(7);
    // Errors whose size changes from day to day, and quantiles that know of it but are far too narrow.
    const draw = () => {
      const size = 1 + 4 * random.uniform();
      return { quantiles: [-size, 0, size], y: 3 * size * random.normal() };
    };
    for (const options of [
      { method: 'residual' },
      { method: 'quantile' },
      { method: 'scaled' },
      { method: 'scaled', tails: 'apart' },
    ] as const) {
      let sum = 0;
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const bands = fitConformal(resultOf([0.05, 0.5, 0.95], 1, Array.from({ length: n }, draw)), {
          ...options,
          levels: [0.05, 0.95],
        });
        for (let i = 0; i < test; i++) {
          const { quantiles, y } = draw();
          const { values } = await conformal(
            saying(
              [0.05, 0.5, 0.95],
              quantiles.map((value) => [value]),
            ),
            bands,
          )(nothing, 0);
          if (y >= values[0]! && y <= values[2]!) sum += 1 / test;
        }
      }
      // The share covered in one repetition is beta-binomial with a = 36, b = 4: n + 1 = 40 ranks, ⌈40 · 0.9⌉ = 36.
      const variance = ((36 * 4) / 40 ** 2) * ((40 + test) / (test * 41));
      const error = Math.abs(sum / repetitions - 0.9);
      expect(error, JSON.stringify(options)).toBeLessThan(4 * Math.sqrt(variance / repetitions));
    }
  });
});

describe('withSpread', () => {
  it('puts the spread around the median, not below its floor', async () => {
    const both = withSpread(saying([0.5], [[10, 20]]), saying([0.5], [[3, -1]]), { atLeast: 0.5 });
    const { levels, values } = await both(nothing, 0);
    expect(levels).toEqual([0.25, 0.5, 0.75]);
    expect(Array.from(values)).toEqual([7, 19.5, 10, 20, 13, 20.5]);
  });

  it('refuses a spread of something else', async () => {
    const other = withSpread(saying([0.5], [[10, 20]]), saying([0.5], [[3]]));
    await expect(other(nothing, 0)).rejects.toThrow('must be about the steps of the forecast');
    expect(() => withSpread(saying([0.5], [[1]]), saying([0.5], [[1]]), { atLeast: -1 })).toThrow(
      '0 or more',
    );
  });
});

describe('bands through a backtest', () => {
  it('hold 90 % of a stationary series, within 4 standard errors of calibration and test', async () => {
    const random = createRandom(3);
    const days = 800;
    const series = createSeries({
      start: 0,
      step: 12 * HOUR,
      shape: [1],
      channels: [{ name: 'a', unit: 'm' }],
      values: Float32Array.from({ length: 2 * days }, (_, i) => (i % 2 === 0 ? 1 : 3) * random.normal()),
    });
    const what = { targets: ['a'], horizon: 2, issueDelay: 12 * HOUR };
    const run = (forecast: ForecastFunction, from: number, to: number) =>
      backtest(forecast, series, { ...what, from: from * DAY, to: to * DAY, every: DAY });
    const base = persistence(what);
    const bands = fitConformal(await run(base, 1, 400), { levels: [0.05, 0.95] });
    const [scores] = scoreProbabilistic(await run(conformal(base, bands), 400, days));
    for (const step of scores!.steps) {
      const error = 4 * Math.sqrt(2 * 0.9 * 0.1 * (1 / 399 + 1 / 400));
      expect(Math.abs(bandOf(step, 0.9).coverage - 0.9)).toBeLessThan(error);
    }
    expect(bandOf(scores!.steps[1]!, 0.9).width).toBeGreaterThan(2.5 * bandOf(scores!.steps[0]!, 0.9).width);
  });
});
