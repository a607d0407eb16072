import { createRandom } from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Initializer, initialize } from '../src/index.ts';
import { randomOrthogonal } from '../src/orthogonal.ts';

const draw = (init: Initializer | Initializer[], shape: number[], seed = 1) =>
  initialize(init, shape, { seed, name: '0.dense.kernel' });

function moments(values: ArrayLike<number>) {
  const list = Array.from(values);
  const mean = list.reduce((sum, value) => sum + value, 0) / list.length;
  const variance = list.reduce((sum, value) => sum + (value - mean) ** 2, 0) / list.length;
  return { mean, variance, largest: Math.max(...list.map(Math.abs)) };
}

describe('variance of 40,000 values within 4 standard errors of the formula, mean within 4 of 0', () => {
  const [rows, columns] = [100, 400];
  const count = rows * columns;
  // Kurtosis decides how well a variance is known: 9/5 uniform, 3 normal, 2.2 or so for a normal cut at 2σ.
  const cases: { init: Initializer; variance: number; kurtosis: number; bound?: number }[] = [
    { init: 'glorotUniform', variance: 2 / 500, kurtosis: 1.8, bound: Math.sqrt(6 / 500) },
    { init: 'glorotNormal', variance: 2 / 500, kurtosis: 3, bound: (2 * Math.sqrt(2 / 500)) / 0.8796 },
    { init: 'heUniform', variance: 2 / 100, kurtosis: 1.8, bound: Math.sqrt(6 / 100) },
    { init: 'heNormal', variance: 2 / 100, kurtosis: 3, bound: (2 * Math.sqrt(2 / 100)) / 0.8796 },
    { init: { type: 'normal', sigma: 0.3 }, variance: 0.09, kurtosis: 3 },
    { init: { type: 'uniform', limit: 0.3 }, variance: 0.03, kurtosis: 1.8, bound: 0.3 },
  ];
  it.each(cases)('$init', ({ init, variance, kurtosis, bound }) => {
    const got = moments(draw(init, [rows, columns]));
    const standardError = variance * Math.sqrt((kurtosis - 1) / count);
    expect(Math.abs(got.variance - variance)).toBeLessThan(4 * standardError);
    expect(Math.abs(got.mean)).toBeLessThan(4 * Math.sqrt(variance / count));
    if (bound === undefined) expect(got.largest).toBeGreaterThan(3.5 * Math.sqrt(variance));
    else {
      expect(got.largest).toBeLessThanOrEqual(bound * 1.0001);
      expect(got.largest).toBeGreaterThan(bound * 0.99);
    }
  });

  it('takes size·in and size·out as the fans of a convolution kernel', () => {
    const { variance } = moments(draw('glorotUniform', [4, 50, 200]));
    const expected = 2 / (4 * 50 + 4 * 200);
    expect(Math.abs(variance - expected)).toBeLessThan(4 * expected * Math.sqrt(0.8 / 40_000));
  });

  it('takes each gate as a matrix of its own', () => {
    const { variance } = moments(draw(new Array(4).fill('glorotUniform'), [100, 400]));
    const expected = 2 / 200;
    expect(Math.abs(variance - expected)).toBeLessThan(4 * expected * Math.sqrt(0.8 / 40_000));
  });
});

describe('orthogonal', () => {
  it('has orthonormal rows or columns, whichever are fewer, to 1e-6', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(),
        (rows, columns, seed) => {
          const values = draw('orthogonal', [rows, columns], seed);
          const at = (i: number, k: number) =>
            rows <= columns ? values[i * columns + k]! : values[k * columns + i]!;
          const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
          for (let i = 0; i < count; i++) {
            for (let j = 0; j <= i; j++) {
              let dot = 0;
              for (let k = 0; k < length; k++) dot += at(i, k) * at(j, k);
              expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThanOrEqual(1e-6);
            }
          }
        },
      ),
      { numRuns: 40, seed: 3 },
    );
  });

  it('is orthonormal to 1e-14 before rounding to float32, also where the drawn vectors nearly depend on each other', () => {
    for (let seed = 0; seed < 20; seed++) {
      const size = 60;
      const values = randomOrthogonal(size, size, createRandom(seed));
      for (let i = 0; i < size; i++) {
        for (let j = 0; j <= i; j++) {
          let dot = 0;
          for (let k = 0; k < size; k++) dot += values[i * size + k]! * values[j * size + k]!;
          if (!(Math.abs(dot - (i === j ? 1 : 0)) <= 1e-14))
            expect.fail(`rows ${i} and ${j} of seed ${seed}: ${dot}`);
        }
      }
    }
  });

  it('favours no sign: entries of 2000 one-by-one matrices are ±1 in equal shares', () => {
    const plus = Array.from({ length: 2000 }, (_, seed) => draw('orthogonal', [1, 1], seed)[0]!);
    expect(plus.every((value) => Math.abs(value) === 1)).toBe(true);
    expect(Math.abs(plus.filter((value) => value > 0).length - 1000)).toBeLessThan(4 * Math.sqrt(500));
  });

  it('makes every gate of a recurrent kernel orthogonal, times its gain', () => {
    const gates = new Array(4).fill({ type: 'orthogonal', gain: 2 });
    const values = draw(gates, [5, 20]);
    for (let gate = 0; gate < 4; gate++) {
      for (let i = 0; i < 5; i++) {
        let norm = 0;
        for (let k = 0; k < 5; k++) norm += values[i * 20 + gate * 5 + k]! ** 2;
        expect(norm).toBeCloseTo(4, 5);
      }
    }
  });
});

describe('fixed values', () => {
  it('writes zeros, ones, constants and the identity', () => {
    expect([...draw('zeros', [3])]).toEqual([0, 0, 0]);
    expect([...draw({ type: 'ones' }, [3])]).toEqual([1, 1, 1]);
    expect([...draw({ type: 'constant', value: -2 }, [2])]).toEqual([-2, -2]);
    expect([...draw('identity', [2, 3])]).toEqual([1, 0, 0, 0, 1, 0]);
    expect([...draw({ type: 'identity', gain: 0.5 }, [2, 2])]).toEqual([0.5, 0, 0, 0.5]);
  });

  it('fills blocks along the last axis in order', () => {
    expect([...draw(['zeros', { type: 'constant', value: 7 }, 'ones'], [6])]).toEqual([0, 0, 7, 7, 1, 1]);
  });
});

describe('seeds', () => {
  it('gives the same values for the same seed and name, and others for another seed or name', () => {
    const one = initialize('glorotNormal', [4, 4], { seed: 5, name: '0.lstm.kernel' });
    expect(initialize('glorotNormal', [4, 4], { seed: 5, name: '0.lstm.kernel' })).toEqual(one);
    expect(initialize('glorotNormal', [4, 4], { seed: 6, name: '0.lstm.kernel' })).not.toEqual(one);
    expect(initialize('glorotNormal', [4, 4], { seed: 5, name: '1.lstm.kernel' })).not.toEqual(one);
  });

  it('refuses a matrix method for a bias', () => {
    expect(() => draw('orthogonal', [3])).toThrow(
      "0.dense.kernel: 'orthogonal' needs a matrix, got shape [3].",
    );
  });
});
