// Every kind of distribution against one contract: its moments, quantiles and scores are those of its own distribution
// function, by numerical integration that knows nothing else about it.

import { createRandom } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import {
  type Distributions,
  empirical,
  gaussian,
  mixture,
  point,
  quantiles,
  splitVariance,
  studentT,
} from '../../src/index.ts';

const random = createRandom(5, 'distributions');
const draw = (count: number, make: () => number) => Float64Array.from({ length: count }, make);
const normals = () => draw(3, () => 3 * random.normal());
const positives = () => draw(3, () => 0.2 + 2 * random.uniform());

const members = {
  gaussian: () => gaussian({ mean: normals(), sd: positives() }),
  studentT: () =>
    studentT({ location: normals(), scale: positives(), degreesOfFreedom: Float64Array.of(2.5, 5, 40) }),
  quantiles: () =>
    quantiles({
      levels: [0.05, 0.25, 0.5, 0.75, 0.95],
      values: [-4, -3, -2, -1, -0.5, 0, 0.1, 0.1, 0.3, 1, 0.4, 0.9, 5, 2, 7],
    }),
  empirical: () => empirical(Array.from({ length: 7 }, normals)),
  point: () => point(normals()),
};
const kinds: [string, Distributions][] = [
  ...Object.entries(members).map(([name, make]) => [name, make()] as [string, Distributions]),
  ['mixture of gaussians', mixture([members.gaussian(), members.gaussian(), members.gaussian()])],
  ['mixture of student-t', mixture([members.studentT(), members.studentT()])],
  ['mixture of many student-t', mixture(Array.from({ length: 12 }, members.studentT))],
  ['mixture of quantiles', mixture([members.quantiles(), members.quantiles().affine([2, 2, 2], [1, -1, 0])])],
  ['mixture of samples', mixture([members.empirical(), members.empirical()])],
  ['mixture of points', mixture([members.point(), members.point(), members.point()])],
  ['mixture of kinds', mixture([members.gaussian(), members.empirical()])],
  ['mixture of mixtures', mixture([mixture([members.gaussian(), members.gaussian()]), members.studentT()])],
];

/** ∫ f from `low` to `high` by Simpson's rule, refined where it does not settle. */
function integrate(f: (z: number) => number, low: number, high: number): number {
  const simpson = (a: number, fa: number, fm: number, b: number, fb: number) =>
    ((b - a) / 6) * (fa + 4 * fm + fb);
  const refine = (
    a: number,
    fa: number,
    m: number,
    fm: number,
    b: number,
    fb: number,
    whole: number,
    depth: number,
  ): number => {
    const [l, r] = [(a + m) / 2, (m + b) / 2];
    const [fl, fr] = [f(l), f(r)];
    const [left, right] = [simpson(a, fa, fl, m, fm), simpson(m, fm, fr, b, fb)];
    const change = left + right - whole;
    if (depth <= 0 || Math.abs(change) < 1e-11) return left + right + change / 15;
    return refine(a, fa, l, fl, m, fm, left, depth - 1) + refine(m, fm, r, fr, b, fb, right, depth - 1);
  };
  let sum = 0;
  const panels = 24;
  for (let k = 0; k < panels; k++) {
    const [a, b] = [low + ((high - low) * k) / panels, low + ((high - low) * (k + 1)) / panels];
    const m = (a + b) / 2;
    const [fa, fm, fb] = [f(a), f(m), f(b)];
    sum += refine(a, fa, m, fm, b, fb, simpson(a, fa, fm, b, fb), 26);
  }
  return sum;
}

/** ∫ over all numbers, by z = center + tan(t). */
function integrateAll(f: (z: number) => number, center: number): number {
  const mapped = (t: number) => {
    const z = center + Math.tan(t);
    const value = f(z);
    return value === 0 ? 0 : value / Math.cos(t) ** 2;
  };
  const edge = Math.PI / 2 - 1e-9;
  return integrate(mapped, -edge, 0) + integrate(mapped, 0, edge);
}

/** The distribution function of one of three. */
function cdfOf(distributions: Distributions, i: number): (z: number) => number {
  const one = distributions.select([i]);
  return (z) => one.cdf([z])[0]!;
}

describe.each(kinds)('%s', (name, distributions) => {
  const heavy = name.includes('student') || name.includes('mixtures');

  it('has a distribution function that increases from 0 to 1', () => {
    for (let i = 0; i < 3; i++) {
      const f = cdfOf(distributions, i);
      let last = 0;
      for (let z = -60; z <= 60; z += 0.37) {
        expect(f(z)).toBeGreaterThanOrEqual(last);
        last = f(z);
      }
      expect(f(-1e9)).toBeLessThan(1e-15);
      expect(f(1e9)).toBeGreaterThan(1 - 1e-15);
    }
  });

  it('has quantiles that its distribution function reaches there, within 1e-12, and not before', () => {
    for (const level of [0.001, 0.05, 0.3, 0.5, 0.8, 0.999]) {
      const z = distributions.quantile(level);
      const at = distributions.cdf(z);
      const before = distributions.cdf(z.map((value) => value - 1e-9 * Math.max(1, Math.abs(value))));
      for (let i = 0; i < 3; i++) {
        expect(at[i]!).toBeGreaterThanOrEqual(level * (1 - 2e-12));
        expect(before[i]!).toBeLessThanOrEqual(level);
      }
    }
  });

  it('has the mean and the variance of its distribution function within 1e-6', () => {
    // E(X) = c + ∫ (1 − F) above c − ∫ F below, E((X − c)²) = ∫ 2|z − c|·(that)
    for (let i = 0; i < 3; i++) {
      const f = cdfOf(distributions, i);
      const center = distributions.quantile(0.5)[i]!;
      const tail = (z: number) => (z >= center ? 1 - f(z) : -f(z));
      const shift = integrateAll(tail, center);
      expect(Math.abs(distributions.mean()[i]! - (center + shift))).toBeLessThan(
        1e-6 * (1 + Math.abs(center)),
      );
      // With 2.5 degrees of freedom the second moment's integral settles too slowly.
      if (heavy && i === 0) continue;
      const second = integrateAll((z) => 2 * (z - center) * tail(z), center);
      const variance = distributions.variance()[i]!;
      expect(Math.abs(variance - (second - shift * shift))).toBeLessThan(1e-6 * Math.max(1, variance));
    }
  });

  it('has the CRPS ∫ (F(z) − [z ≥ y])² dz within 1e-6 relative', () => {
    for (const offset of [-7, -0.4, 0, 1.3, 20]) {
      const y = distributions.quantile(0.4).map((value) => value + offset);
      const crps = distributions.crps(y);
      for (let i = 0; i < 3; i++) {
        const f = cdfOf(distributions, i);
        const expected = integrateAll((z) => (f(z) - Number(z >= y[i]!)) ** 2, y[i]!);
        expect(Math.abs(crps[i]! - expected)).toBeLessThan(1e-6 * Math.max(0.1, expected));
      }
    }
  });

  it('moves as scale·Y + offset does, within 1e-9', () => {
    const scale = [2, 0.5, 10];
    const offset = [-3, 100, 0.25];
    const moved = distributions.affine(scale, offset);
    const map = (values: Float64Array) => values.map((value, i) => value * scale[i]! + offset[i]!);
    const y = distributions.quantile(0.3);
    const close = (got: Float64Array, expected: Float64Array) =>
      got.forEach((value, i) => {
        expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected[i]!)));
      });
    close(moved.mean(), map(distributions.mean()));
    close(moved.quantile(0.9), map(distributions.quantile(0.9)));
    close(
      moved.variance(),
      distributions.variance().map((value, i) => value * scale[i]! ** 2),
    );
    close(
      moved.crps(map(y)),
      distributions.crps(y).map((value, i) => value * scale[i]!),
    );
  });

  it('gives a part in the order asked for', () => {
    const part = distributions.select([2, 0, 2]);
    expect(part.count).toBe(3);
    const mean = distributions.mean();
    expect([...part.mean()]).toEqual([mean[2], mean[0], mean[2]]);
    expect(part.crps([1, 2, 3])[1]).toBe(distributions.crps([2, 0, 0])[0]);
    expect(() => distributions.select([3])).toThrow('select: expected indices from 0 to 2, got 3.');
  });

  it('gives NaN for a missing y, there alone', () => {
    for (const values of [distributions.cdf([0, Number.NaN, 0]), distributions.crps([0, Number.NaN, 0])]) {
      expect([...values].map(Number.isNaN)).toEqual([false, true, false]);
    }
  });

  it('refuses levels that are none, and columns of another length', () => {
    for (const level of [0, 1, Number.NaN]) {
      expect(() => distributions.quantile(level)).toThrow('level must be between 0 and 1, both excluded');
    }
    expect(() => distributions.crps([1, 2])).toThrow('must hold 3 numbers');
    expect(() => distributions.affine([1, 0, 1], [0, 0, 0])).toThrow('scale must be above 0, got 0 at 1');
  });
});

describe('gaussian', () => {
  it('has the figures of tables of the normal law, within 4e-15 relative', () => {
    const one = gaussian({ mean: [0], sd: [1] });
    const near = (got: number, expected: number) => expect(Math.abs(got / expected - 1)).toBeLessThan(4e-15);
    near(one.quantile(0.975)[0]!, 1.959963984540054);
    near(one.cdf([-1])[0]!, 0.15865525393145705);
    near(one.cdf([-5])[0]!, 2.866515718791939e-7);
    near(one.cdf([-20])[0]!, 2.7536241186062337e-89);
    near(one.crps([0])[0]!, 2 / Math.sqrt(2 * Math.PI) - 1 / Math.sqrt(Math.PI));
  });

  it('is a point where its deviation is 0', () => {
    const certain = gaussian({ mean: [2, 2], sd: [0, 0] });
    expect([...certain.crps([2, 5])]).toEqual([0, 3]);
    expect([...certain.cdf([1.9, 2])]).toEqual([0, 1]);
    expect(() => gaussian({ mean: [0], sd: [-1] })).toThrow('gaussian: sd must be at least 0, got -1 at 0.');
  });

  it('is NaN where a parameter is, and there alone', () => {
    const some = gaussian({ mean: [Number.NaN, 0], sd: [1, 1] });
    for (const values of [some.mean(), some.quantile(0.1), some.cdf([0, 0]), some.crps([0, 0])]) {
      expect([...values].map(Number.isNaN)).toEqual([true, false]);
    }
  });
});

describe('studentT', () => {
  it('has the figures of tables of the t law, within 1e-12 relative', () => {
    const t = (nu: number) => studentT({ location: [0], scale: [1], degreesOfFreedom: nu });
    const near = (got: number, expected: number) => expect(Math.abs(got / expected - 1)).toBeLessThan(1e-12);
    near(t(1).quantile(0.975)[0]!, 12.706204736174705);
    near(t(3).quantile(0.95)[0]!, 2.3533634348018233);
    near(t(30).quantile(0.995)[0]!, 2.749995653567229);
    near(t(2).cdf([-3])[0]!, 0.5 * (1 - 3 / Math.sqrt(11)));
  });

  it('has no mean, no variance or no score where the law has none', () => {
    const t = studentT({ location: [1, 1], scale: [1, 1], degreesOfFreedom: [0.8, 1.5] });
    expect([...t.mean()]).toEqual([Number.NaN, 1]);
    expect([...t.variance()]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    expect(Number.isNaN(t.crps([0, 0])[0])).toBe(true);
    expect(t.crps([0, 0])[1]).toBeGreaterThan(0);
  });

  it('tends to the normal law for many degrees of freedom, within 1e-6', () => {
    const t = studentT({ location: [1], scale: [2], degreesOfFreedom: 1e7 });
    const n = gaussian({ mean: [1], sd: [2] });
    expect(Math.abs(t.crps([0.2])[0]! - n.crps([0.2])[0]!)).toBeLessThan(1e-6);
    expect(Math.abs(t.quantile(0.9)[0]! - n.quantile(0.9)[0]!)).toBeLessThan(1e-6);
  });
});

describe('quantiles', () => {
  it('give their own quantiles back at the levels, in order where they cross', () => {
    const crossed = quantiles({ levels: [0.1, 0.5, 0.9], values: [1, 5, 3, 4, 2, 9] });
    expect([...crossed.quantile(0.1)]).toEqual([1, 4]);
    expect([...crossed.quantile(0.5)]).toEqual([2, 5]);
    expect([...crossed.quantile(0.9)]).toEqual([3, 9]);
  });

  it('go on in the tails with the slope of the outermost piece', () => {
    const q = quantiles({ levels: [0.25, 0.5, 0.75], values: [1, 2, 4] });
    expect(q.quantile(1e-12)[0]).toBeCloseTo(0, 9);
    expect(q.quantile(1 - 1e-12)[0]).toBeCloseTo(6, 9);
    expect(q.cdf([0.5])[0]).toBeCloseTo(0.125, 12);
  });

  it('score as twice the mean pinball loss over all levels, within 1e-6', () => {
    const q = members.quantiles();
    const y = [-2.2, 0.4, 9];
    const levels = 20_000;
    const sum = new Float64Array(3);
    for (let k = 0; k < levels; k++) {
      const level = (k + 0.5) / levels;
      q.quantile(level).forEach((value, i) => {
        const error = y[i]! - value;
        sum[i]! += (2 * Math.max(level * error, (level - 1) * error)) / levels;
      });
    }
    q.crps(y).forEach((value, i) => {
      expect(Math.abs(value - sum[i]!)).toBeLessThan(1e-6 * Math.max(1, sum[i]!));
    });
  });

  it('are a point with one level, and NaN where one of them is', () => {
    expect([...quantiles({ levels: [0.5], values: [3] }).crps([5])]).toEqual([2]);
    const some = quantiles({ levels: [0.2, 0.8], values: [1, 1, Number.NaN, 2] });
    expect([...some.mean()].map(Number.isNaN)).toEqual([true, false]);
    expect([...some.cdf([1, 1])].map(Number.isNaN)).toEqual([true, false]);
  });

  it('refuse levels out of order and values that do not fill them', () => {
    expect(() => quantiles({ levels: [0.5, 0.2], values: [1, 2] })).toThrow(
      'quantiles: levels must increase between 0 and 1, got [0.5, 0.2].',
    );
    expect(() => quantiles({ levels: [0.1, 0.5], values: [1, 2, 3] })).toThrow(
      'row-major [2, N], got 3 values',
    );
  });
});

describe('mixture', () => {
  it('reaches the level at its quantile also where it jumps at 0', () => {
    for (const below of [-1, -0.7, -3e5]) {
      const said = mixture([point([below]), point([0]), gaussian({ mean: [0.3], sd: [1] })]);
      const quantile = said.quantile(0.7);
      expect(Math.abs(quantile[0]!)).toBeLessThan(1e-30);
      expect(said.cdf(quantile)[0]).toBeGreaterThanOrEqual(0.7);
    }
  });
});

describe('splitVariance', () => {
  it('splits a case computed by hand exactly', () => {
    // Means 1, 3, 8 → 4; variances 1, 4, 4 → 3; squares of the distances 9, 1, 16 → 26/3.
    const [a, b, c] = [
      gaussian({ mean: [1], sd: [1] }),
      gaussian({ mean: [3], sd: [2] }),
      gaussian({ mean: [8], sd: [2] }),
    ];
    const parts = splitVariance([a, b, c]);
    expect(parts.mean[0]).toBe(4);
    expect(parts.aleatoric[0]).toBe(3);
    expect(parts.epistemic[0]).toBe(26 / 3);
    expect(parts.total[0]).toBe(3 + 26 / 3);
    expect(mixture([a, b, c]).variance()[0]).toBe(parts.total[0]);
  });

  it('refuses no members, and members that differ in number', () => {
    expect(() => splitVariance([])).toThrow('splitVariance: expected at least one member, got none.');
    expect(() => mixture([point([1]), point([1, 2])])).toThrow('equally many distributions each, got 1, 2.');
  });
});
