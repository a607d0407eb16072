// Density-based weights against kernel densities summed one by one in float64.

import { createRandom } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { densityWeights, inverseDensityWeights } from '../../src/index.ts';

/** Many small values and a few large ones, as of storms. */
function rareValues(count: number, seed: number): Float64Array {
  const random = createRandom(seed, 'rare');
  return Float64Array.from({ length: count }, () => {
    const quiet = random.normal();
    return random.uniform() < 0.05 ? 8 + 3 * random.normal() : quiet;
  });
}

function densityOf(values: ArrayLike<number>, h: number): number[] {
  const all = Array.from(values);
  return all.map(
    (v) =>
      all.reduce((sum, other) => sum + Math.exp(-((v - other) ** 2) / (2 * h * h)), 0) /
      (all.length * h * Math.sqrt(2 * Math.PI)),
  );
}

function silverman(values: ArrayLike<number>): number {
  const sorted = Array.from(values).sort((a, b) => a - b);
  const n = sorted.length;
  const mean = sorted.reduce((sum, v) => sum + v, 0) / n;
  const sd = Math.sqrt(sorted.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (n - 1));
  const at = (share: number) => {
    const place = share * (n - 1);
    const low = Math.floor(place);
    return sorted[low]! + (place - low) * ((sorted[low + 1] ?? 0) - sorted[low]!);
  };
  return 0.9 * Math.min(sd, (at(0.75) - at(0.25)) / 1.34) * n ** -0.2;
}

describe('densityWeights', () => {
  it.each([undefined, 0.2, 1.5])(
    'agree with max(1 − α·p′, ε) / mean within 2e-3, bandwidth %s',
    (bandwidth) => {
      const values = rareValues(700, 1);
      for (const [alpha, floor] of [
        [1, 1e-6],
        [0.6, 1e-6],
        [1.8, 0.05],
      ] as const) {
        const p = densityOf(values, bandwidth ?? silverman(values));
        const [low, high] = [Math.min(...p), Math.max(...p)];
        const raw = p.map((each) => Math.max(1 - (alpha * (each - low)) / (high - low), floor));
        const mean = raw.reduce((sum, each) => sum + each, 0) / raw.length;
        const got = densityWeights(values, { bandwidth, alpha, floor });
        for (const [i, each] of raw.entries()) expect(Math.abs(got[i]! - each / mean)).toBeLessThan(2e-3);
      }
    },
  );

  it('weigh 1 on average, the rare more than the common, and all alike with α = 0', () => {
    const values = rareValues(3000, 2);
    const weights = densityWeights(values);
    expect(weights.reduce((sum, each) => sum + each, 0) / 3000).toBeCloseTo(1, 10);
    const mean = (of: (value: number) => boolean) => {
      const some = Array.from(weights).filter((_, i) => of(values[i]!));
      return some.reduce((sum, each) => sum + each, 0) / some.length;
    };
    expect(mean((value) => value > 5)).toBeGreaterThan(2 * mean((value) => Math.abs(value) < 1));
    expect(Array.from(densityWeights(values, { alpha: 0 })).every((each) => Math.abs(each - 1) < 1e-12)).toBe(
      true,
    );
  });

  it('leave out what is missing, and weigh equal values alike', () => {
    expect(Array.from(densityWeights([3, Number.NaN, 3, 3]))).toEqual([1, 0, 1, 1]);
    const values = rareValues(50, 3);
    const some = densityWeights([...values, Number.NaN]);
    expect(some.at(-1)).toBe(0);
    expect(Array.from(some.subarray(0, 50))).toEqual(Array.from(densityWeights(values)));
  });

  it('take 100,000 values with far outliers in less than 5 s', () => {
    const values = rareValues(100_000, 4);
    values[0] = 500;
    const begin = performance.now();
    const weights = densityWeights(values);
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(Math.abs(weights[0]! - Math.max(...weights))).toBeLessThan(1e-6);
  });

  it('refuse what has no density', () => {
    expect(() => densityWeights([])).toThrow('densityWeights: expected at least one value, got none.');
    expect(() => densityWeights([1, Number.POSITIVE_INFINITY])).toThrow(
      'must be finite or missing (NaN), got Infinity',
    );
    expect(() => densityWeights([0, 1], { bandwidth: 1e-9 })).toThrow(
      'must span at most a million bandwidths',
    );
    expect(() => densityWeights([0, 1], { bandwidth: 0 })).toThrow('bandwidth must be');
    expect(() => densityWeights([0, 1], { alpha: -1 })).toThrow('alpha must be');
    expect(() => densityWeights([0, 1], { floor: 0 })).toThrow('floor must be');
  });
});

describe('inverseDensityWeights', () => {
  it.each([1, 0.5])('agree with p^−%s / mean within 2e-3 relative', (power) => {
    const values = rareValues(500, 5);
    const raw = densityOf(values, 0.7).map((each) => each ** -power);
    const mean = raw.reduce((sum, each) => sum + each, 0) / raw.length;
    const got = inverseDensityWeights(values, { bandwidth: 0.7, power });
    for (const [i, each] of raw.entries()) expect(Math.abs(got[i]! / (each / mean) - 1)).toBeLessThan(2e-3);
  });
});
