import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bias, mae, r2, rmse, scorePairs, skillScore } from '../src/metrics.ts';

describe('scorePairs', () => {
  it('gives the scores of a case worked out by hand', () => {
    // errors 1, −1, 2, 0; observed 1, 3, 2, 6 with mean 3 and spread 4 + 0 + 1 + 9 = 14
    const scores = scorePairs([2, 2, 4, 6], [1, 3, 2, 6]);
    expect(scores).toEqual({ n: 4, missing: 0, rmse: Math.sqrt(1.5), mae: 1, bias: 0.5, r2: 1 - 6 / 14 });
  });

  it('leaves out and counts pairs with a missing side, on either side', () => {
    const scores = scorePairs([2, Number.NaN, 2, 4, 6, 9], [1, 1, 3, 2, 6, Number.NaN]);
    expect(scores).toEqual({ ...scorePairs([2, 2, 4, 6], [1, 3, 2, 6]), missing: 2 });
  });

  it('is NaN, with n 0, where no pair is left', () => {
    const scores = scorePairs([Number.NaN], [1]);
    expect(scores.n).toBe(0);
    expect([scores.rmse, scores.mae, scores.bias, scores.r2]).toEqual(Array(4).fill(Number.NaN));
  });

  it('sums in float64 also when given float32 arrays', () => {
    const count = 1_000_003;
    const forecast = new Float32Array(count).fill(0.1);
    const observed = new Float32Array(count);
    expect(Math.abs(rmse(forecast, observed) - Math.fround(0.1))).toBeLessThan(1e-10);
  });

  it('refuses arrays of different length', () => {
    expect(() => scorePairs([1, 2], [1])).toThrow('must be equally long, got 2 and 1');
  });

  // Float32, as series hold: the square of a smaller difference would vanish in float64.
  const value = fc.float({ min: -1000, max: 1000, noNaN: true });
  const pairs = fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 30 });

  it('keeps |bias| ≤ MAE ≤ RMSE, and RMSE² = bias² + variance of the errors', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const forecast = rows.map((row) => row[0]);
        const observed = rows.map((row) => row[1]);
        const s = scorePairs(forecast, observed);
        const variance = rows.reduce((sum, [f, o]) => sum + (f - o - s.bias) ** 2, 0) / rows.length;
        expect(Math.abs(s.bias)).toBeLessThanOrEqual(s.mae * (1 + 1e-12));
        expect(s.mae).toBeLessThanOrEqual(s.rmse * (1 + 1e-12));
        expect(Math.abs(s.rmse ** 2 - s.bias ** 2 - variance)).toBeLessThan(1e-9 * (1 + s.rmse ** 2));
      }),
    );
  });

  it('is the same whatever the order of the pairs', () => {
    fc.assert(
      fc.property(pairs, (rows) => {
        const back = [...rows].reverse();
        const a = scorePairs(...split(rows));
        const b = scorePairs(...split(back));
        expect(b.rmse).toBeCloseTo(a.rmse, 8);
        expect(b.bias).toBeCloseTo(a.bias, 8);
      }),
    );
  });

  it('agrees with its single scores', () => {
    const f = [1, 2, 4];
    const o = [0, 2, 3];
    const all = scorePairs(f, o);
    expect([rmse(f, o), mae(f, o), bias(f, o), r2(f, o)]).toEqual([all.rmse, all.mae, all.bias, all.r2]);
  });
});

describe('r2', () => {
  it('is 0 for the mean of the observations and NaN where they are all equal', () => {
    expect(r2([2, 2, 2], [1, 2, 3])).toBe(0);
    expect(r2([1, 2], [3, 3])).toBeNaN();
    // The sum of three 0.1 is not 3 · 0.1 in float64.
    expect(r2([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])).toBeNaN();
  });
});

describe('skillScore', () => {
  it('is 1, 0 and negative for perfect, equal and worse', () => {
    expect(skillScore(0, 2)).toBe(1);
    expect(skillScore(2, 2)).toBe(0);
    expect(skillScore(4, 2)).toBe(-3);
    expect(skillScore(1, 0)).toBeNaN();
  });
});

function split(rows: [number, number][]): [number[], number[]] {
  return [rows.map((row) => row[0]), rows.map((row) => row[1])];
}
