import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createSeries,
  fitSampleScalers,
  fitScaler,
  HOUR,
  type NdArray,
  readScaler,
  type ScalerKind,
  scale,
  scaleSamples,
  subset,
  unscale,
  windows,
} from '../src/index.ts';

const kinds: ScalerKind[] = ['standard', 'min-max', 'robust'];
const rows = (channels: number, values: ArrayLike<number>): NdArray => ({
  data: Float32Array.from(values),
  shape: [values.length / channels, channels],
});
const column = ({ data, shape }: NdArray, c: number) =>
  [...data].filter((value, i) => i % shape.at(-1)! === c && Number.isFinite(value));
// Whole thousandths of a unit: below the smallest normal float32 no relative bound can hold.
const float = fc.integer({ min: -1e9, max: 1e9 }).map((thousandths) => Math.fround(thousandths / 1000));
const cell = fc.oneof(
  { weight: 8, arbitrary: float },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 5) },
);
const table = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 }))
  .chain(([channels, T]) =>
    fc
      .array(cell, { minLength: channels * T, maxLength: channels * T })
      .map((values) => rows(channels, values)),
  );

/** Quantile of type 7, by sorting. */
function quantile(values: number[], level: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = level * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!];
  return below + (above - below) * (position - Math.floor(position));
}

describe('fitScaler', () => {
  it('standard: mean 0 and standard deviation 1 per channel, missing values left out', () => {
    const scaler = fitScaler('standard', rows(2, [1, 10, 3, Number.NaN, 5, 30]));
    expect(scaler.offset).toEqual([3, 20]);
    expect(scaler.scale[0]).toBeCloseTo(Math.sqrt(8 / 3), 12);
    expect(scaler.scale[1]).toBe(10);
  });

  it('min-max: 0 to 1; robust: median and interquartile range', () => {
    const values = rows(1, [4, 0, 1, 3, 2, 1000, Number.POSITIVE_INFINITY]);
    expect(fitScaler('min-max', values)).toEqual({ kind: 'min-max', offset: [0], scale: [1000] });
    expect(fitScaler('robust', values)).toEqual({ kind: 'robust', offset: [2.5], scale: [2.5] });
  });

  it('robust: takes the range where the interquartile range is less than a millionth of it', () => {
    expect(fitScaler('robust', rows(1, [0, 0, 0, 0, 0, 0, 8]))).toEqual({
      kind: 'robust',
      offset: [0],
      scale: [8],
    });
    const spread = (high: number) => fitScaler('robust', rows(1, [0, 0, 1, 1, high])).scale;
    expect(spread(999_999)).toEqual([1]);
    expect(spread(1_000_001)).toEqual([1_000_001]);
  });

  it.each(kinds)('%s: a constant channel and one without values stay finite', (kind) => {
    const scaler = fitScaler(kind, rows(2, [7.3, Number.NaN, 7.3, Number.NaN, 7.3, Number.NaN]));
    expect(scaler.offset).toEqual([Math.fround(7.3), 0]);
    expect(scaler.scale).toEqual([1, 1]);
    expect([...scale(scaler, rows(2, [7.3, 2])).data]).toEqual([0, 2]);
  });

  it('finds the moments and quantiles of any values that sorting and summing them find', () => {
    fc.assert(
      fc.property(table, (values) => {
        const [standard, minMax, robust] = kinds.map((kind) => fitScaler(kind, values));
        for (let c = 0; c < values.shape[1]!; c++) {
          const own = column(values, c);
          if (own.length === 0) {
            expect([standard, minMax, robust].map((each) => each!.offset[c])).toEqual([0, 0, 0]);
            continue;
          }
          const mean = own.reduce((sum, value) => sum + value / own.length, 0);
          const sd = Math.sqrt(own.reduce((sum, value) => sum + (value - mean) ** 2 / own.length, 0));
          const size = Math.max(...own.map(Math.abs), 1e-300);
          expect(Math.abs(standard!.offset[c]! - mean) / size).toBeLessThan(1e-13);
          if (new Set(own.map((value) => value + 0)).size > 1) {
            expect(Math.abs(standard!.scale[c]! - sd) / size).toBeLessThan(1e-7);
          } else expect(standard!.scale[c]).toBe(1);
          const [low, high] = [Math.min(...own), Math.max(...own)];
          expect(minMax!.offset[c]! + 0).toBe(low + 0);
          expect(minMax!.scale[c]).toBe(high > low ? high - low : 1);
          const [q1, median, q3] = [0.25, 0.5, 0.75].map((level) => quantile(own, level));
          expect(robust!.offset[c]! + 0).toBe(median! + 0);
          const range = high - low;
          expect(robust!.scale[c]).toBe(q3! - q1! > 1e-6 * range ? q3! - q1! : range || 1);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('unscale undoes scale to the rounding of the scaled value and of the result; NaN stays NaN', () => {
    fc.assert(
      fc.property(table, fc.constantFrom(...kinds), (values, kind) => {
        const scaler = fitScaler(kind, values);
        const back = unscale(scaler, scale(scaler, values));
        expect(back.shape).toEqual(values.shape);
        for (const [i, value] of values.data.entries()) {
          const c = i % values.shape[1]!;
          if (Number.isNaN(value)) expect(back.data[i]).toBeNaN();
          else {
            const away = Math.abs(value - scaler.offset[c]!);
            const ulp = 1.001 * 2 ** -24 * (away + Math.abs(value)) + 2 ** -149 * (1 + scaler.scale[c]!);
            expect(Math.abs(back.data[i]! - value)).toBeLessThanOrEqual(ulp);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is plain JSON, read back with its faults named', () => {
    const scaler = fitScaler('robust', rows(2, [1, 2, 3, 4, 5, 6]));
    expect(readScaler(JSON.parse(JSON.stringify(scaler)))).toEqual(scaler);
    for (const [bad, message] of [
      [null, "kind must be 'standard'"],
      [{ ...scaler, kind: 'other' }, 'got "other"'],
      [{ ...scaler, offset: 'x' }, 'offset must be a list of finite numbers'],
      [{ ...scaler, scale: [1, null] }, 'scale must be a list of finite numbers'],
      [{ ...scaler, scale: [1] }, 'as many positive scales as offsets'],
      [{ ...scaler, scale: [1, 0] }, 'as many positive scales as offsets'],
    ] as const) {
      expect(() => readScaler(bad)).toThrow(message);
    }
  });

  it('refuses another number of channels and an unknown kind', () => {
    const scaler = fitScaler('standard', rows(2, [1, 2, 3, 4]));
    expect(() => scale(scaler, rows(3, [1, 2, 3]))).toThrow(
      'scale: the last axis must hold the 2 channels, got the shape [1, 3]. Is the scaler from another series?',
    );
    expect(() => unscale(scaler, rows(1, [1]))).toThrow('unscale: the last axis');
    expect(() => fitScaler('other' as ScalerKind, rows(1, [1]))).toThrow("kind must be 'standard'");
    expect(() => fitScaler('standard', { data: new Float32Array(3), shape: [2, 2] })).toThrow('do not fill');
  });
});

describe('scaling samples', () => {
  const T = 700;
  const values = Float32Array.from({ length: 2 * T }, (_, i) =>
    i % 97 === 5 ? Number.NaN : 50 + 20 * Math.sin(i) + (i % 2) * 1000,
  );
  const series = createSeries({
    start: 0,
    step: HOUR,
    shape: [2],
    channels: [
      { name: 'tec', unit: 'TECU' },
      { name: 'f107', unit: 'sfu' },
    ],
    values,
  });
  const spec = { steps: 5, horizon: 3, inputs: ['tec', 'f107'], targets: ['tec'] };
  const samples = windows(series, { ...spec, missing: 'mask', minSteps: 2 });
  const all = Uint32Array.from({ length: samples.count }, (_, i) => i);

  it.each(kinds)(
    '%s: fitted block by block as on all values at once, without masked and missing ones',
    (kind) => {
      const { x, y } = fitSampleScalers(kind, samples);
      const batch = samples.batch(all);
      const masked = batch.mask!.data;
      const weight = batch.weight!.data;
      expect(masked.includes(0) && weight.includes(0)).toBe(true);
      const real = batch.x.data.map((value, i) => (masked[Math.floor(i / 2)] ? value : Number.NaN));
      const there = batch.y.data.map((value, i) => (weight[i] ? value : Number.NaN));
      expect(x).toEqual(fitScaler(kind, { data: real, shape: batch.x.shape }));
      expect(y).toEqual(fitScaler(kind, { data: there, shape: batch.y.shape }));
      expect(fitScaler(kind, samples)).toEqual(x);
    },
  );

  it('leaves padding and missing targets at 0, and everything else as scale does', () => {
    const scalers = fitSampleScalers('standard', samples);
    const scaled = scaleSamples(samples, scalers);
    const [before, after] = [samples.batch(all), scaled.batch(all)];
    const [x, y] = [scale(scalers.x, before.x).data, scale(scalers.y, before.y).data];
    expect(after.x.data).toEqual(x.map((value, i) => (before.mask!.data[Math.floor(i / 2)] ? value : 0)));
    expect(after.y.data).toEqual(y.map((value, i) => (before.weight!.data[i] ? value : 0)));
    expect(after.mask).toEqual(before.mask);
    expect(scaled.origins).toBe(samples.origins);
    expect(subset(scaled, [7]).batch([0])).toEqual(scaled.batch([7]));
  });

  it('refuses scalers of another layout', () => {
    const { x } = fitSampleScalers('standard', samples);
    expect(() => scaleSamples(samples, { x, y: x })).toThrow(
      'the y scaler is for 2 channels, got samples of shape [3, 1]',
    );
  });
});
