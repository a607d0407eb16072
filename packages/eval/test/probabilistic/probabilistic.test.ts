import { createRandom, DAY } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import type { BacktestResult } from '../../src/backtest.ts';
import {
  bandOf,
  coverageOverTime,
  gaussian,
  pitHistogram,
  rmse,
  scoreDistributions,
  scoreForecasts,
  scoreLevels,
  scoreProbabilistic,
  scoreQuantiles,
} from '../../src/index.ts';

const nan = Number.NaN;

describe('scoreQuantiles', () => {
  const levels = [0.1, 0.5, 0.9];

  it('gives coverage, width, interval score and pinball loss worked out by hand', () => {
    // The band [0, 10] around 4 holds 2 and 10, misses −1 by 1 below and 13 by 3 above.
    const rows = [2, 10, -1, 13].flatMap(() => [0, 4, 10]);
    const scores = scoreQuantiles(levels, rows, [2, 10, -1, 13]);
    expect(scores).toMatchObject({ n: 4, missing: 0, levels });
    expect(scores.bands).toEqual([
      {
        nominal: 0.8,
        coverage: 0.5,
        below: 0.25,
        above: 0.25,
        width: 10,
        intervalScore: expect.closeTo(10 + (2 / 0.2) * ((1 + 3) / 4), 12),
      },
    ]);
    expect(scores.frequency).toEqual([0.25, 0.5, 0.75]);
    expect(scores.pinball[0]).toBeCloseTo((0.1 * 2 + 0.1 * 10 + 0.9 * 1 + 0.1 * 13) / 4, 14);
    expect(scores.pinball[1]).toBeCloseTo((0.5 * (2 + 6 + 5 + 9)) / 4, 14);
  });

  it('is the mean absolute error for the one level 0.5', () => {
    const scores = scoreQuantiles([0.5], [1, 2, 3], [2, 2, 0]);
    expect(scores.crps).toBeCloseTo(4 / 3, 14);
    expect(scores.pinball).toEqual([2 / 3]);
    expect(scores.bands).toEqual([]);
  });

  it('leaves out and counts rows with a missing side; an infinite band is not missing', () => {
    const rows = [0, 1, 2, nan, 1, 2, 0, 1, 2, Number.NEGATIVE_INFINITY, 1, Number.POSITIVE_INFINITY];
    const scores = scoreQuantiles(levels, rows, [1, 1, nan, 99]);
    expect(scores).toMatchObject({ n: 2, missing: 2 });
    expect(bandOf(scores, 0.8)).toMatchObject({ coverage: 1, width: Number.POSITIVE_INFINITY });
    expect(scores.crps).toBe(Number.POSITIVE_INFINITY);
  });

  it('puts quantiles that cross in order, all scores alike', () => {
    const scores = scoreQuantiles(levels, [2, 1.5, 1, 0, 4, 3], [1.5, 5]);
    expect(scores).toEqual(scoreQuantiles(levels, [1, 1.5, 2, 0, 3, 4], [1.5, 5]));
    expect(bandOf(scores, 0.8)).toMatchObject({ coverage: 0.5, below: 0, above: 0.5, width: 2.5 });
  });

  it('is NaN where nothing is left', () => {
    const scores = scoreQuantiles(levels, [nan, 1, 2], [1]);
    expect(scores).toMatchObject({ n: 0, missing: 1, crps: nan });
    expect(bandOf(scores, 0.8).coverage).toBeNaN();
  });

  it('refuses what does not fit', () => {
    expect(() => scoreQuantiles([0.5, 0.1], [1, 2], [1])).toThrow('must increase between 0 and 1');
    expect(() => scoreQuantiles(levels, [1, 2], [1])).toThrow(
      '3 quantiles for each of 1 observations, got 2',
    );
    expect(() => bandOf(scoreQuantiles(levels, [1, 2, 3], [1]), 0.9)).toThrow(
      'needs the levels 0.05 and 0.95',
    );
  });
});

describe('scoreDistributions of 20000 draws from the forecasts themselves', () => {
  const random = createRandom(4);
  const N = 20_000;
  const mean = Float64Array.from({ length: N }, () => 10 * random.normal());
  const deviation = Float64Array.from({ length: N }, () => 1 + random.uniform());
  const y = mean.map((m, i) => m + deviation[i]! * random.normal());
  const scores = scoreDistributions(gaussian({ mean, sd: deviation }), y);
  /** Four standard errors of a share of N. */
  const bound = (share: number) => 4 * Math.sqrt((share * (1 - share)) / N);

  it('covers what every band promises, within 4 binomial standard errors', () => {
    expect(scores.bands.map(({ nominal }) => nominal)).toEqual([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]);
    for (const { nominal, coverage } of scores.bands) {
      expect(Math.abs(coverage - nominal)).toBeLessThan(bound(nominal));
    }
  });

  it('has a reliability curve on the diagonal and a flat PIT histogram, within 4 binomial standard errors', () => {
    for (const [q, level] of scoreLevels.entries()) {
      expect(Math.abs(scores.frequency[q]! - level)).toBeLessThan(bound(level));
    }
    const bins = pitHistogram(scores);
    expect(bins).toHaveLength(20);
    for (const { share } of bins) expect(Math.abs(share - 0.05)).toBeLessThan(bound(0.05));
  });

  it('gives the CRPS of the Gaussians, σ/√π on average, and their mean deviation', () => {
    const averageDeviation = deviation.reduce((sum, value) => sum + value, 0) / N;
    expect(scores.sd).toBeCloseTo(averageDeviation, 10);
    expect(Math.abs(scores.crps / (averageDeviation / Math.sqrt(Math.PI)) - 1)).toBeLessThan(0.02);
  });

  it('sees a forecast that is too narrow as a valley, and one too low as a slope', () => {
    const narrow = scoreDistributions(gaussian({ mean, sd: deviation.map((d) => d / 2) }), y);
    const valley = pitHistogram(narrow).map(({ density }) => density);
    expect(Math.min(valley[0]!, valley[19]!)).toBeGreaterThan(2);
    expect(Math.max(...valley.slice(8, 12))).toBeLessThan(0.7);
    const low = pitHistogram(
      scoreDistributions(gaussian({ mean: mean.map((m) => m - 1), sd: deviation }), y),
    );
    expect(low[19]!.density).toBeGreaterThan(3 * low[0]!.density);
    expect(narrow.crps).toBeGreaterThan(scores.crps);
  });
});

describe('scores of a backtest with levels', () => {
  // Two targets, two steps of half a day, one origin a day; the band is median ± 1 for a and ± 10 for b.
  const days = 60;
  const observed = Float32Array.from({ length: days * 4 }, (_, i) => (i % 2 === 0 ? i % 3 : 20));
  const forecast = new Float32Array(days * 4).map((_, i) => (i % 2 === 0 ? 1 : 25));
  const result: BacktestResult = {
    targets: [
      { name: 'a', unit: 'm' },
      { name: 'b', unit: 's' },
    ],
    horizon: 2,
    step: DAY / 2,
    origins: Array.from({ length: days }, (_, day) => day * DAY),
    firstTimes: Array.from({ length: days }, (_, day) => day * DAY),
    forecast,
    levels: [0.05, 0.5, 0.95],
    quantiles: Float32Array.from(forecast, (value) => value).reduce(
      (all, value, i) => {
        const half = i % 2 === 0 ? 0.5 : 10;
        all.set([value - half, value, value + half], 3 * i);
        return all;
      },
      new Float32Array(days * 12),
    ),
    observed,
    skipped: [],
  };

  it('scores each target, pooled and for each step, and only the pairs that the filter keeps', () => {
    const [a, b] = scoreProbabilistic(result);
    expect(a).toMatchObject({ target: 'a', unit: 'm' });
    expect(bandOf(a!.pooled, 0.9).coverage).toBeCloseTo(1 / 3, 12);
    expect(bandOf(b!.pooled, 0.9)).toMatchObject({ coverage: 1, width: 20 });
    expect(a!.steps.map(({ n }) => n)).toEqual([days, days]);
    const early = scoreProbabilistic(result, { where: (time) => time < 3 * DAY })[0]!.pooled;
    expect(early.n).toBe(6);
    const pinball = a!.pooled.pinball[1]!;
    expect(2 * pinball).toBeCloseTo(scoreForecasts(result)[0]!.pooled.mae, 12);
    expect(rmse(forecast, observed)).toBeGreaterThan(0);
  });

  it('follows coverage month by month, or over stretches of any length', () => {
    const months = coverageOverTime(result, { nominal: 0.9, target: 'b' });
    expect(months.map(({ from, n }) => [from, n])).toEqual([
      [0, 62],
      [Date.UTC(1970, 1, 1), 56],
      [Date.UTC(1970, 2, 1), 2],
    ]);
    expect(months.every(({ coverage, width }) => coverage === 1 && width === 20)).toBe(true);
    const weeks = coverageOverTime(result, { nominal: 0.9, period: 7 * DAY });
    expect(weeks[1]).toMatchObject({ from: 7 * DAY, n: 14 });
    expect(() => coverageOverTime(result, { nominal: 0.9, target: 'c' })).toThrow('one of a, b');
    expect(() => coverageOverTime(result, { nominal: 0.5 })).toThrow('needs the levels 0.25 and 0.75');
  });
});
