import { createSeries, DAY, HOUR } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import type { BacktestResult } from '../src/backtest.ts';
import { compareForecasts } from '../src/compare.ts';
import { scoreForecasts } from '../src/scores.ts';
import { stormDays } from '../src/storm-days.ts';

const nan = Number.NaN;

/** Two targets, two steps of 12 h, one origin a day: rows of [step 0: a, b, step 1: a, b]. */
function result(rows: Record<number, { forecast: number[]; observed: number[] }>): BacktestResult {
  const days = Object.keys(rows).map(Number);
  return {
    targets: [
      { name: 'a', unit: 'm' },
      { name: 'b', unit: 's' },
    ],
    horizon: 2,
    step: DAY / 2,
    origins: days.map((day) => day * DAY - DAY / 2),
    firstTimes: days.map((day) => day * DAY),
    forecast: Float32Array.from(days.flatMap((day) => rows[day]!.forecast)),
    levels: [0.5],
    quantiles: Float32Array.from(days.flatMap((day) => rows[day]!.forecast)),
    observed: Float32Array.from(days.flatMap((day) => rows[day]!.observed)),
    skipped: [],
  };
}

const observed = { 1: [1, 10, 2, 20], 2: [3, 30, 4, 40], 3: [5, 50, 6, nan] };
const good = result({
  1: { forecast: [1, 10, 3, 20], observed: observed[1] },
  2: { forecast: [3, 32, 4, nan], observed: observed[2] },
  3: { forecast: [5, 50, 9, 60], observed: observed[3] },
});

describe('scoreForecasts', () => {
  it('scores each target for each step, and pooled: the root of one mean square', () => {
    const [a, b] = scoreForecasts(good);
    expect(a).toMatchObject({ target: 'a', unit: 'm' });
    expect(a!.steps.map((step) => step.rmse)).toEqual([0, Math.sqrt(10 / 3)]);
    expect(a!.pooled).toMatchObject({ n: 6, missing: 0, rmse: Math.sqrt(10 / 6), mae: 4 / 6, bias: 4 / 6 });
    expect(b!.pooled).toMatchObject({ n: 4, missing: 2, rmse: 1 });
    expect(b!.steps.map((step) => [step.n, step.missing])).toEqual([
      [3, 0],
      [1, 2],
    ]);
  });

  it('scores only the pairs that the filter keeps, by target time and origin', () => {
    const day3 = scoreForecasts(good, { where: (time) => time >= 3 * DAY });
    expect(day3[0]!.pooled).toMatchObject({ n: 2, rmse: Math.sqrt(4.5) });
    const first = scoreForecasts(good, { where: (_, origin) => origin < DAY });
    expect(first[0]!.pooled).toMatchObject({ n: 2, rmse: Math.sqrt(0.5) });
    expect(scoreForecasts(good, { where: () => false })[0]!.pooled).toMatchObject({ n: 0, rmse: nan });
  });
});

describe('compareForecasts', () => {
  const poor = result({
    2: { forecast: [4, 31, 5, 41], observed: observed[2] },
    3: { forecast: [7, nan, 8, 61], observed: observed[3] },
  });

  it('scores every model on the pairs that all of them have, and says how many each lost', () => {
    const rows = compareForecasts({ good, poor }, { baseline: 'poor' });
    expect(rows.map(({ model, target, n, dropped }) => [model, target, n, dropped])).toEqual([
      ['good', 'a', 4, 2],
      ['poor', 'a', 4, 0],
      ['good', 'b', 1, 3],
      ['poor', 'b', 1, 1],
    ]);
    expect(rows.map((row) => row.rmse)).toEqual([1.5, Math.sqrt(2.5), 2, 1]);
    expect(rows.map((row) => row.skill)).toEqual(
      [1 - 9 / 4 / 2.5, 0, -3, 0].map((v) => expect.closeTo(v, 12)),
    );
  });

  it('gives one model alone the scores of scoreForecasts', () => {
    const { n, rmse, mae, bias, r2 } = scoreForecasts(good)[0]!.pooled;
    const row = compareForecasts({ good })[0]!;
    expect(row).toEqual({
      model: 'good',
      target: 'a',
      unit: 'm',
      n,
      dropped: 0,
      rmse,
      mae,
      bias,
      r2,
      skill: nan,
    });
  });

  it('applies the filter to what is scored and to what is called dropped', () => {
    const [row] = compareForecasts({ good, poor }, { where: (time) => time < 2 * DAY });
    expect(row).toMatchObject({ n: 0, dropped: 2, rmse: nan });
  });

  it('refuses what cannot be compared', () => {
    expect(() => compareForecasts({})).toThrow('at least one model');
    expect(() => compareForecasts({ good }, { baseline: 'x' })).toThrow("must be one of good, got 'x'");
    expect(() => compareForecasts({ good, poor: { ...poor, step: DAY } })).toThrow('must forecast the same');
    const late = { ...poor, firstTimes: poor.firstTimes.map((time) => time - HOUR) };
    expect(() => compareForecasts({ good, late })).toThrow('different issueDelay');
    const other = { ...poor, observed: poor.observed.map((value) => value + 1) };
    expect(() => compareForecasts({ good, other })).toThrow('different observations');
  });
});

describe('stormDays', () => {
  it('keeps the days on which the index reaches the threshold, also as thirds in float32', () => {
    const kp = [4.667, 0, nan, 5, nan, nan, 0, 16 / 3];
    const series = createSeries({
      start: 0,
      step: DAY / 2,
      shape: [1],
      channels: [{ name: 'kp', unit: '1', interval: 3 * HOUR }],
      values: Float32Array.from(kp),
    });
    const storm = stormDays(series, { channel: 'kp', atLeast: 5 });
    const atNoon = [0, 1, 2, 3, 4].map((day) => storm(day * DAY + DAY / 2 + 1));
    expect(atNoon).toEqual([false, true, false, true, false]);
    expect(stormDays(series, { channel: 'kp', atLeast: 16 / 3 })(3 * DAY)).toBe(true);
  });
});
