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

  it('mean weighs samples by their share of the time, so that it also works on a finer grid', () => {
    const uneven = resample(made([0, 3, 6], HOUR), { step: 1.5 * HOUR, method: 'mean' });
    expect(list(uneven)).toEqual([1, 5]);
    const finer = resample(made([1, Number.NaN, 3], 2 * HOUR), { step: HOUR, method: 'mean' });
    expect(list(finer)).toEqual([1, 1, Number.NaN, Number.NaN, 3, 3]);
    expect(finer.channels[0]!.latency).toBeUndefined();
  });

  it('knn takes no more samples ahead at the ends than elsewhere', () => {
    const result = resample(made([0, 4, 0, 0], 4 * HOUR), { step: 2 * HOUR, method: 'knn', k: 3 });
    // At 2 h: the samples of 0 and 4 h; the third neighbour would be that of −4 h.
    expect(list(result)[1]).toBe(2);
    // At 6 h the earlier of two equally far: 0 h (1/6) beside 4 h (1/2) and 8 h (1/2).
    expect(list(result)[3]).toBeCloseTo(2 / (1 + 1 / 6), 5);
    expect(result.channels[0]!.latency).toBe(2 * HOUR);
  });

  it('containing looks in the interval only, wherever in it the sample stands', () => {
    const daily = made([1, 2], 24 * HOUR, { interval: 3 * HOUR });
    const result = resample(daily, { step: 2 * HOUR, method: 'containing' });
    expect(list(result).slice(0, 4)).toEqual([1, 1, Number.NaN, Number.NaN]);
    const middle = made([1, 2], 3 * HOUR, { interval: 3 * HOUR }, 1.5 * HOUR);
    expect(list(resample(middle, { step: HOUR, start: 0, method: 'containing' }))).toEqual([
      1, 1, 1, 2, 2, 2,
    ]);
  });

  it('resamples maps value by value', () => {
    const grid = { latitudes: [0], longitudes: [0, 1] };
    const maps = createSeries({
      start: 0,
      step: HOUR,
      shape: [1, 2],
      channels: [{ name: 'tec', unit: 'TECU' }],
      values: Float32Array.of(0, 10, 2, Number.NaN, 4, 30),
      grid,
    });
    const result = resample(maps, { step: HOUR / 2, method: 'linear' });
    expect(list(result)).toEqual([0, 10, 1, Number.NaN, 2, Number.NaN, 3, Number.NaN, 4, 30]);
    expect([result.grid, result.shape]).toEqual([grid, [1, 2]]);
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
    const changes: Record<string, number> = {};
    fc.assert(
      fc.property(
        fc.record({
          method: fc.constantFrom(...methods),
          step: fc.integer({ min: 1, max: 6 }),
          newStep: fc.integer({ min: 1, max: 7 }),
          phase: fc.integer({ min: -5, max: 5 }),
          shift: fc.integer({ min: -4, max: 9 }),
          interval: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
          latency: fc.integer({ min: -9, max: 5 }),
          T: fc.integer({ min: 1, max: 20 }),
          k: fc.integer({ min: 1, max: 4 }),
          holes: fc.uniqueArray(fc.nat(19), { maxLength: 6 }),
          changed: fc.nat(19),
          to: fc.constantFrom(1000, Number.NaN),
        }),
        ({ method, step, newStep, phase, shift, interval, latency, T, k, holes, changed, to }) => {
          fc.pre(method !== 'containing' || interval !== undefined);
          const channel = {
            ...(interval && { interval: interval * HOUR }),
            ...(latency && { latency: latency * HOUR }),
          };
          const values = Array.from({ length: T }, (_, i) => (holes.includes(i) ? Number.NaN : i + 1));
          const at = changed % T;
          const series = made(values, step * HOUR, channel, phase * HOUR);
          const other = made(values.with(at, to), step * HOUR, channel, phase * HOUR);
          const options = { step: newStep * HOUR, start: (phase + shift) * HOUR, method, k };
          let a: ReturnType<typeof resample>;
          try {
            a = resample(series, options);
          } catch (error) {
            expect((error as Error).message).toMatch('ends before the first new sample');
            return;
          }
          const b = resample(other, options);
          expect(b.channels).toEqual(a.channels);
          const knownFrom = availableAt(series.channels[0]!, timeAt(series, at));
          for (let t = 0; t < lengthOf(a); t++) {
            if (Object.is(a.values[t], b.values[t])) continue;
            changes[method] = (changes[method] ?? 0) + 1;
            expect(availableAt(a.channels[0]!, timeAt(a, t))).toBeGreaterThanOrEqual(knownFrom);
          }
          if (!resampleMethods[method].looksAhead) expect(a.channels[0]!.latency ?? 0).toBe(0);
        },
      ),
      { numRuns: 3000 },
    );
    // Every method must have been put to the test.
    for (const method of methods) expect(changes[method]).toBeGreaterThan(100);
  });

  it('leaves what is always known always known', () => {
    for (const method of Object.keys(resampleMethods) as ResampleName[]) {
      const always = made([1, 2, 3], HOUR, { known: 'always', interval: HOUR });
      const same = resample(always, { step: HOUR, method });
      expect(same.channels[0]!.known).toBe('always');
      expect(list(same)).toEqual([1, 2, 3]);
    }
  });

  it('counts from start to the last sample inside the last span, off the series own grid too', () => {
    const daily = made([5], 24 * HOUR, { interval: 24 * HOUR });
    const from = { step: 5 * HOUR, start: 2 * HOUR, method: 'containing' } as const;
    // 2, 7, 12, 17 and 22 h lie in the day; counted from its midnight, the last would be at 20 h.
    expect(list(resample(daily, from))).toEqual([5, 5, 5, 5, 5]);
  });

  it('last-known holds the last value of any channel until its next one would have come', () => {
    const ahead = made([1, 2], 2 * HOUR, { latency: -24 * HOUR });
    expect(list(resample(ahead, { step: HOUR, method: 'last-known' }))).toEqual([1, 1, 2, 2]);
    const late = made([1, 2], 2 * HOUR, { latency: HOUR });
    expect(list(resample(late, { step: HOUR, method: 'last-known' }))).toEqual([Number.NaN, 1, 1, 2, 2]);
  });
});
