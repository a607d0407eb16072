import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  availableAt,
  type Channel,
  createSeries,
  HOUR,
  lengthOf,
  type ResampleName,
  resample,
  resampleMethods,
  timeAt,
} from '../../src/index.ts';

const made = (values: number[], step: number, channel: Partial<Channel> = {}, start = 0) =>
  createSeries({
    start,
    step,
    shape: [1],
    channels: [{ name: 'a', unit: '1', ...channel }],
    values: Float32Array.from(values),
  });
const kp = (values: number[]) => made(values, 3 * HOUR, { interval: 3 * HOUR });
const list = (series: { values: Float32Array }) => [...series.values];

describe('resample', () => {
  it('linear goes along the straight line and says that it needs the later sample', () => {
    const result = resample(made([0, 3, 6], 3 * HOUR), { step: 2 * HOUR, method: 'linear' });
    expect(list(result)).toEqual([0, 2, 4, 6]);
    // At 2 h the sample of 3 h is needed, at 4 h that of 6 h: two hours later.
    expect(result.channels[0]!.latency).toBe(2 * HOUR);
  });

  it('nearest takes the closest sample; a coarser grid on the samples does not look ahead', () => {
    expect(list(resample(made([1, 2, 3], 3 * HOUR), { step: HOUR, method: 'nearest' }))).toEqual([
      1, 1, 2, 2, 2, 3, 3,
    ]);
    const coarse = resample(made([1, 2, 3, 4], HOUR), { step: 2 * HOUR, method: 'nearest' });
    expect(list(coarse)).toEqual([1, 3]);
    expect(coarse.channels[0]!.latency).toBeUndefined();
  });

  it('mean averages [t, t + step), leaves out missing samples, and is known with the last of them', () => {
    const result = resample(made([1, 3, Number.NaN, 5, 7], HOUR), { step: 2 * HOUR, method: 'mean' });
    expect(list(result)).toEqual([2, 5]);
    expect(result.channels[0]!.latency).toBe(HOUR);
  });

  it('knn weights the k nearest by 1/distance', () => {
    const result = resample(made([0, 4], 4 * HOUR), { step: HOUR, method: 'knn', k: 2 });
    expect(list(result)).toEqual([0, 1, 2, 3, 4]);
  });

  it('containing gives the value of the interval, known only at its end; last-known the one before', () => {
    const containing = resample(kp([1, 2]), { step: 2 * HOUR, method: 'containing' });
    expect(list(containing)).toEqual([1, 1, 2]);
    expect(availableAt(containing.channels[0]!, 2 * HOUR)).toBe(3 * HOUR);
    const known = resample(kp([1, 2]), { step: 2 * HOUR, method: 'last-known' });
    // 0 and 2 h: nothing has ended; 4 h: the first; 6 and 8 h: the second, until a third would have ended at 9 h.
    expect(list(known)).toEqual([Number.NaN, Number.NaN, 1, 2, 2]);
    expect(availableAt(known.channels[0]!, 4 * HOUR)).toBe(4 * HOUR);
  });

  it('refuses containing for instants, and settings that make no sense', () => {
    expect(() => resample(made([1], HOUR), { step: HOUR, method: 'containing' })).toThrow("Use 'nearest'");
    expect(() => resample(made([1], HOUR), { step: 0, method: 'mean' })).toThrow('step must be');
    expect(() => resample(made([1], HOUR), { step: HOUR, method: 'other' as ResampleName })).toThrow(
      'method must be one of',
    );
    expect(() => resample(made([1], HOUR), { step: HOUR, method: 'knn', k: 0 })).toThrow('k must be');
  });

  it('never lets a value know what its channel says it could not: any method, steps, intervals, latencies', () => {
    const methods = Object.keys(resampleMethods) as ResampleName[];
    fc.assert(
      fc.property(
        fc.constantFrom(...methods),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 5 }),
        fc.option(fc.constantFrom(1, 2, 3, 6), { nil: undefined }),
        fc.integer({ min: 0, max: 4 }),
        fc.integer({ min: 3, max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(),
        (method, step, newStep, phase, interval, latency, T, k, changed) => {
          fc.pre(method !== 'containing' || interval !== undefined);
          const channel = {
            ...(interval && { interval: interval * HOUR }),
            ...(latency && { latency: latency * HOUR }),
          };
          const values = Array.from({ length: T }, (_, i) => i + 1);
          const series = made(values, step * HOUR, channel, phase * HOUR);
          const at = changed % T;
          const other = made(values.with(at, 1000), step * HOUR, channel, phase * HOUR);
          let a: ReturnType<typeof resample>;
          try {
            a = resample(series, { step: newStep * HOUR, method, k });
          } catch (error) {
            expect((error as Error).message).toMatch('ends before the first new sample');
            return;
          }
          const b = resample(other, { step: newStep * HOUR, method, k });
          const knownFrom = availableAt(series.channels[0]!, timeAt(series, at));
          for (let t = 0; t < lengthOf(a); t++) {
            if (Object.is(a.values[t], b.values[t])) continue;
            expect(availableAt(a.channels[0]!, timeAt(a, t))).toBeGreaterThanOrEqual(knownFrom);
          }
          if (!resampleMethods[method].looksAhead) expect(a.channels[0]!.latency ?? 0).toBe(0);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
