import {
  type Channel,
  createRandom,
  createSeries,
  DAY,
  HOUR,
  type Series,
  type WindowOptions,
  type WindowSpec,
  windows,
} from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backtest } from '../src/backtest.ts';
import { fitRidge, type Ridge, ridgeForecast } from '../src/ridge.ts';
import { scoreForecasts } from '../src/scores.ts';

/** Noise in `a` and `b`, a covariate known ahead, one known always, and a target that depends on all of them. */
function noisy(length: number, seed = 1): Series {
  const random = createRandom(seed, 'ridge');
  const channels: Channel[] = [
    { name: 'a', unit: 'm' },
    { name: 'b', unit: 'm' },
    { name: 'ahead', unit: 'm', latency: -DAY },
    { name: 'always', unit: '1', known: 'always' },
    { name: 'constant', unit: '1', known: 'always' },
    { name: 'y', unit: 'K' },
  ];
  const rows = Array.from({ length }, (_, t) => [
    random.normal(),
    100 + 20 * random.normal(),
    random.normal(),
    Math.sin(t / 50),
    0.1,
  ]);
  const values = rows.flatMap((row, t) => {
    const before = rows[t - 1] ?? [0, 0, 0, 0, 0];
    const twice = rows[t - 2] ?? [0, 0, 0, 0, 0];
    return [...row, 5 + 2 * before[0]! - 0.05 * twice[1]! + 3 * row[2]! + before[3]!];
  });
  return createSeries({ start: 0, step: HOUR, shape: [6], channels, values: Float32Array.from(values) });
}

const spec: WindowSpec = {
  steps: 3,
  horizon: 1,
  inputs: ['a', 'b'],
  future: ['ahead'],
  static: ['always', 'constant'],
  targets: ['y'],
};

describe('fitRidge', () => {
  it('finds a linear law that is there, to float32, with no penalty', async () => {
    const series = noisy(400);
    const ridge = fitRidge(windows(series, spec), { lambda: 0 });
    const forecast = ridgeForecast(ridge);
    const options = { from: 0, to: 400 * HOUR, every: HOUR, horizon: 1, targets: ['y'] };
    const result = await backtest(forecast, series, { ...options, from: 10 * HOUR });
    expect(scoreForecasts(result)[0]!.pooled.n).toBe(389);
    expect(scoreForecasts(result)[0]!.pooled.rmse).toBeLessThan(1e-5);
    // In the unit of the inputs: 2 for the last a, −0.05 for the b before it, 3 for what is ahead, 1 for always.
    const slope = (row: number, column: number) => {
      const i = ridge.inputs.findIndex((input) => input.row === row && input.column === column);
      return ridge.weights[i]! / ridge.scale[i]!;
    };
    expect(slope(2, 0)).toBeCloseTo(2, 5);
    expect(slope(1, 1)).toBeCloseTo(-0.05, 5);
    expect(slope(2, 2)).toBeCloseTo(3, 5);
    expect(slope(2, 3)).toBeCloseTo(1, 5);
    expect(slope(0, 0)).toBeCloseTo(0, 5);
  });

  it('takes past channels at each step, future ones over the horizon, static ones once', () => {
    const count = (change: Partial<WindowSpec>) =>
      fitRidge(windows(noisy(100), { ...spec, ...change })).inputs.length;
    expect(count({})).toBe(2 * 3 + 1 + 2);
    expect(count({ horizon: 3 })).toBe(2 * 3 + 3 + 2);
    expect(count({ horizon: 5 })).toBe(2 * 3 + 5 + 2);
    expect(count({ steps: 7, horizon: 2, static: [] })).toBe(2 * 7 + 2);
  });

  it('meets the condition of the minimum: Σ z·(y − ŷ) = λ·W for every input and output', () => {
    fc.assert(
      fc.property(fc.integer(), fc.double({ min: 0.01, max: 1e4, noNaN: true }), (seed, lambda) => {
        const samples = windows(noisy(60, seed), { ...spec, horizon: 2, targets: ['y', 'a'] });
        const ridge = fitRidge(samples, { lambda });
        const P = ridge.inputs.length;
        const { x, y } = samples.batch(Array.from({ length: samples.count }, (_, i) => i));
        const gradient = new Float64Array(P * 4);
        const residuals = new Float64Array(4);
        for (let b = 0; b < samples.count; b++) {
          const z = ridge.inputs.map(({ row, column }, i) =>
            ridge.scale[i]! > 0
              ? (x.data[(b * 3 + row) * x.shape[2]! + column]! - ridge.mean[i]!) / ridge.scale[i]!
              : 0,
          );
          for (let o = 0; o < 4; o++) {
            const fitted =
              ridge.intercept[o]! + z.reduce((sum, value, i) => sum + value * ridge.weights[i * 4 + o]!, 0);
            const residual = y.data[b * 4 + o]! - fitted;
            residuals[o]! += residual;
            for (let i = 0; i < P; i++) gradient[i * 4 + o]! += z[i]! * residual;
          }
        }
        for (let i = 0; i < P * 4; i++) {
          expect(Math.abs(gradient[i]! - lambda * ridge.weights[i]!)).toBeLessThan(1e-8 * (1 + lambda));
        }
        // The intercept is not penalised.
        for (const residual of residuals) expect(Math.abs(residual)).toBeLessThan(1e-8);
      }),
      { numRuns: 30 },
    );
  });

  it('becomes the mean of the training targets as lambda grows', async () => {
    const series = noisy(200);
    const ridge = fitRidge(windows(series, spec), { lambda: 1e15 });
    const forecast = await ridgeForecast(ridge)(series, 100 * HOUR);
    expect(forecast.values[0]).toBeCloseTo(ridge.intercept[0]!, 6);
  });

  it('gives a constant input no weight, at any lambda', () => {
    for (const lambda of [0, 1]) {
      const ridge = fitRidge(windows(noisy(100), spec), { lambda });
      const constant = ridge.inputs.findIndex(({ column }) => column === 4);
      expect(ridge.scale[constant]).toBe(0);
      expect(ridge.weights[constant]).toBe(0);
      expect(ridge.weights.every(Number.isFinite)).toBe(true);
    }
  });

  it('leaves out windows with a gap, and counts them', () => {
    const whole = noisy(100);
    const values = Float32Array.from(whole.values);
    values[50 * 6] = Number.NaN;
    values[70 * 6 + 5] = Number.NaN;
    const series = createSeries({ ...whole, values });
    const masked = { ...spec, missing: 'mask' } satisfies WindowSpec & WindowOptions;
    const ridge = fitRidge(windows(series, masked));
    const dropped = fitRidge(windows(series, spec));
    expect(ridge.n).toBe(dropped.n);
    expect(ridge.n + ridge.leftOut).toBe(windows(series, masked).count);
    expect(ridge.weights).toEqual(dropped.weights);
  });

  it('adds the reference of relative targets back', async () => {
    const series = noisy(300);
    const relative: WindowSpec = {
      steps: 1,
      horizon: 1,
      inputs: ['a'],
      targets: ['a'],
      relativeTo: { a: 'ahead' },
    };
    const forecast = await ridgeForecast(fitRidge(windows(series, relative), { lambda: 1e15 }))(
      series,
      100 * HOUR,
    );
    const { intercept } = fitRidge(windows(series, relative), { lambda: 1e15 });
    expect(forecast.values[0]).toBeCloseTo(series.values[101 * 6 + 2]! + intercept[0]!, 5);
  });

  it('survives JSON without a change', async () => {
    const series = noisy(200);
    const ridge = fitRidge(windows(series, spec));
    const copy = JSON.parse(JSON.stringify(ridge)) as Ridge;
    expect(copy).toEqual(ridge);
    expect(await ridgeForecast(copy)(series, 150 * HOUR)).toEqual(
      await ridgeForecast(ridge)(series, 150 * HOUR),
    );
  });

  it('refuses what it cannot fit', () => {
    const samples = windows(noisy(100), spec);
    expect(() => fitRidge(samples, { lambda: -1 })).toThrow('lambda must be 0 or more, got -1');
    expect(() => fitRidge(windows(noisy(4), spec))).toThrow('at least 2 complete windows, got 1');
    expect(() => fitRidge(windows(noisy(6), spec), { lambda: 0 })).toThrow('the inputs are collinear');
    const ridge = fitRidge(samples);
    expect(() => ridgeForecast({ ...ridge, weights: [1] })).toThrow('mean, scale, intercept and weights');
  });

  it('counts an origin with a hole in its window as skipped', async () => {
    const whole = noisy(60);
    const ridge = fitRidge(windows(whole, spec));
    const values = Float32Array.from(whole.values);
    values[50 * 6] = Number.NaN;
    const options = { from: 0, to: 59 * HOUR, every: HOUR, horizon: 1, targets: ['y'] };
    const result = await backtest(ridgeForecast(ridge), createSeries({ ...whole, values }), options);
    expect(result.skipped.map(({ origin }) => origin / HOUR)).toEqual([0, 1, 50, 51, 52]);
    expect(result.skipped[2]!.reason).toContain("'a' is missing");
  });

  it('ends a backtest whose origins do not fit the windows, rather than skip them all', async () => {
    const series = noisy(60);
    const forecast = ridgeForecast(fitRidge(windows(series, { ...spec, issueDelay: HOUR / 2 })));
    const options = { from: 0, to: 59 * HOUR, every: HOUR, horizon: 1, targets: ['y'] };
    await expect(backtest(forecast, series, options)).rejects.toThrow('windowAt: origin must be');
  });
});
