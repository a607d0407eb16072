import { describe, expect, it } from 'vitest';
import { formatSeedSpread, seedSpread } from '../src/seed-spread.ts';

const results = (...values: number[]) => values.map((value, i) => ({ seed: i + 1, value }));

describe('seedSpread', () => {
  it('gives the numbers of a case worked out by hand', () => {
    // Mean 3, deviations 1 −2 2 −1: squares 10, by n − 1 = 3.
    const spread = seedSpread(results(4, 1, 5, 2));
    expect(spread).toEqual({
      n: 4,
      failed: 0,
      mean: 3,
      sd: Math.sqrt(10 / 3),
      median: 3,
      best: { seed: 2, value: 1 },
      worst: { seed: 3, value: 5 },
    });
    expect(seedSpread(results(4, 1, 5, 2), { better: 'higher' })).toEqual({
      ...spread,
      best: spread.worst,
      worst: spread.best,
    });
    expect(seedSpread(results(9, 1, 5)).median).toBe(5);
  });

  it('counts runs without a finite value, and keeps them out of the rest', () => {
    const spread = seedSpread(results(Number.NaN, 2, Number.POSITIVE_INFINITY, 4));
    expect([spread.n, spread.failed, spread.mean, spread.worst.seed]).toEqual([2, 2, 3, 4]);
    expect(seedSpread(results(Number.NaN))).toEqual({
      n: 0,
      failed: 1,
      mean: Number.NaN,
      sd: Number.NaN,
      median: Number.NaN,
      best: { seed: Number.NaN, value: Number.NaN },
      worst: { seed: Number.NaN, value: Number.NaN },
    });
  });

  it('has no spread with a single run', () => {
    expect(seedSpread(results(0.5))).toMatchObject({ n: 1, mean: 0.5, sd: 0, median: 0.5 });
  });

  it('refuses no results, and one seed twice', () => {
    expect(() => seedSpread([])).toThrow('expected at least one result, got none');
    const twice = [...results(1), ...results(2)];
    expect(() => seedSpread(twice)).toThrow('every seed must come once, got 1 twice');
  });
});

describe('formatSeedSpread', () => {
  it('says mean, spread, extremes and failures', () => {
    expect(formatSeedSpread(seedSpread(results(1, 2, 3)), { decimals: 1 })).toBe(
      '2.0 ± 1.0 (n 3, best 1.0, worst 3.0)',
    );
    expect(formatSeedSpread(seedSpread(results(1, 3, Number.NaN), { better: 'higher' }))).toBe(
      '2.000 ± 1.414 (n 2, best 3.000, worst 1.000, 1 failed)',
    );
    expect(formatSeedSpread(seedSpread(results(Number.NaN)))).toBe('no result (1 failed)');
  });
});
