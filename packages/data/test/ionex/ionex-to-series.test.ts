import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IonexError } from '../../src/ionex/ionex-error.ts';
import type { IonexFile } from '../../src/ionex/ionex-file.ts';
import { ionexToSeries } from '../../src/ionex/ionex-to-series.ts';
import { readIonex } from '../../src/ionex/read-ionex.ts';
import { writeIonex } from '../../src/ionex/write-ionex.ts';
import { availableAt, DAY, HOUR, timeAt } from '../../src/series.ts';

const START = Date.parse('2020-01-08T00:00Z');

/** A file named `name` of maps at `hours` after the start; each map holds its hour plus `offset` at two points. */
function made(
  name: string,
  hours: readonly number[],
  offset = 0,
  kind: 'tec' | 'rms' | 'height' = 'tec',
): IonexFile {
  const values = Float32Array.from(hours.flatMap((hour) => [hour + offset, -hour - offset]));
  const text = writeIonex({
    grid: { latitudes: [10, 0], longitudes: [5], heightKm: 450 },
    maps: { [kind]: { epochs: hours.map((hour) => START + hour * HOUR), values } },
  });
  return readIonex(text, { file: name });
}

/** Hours from `from` to `to`, both included. */
function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
}

const first = (values: Float32Array) => [...values].filter((_, i) => i % 2 === 0);

describe('ionexToSeries', () => {
  it('joins days in any order; the shared midnight is the next file’s', () => {
    const days = [
      made('b', range(24, 48, 2), 0.5),
      made('a', range(0, 24, 2)),
      made('c', range(48, 72, 2), 0.25),
    ];
    const { series, gaps, repeated, interpolated, leftOut } = ionexToSeries(days);
    expect(series).toMatchObject({
      start: START,
      step: 2 * HOUR,
      shape: [2, 1],
      channels: [{ name: 'tec', unit: 'TECU' }],
      grid: { latitudes: [10, 0], longitudes: [5], heightKm: 450 },
    });
    const values = first(series.values);
    expect(values).toHaveLength(37);
    expect([values[11], values[12], values[13]]).toEqual([22, 24.5, 26.5]);
    expect(values[36]).toBe(Math.fround(72.3));
    expect([gaps, interpolated, leftOut]).toEqual([[], 0, 0]);
    expect(repeated).toEqual([
      { epoch: START + DAY, previous: 'a', next: 'b', boundary: true, largestDifference: 0.5 },
      {
        epoch: START + 2 * DAY,
        previous: 'b',
        next: 'c',
        boundary: true,
        largestDifference: expect.closeTo(0.3, 5),
      },
    ]);
  });

  it('takes the previous midnight, or the mean of both, on request', () => {
    const days = [made('a', range(0, 24, 2)), made('b', range(24, 48, 2), 1)];
    expect(first(ionexToSeries(days, { midnight: 'previous' }).series.values)[12]).toBe(24);
    expect(first(ionexToSeries(days, { midnight: 'mean' }).series.values)[12]).toBe(24.5);
  });

  it('fills what the chosen midnight lacks from the other', () => {
    const days = [made('a', range(0, 24, 12)), made('b', range(24, 48, 12), 1)];
    days[1]!.maps.tec.values[0] = Number.NaN;
    expect([...ionexToSeries(days).series.values.subarray(4, 6)]).toEqual([24, -25]);
    expect([...ionexToSeries(days, { midnight: 'mean' }).series.values.subarray(4, 6)]).toEqual([24, -24.5]);
  });

  it('starts where the maps start, and needs no shared midnight', () => {
    const days = [made('a', range(1, 23, 2)), made('b', range(25, 47, 2))];
    const { series, gaps } = ionexToSeries(days);
    expect(series.start).toBe(START + HOUR);
    expect(first(series.values)).toEqual(range(1, 47, 2));
    expect(gaps).toEqual([]);
  });

  it('turns missing days and missing maps into NaN, and tells where', () => {
    const days = [made('a', range(0, 24, 2)), made('c', [48, 50, 54, 56])];
    const { series, gaps } = ionexToSeries(days);
    const values = first(series.values);
    expect(values).toHaveLength(29);
    expect(values.slice(13, 24).every(Number.isNaN)).toBe(true);
    expect([values[12], values[24], values[26], values[27]]).toEqual([24, 48, Number.NaN, 54]);
    expect(gaps).toEqual([
      { start: START + 26 * HOUR, end: START + 46 * HOUR, samples: 11 },
      { start: START + 52 * HOUR, end: START + 52 * HOUR, samples: 1 },
    ]);
  });

  it('refuses gaps longer than maxGap, and names the files', () => {
    const days = [made('a', range(0, 24, 2)), made('b', range(24 * 40, 24 * 41, 2))];
    expect(() => ionexToSeries(days)).toThrow(/within 31 days, got 39 days from .* \(a\) to .* \(b\)/);
    expect(ionexToSeries(days, { maxGap: 60 * DAY }).series.values).toHaveLength((41 * 12 + 1) * 2);
  });

  it('reads a file whose lost maps make it look coarser, if its header has the step of the others', () => {
    const lost = made('b', [24, 28, 48]);
    lost.interval = 2 * HOUR;
    expect(ionexToSeries([made('a', range(0, 24, 2)), lost]).gaps).toHaveLength(2);
  });

  it('refuses a change of step, within a file or between files', () => {
    const days = [made('a', range(0, 24, 1)), made('b', range(24, 48, 2))];
    expect(() => ionexToSeries(days)).toThrow(IonexError);
    expect(() => ionexToSeries(days)).toThrow(
      /60 min in a and 120 min in b\. Pass onStepChange: \{ resampleTo: 7200000 \}/,
    );
    expect(() => ionexToSeries([made('a', [0, 2, 4, 5.5, 7.5])])).toThrow(
      /one even sequence.*05:30Z|90 min|even/,
    );
    expect(() => ionexToSeries([made('a', range(0, 22, 2)), made('b', range(25, 47, 2))])).toThrow(
      /even sequence/,
    );
  });

  it('resamples to the coarser step by leaving maps out: nothing looks ahead', () => {
    const days = [made('a', range(0, 24, 1)), made('b', range(24, 48, 2))];
    const { series, interpolated, leftOut } = ionexToSeries(days, { onStepChange: { resampleTo: 2 * HOUR } });
    expect(first(series.values)).toEqual(range(0, 48, 2));
    expect([interpolated, leftOut]).toEqual([0, 12]);
    expect(series.channels[0]!.latency).toBeUndefined();
  });

  it('resamples to a finer step linearly in time, and the channel says how far that looks ahead', () => {
    const days = [made('a', range(0, 24, 1)), made('b', range(24, 48, 4))];
    const { series, interpolated } = ionexToSeries(days, { onStepChange: { resampleTo: HOUR } });
    expect(first(series.values)).toEqual(range(0, 48, 1));
    expect(interpolated).toBe(18);
    const channel = series.channels[0]!;
    expect(channel.latency).toBe(3 * HOUR);
    // 25:00 came from 24:00 and 28:00, so it cannot be known before 28:00.
    expect(availableAt(channel, timeAt(series, 25))).toBe(START + 28 * HOUR);
  });

  it('does not interpolate across gaps', () => {
    const days = [made('a', range(0, 24, 2)), made('c', range(48, 72, 2))];
    const { series, gaps } = ionexToSeries(days, { onStepChange: { resampleTo: HOUR } });
    expect(gaps).toEqual([{ start: START + 25 * HOUR, end: START + 47 * HOUR, samples: 23 }]);
    expect(first(series.values)[36]).toBeNaN();
  });

  it('merges parts that overlap and agree', () => {
    const parts = [
      made('2', [2, 3, 4, 5]),
      made('3', [4, 5, 6]),
      made('1', [0, 1, 2, 3]),
      made('1 again', [0, 1, 2, 3]),
    ];
    const { series, repeated } = ionexToSeries(parts);
    expect(first(series.values)).toEqual(range(0, 6, 1));
    expect(repeated.map((each) => [each.epoch - START, each.boundary])).toEqual(
      [0, 1, 2, 2, 3, 3, 4, 5].map((hour) => [hour * HOUR, false]),
    );
  });

  it('refuses overlapping files that differ, or takes the one it is told to', () => {
    const files = [made('igsg', [0, 2, 4]), made('codg', [0, 2, 4, 6], 2)];
    expect(() => ionexToSeries(files)).toThrow(/differ by up to 2\.00 in igsg and codg/);
    expect(first(ionexToSeries(files, { overlap: 'next' }).series.values)).toEqual([2, 4, 6, 8]);
    expect(first(ionexToSeries(files, { overlap: 'previous' }).series.values)).toEqual([0, 2, 4, 8]);
    expect(first(ionexToSeries(files, { overlap: 'mean' }).series.values)).toEqual([1, 3, 5, 8]);
  });

  it('takes the kind that is asked for', () => {
    const rms = ionexToSeries([made('a', [0, 2], 0, 'rms')], { kind: 'rms' }).series;
    expect(rms.channels).toEqual([{ name: 'rms', unit: 'TECU' }]);
    const height = ionexToSeries([made('a', [0, 2], 300, 'height')], { kind: 'height' }).series;
    expect(height.channels).toEqual([{ name: 'height', unit: 'km' }]);
    expect(height.grid).toEqual({ latitudes: [10, 0], longitudes: [5] });
    expect(() => ionexToSeries([made('a', [0, 2])], { kind: 'rms' })).toThrow(
      /expected rms maps in a, got only tec maps/,
    );
  });

  it('refuses other grids and heights, and no files', () => {
    const one = made('a', [0, 2]);
    const other = made('b', [2, 4]);
    other.grid = { ...other.grid, latitudes: [0, 10] };
    expect(() => ionexToSeries([one, other])).toThrow(
      /one grid, got latitudes 10 … 0 \(2\) in a and 0 … 10 \(2\) in b/,
    );
    const higher = made('c', [2, 4]);
    higher.heights = [350];
    expect(() => ionexToSeries([one, higher])).toThrow(/450 km in a and 350 km in c/);
    expect(() => ionexToSeries([])).toThrow(/at least one file/);
    expect(() => ionexToSeries([one], { onStepChange: { resampleTo: 0 } })).toThrow(/positive number of ms/);
  });

  it('chooses a layer of three dimensions', () => {
    const text = writeIonex({
      heights: [200, 300],
      grid: { latitudes: [10, 0], longitudes: [5] },
      maps: { tec: { epochs: [START, START + HOUR], values: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]) } },
    });
    const file = readIonex(text, { file: '3d', mode: 'strict' });
    const { series } = ionexToSeries([file], { heightKm: 300 });
    expect([...series.values]).toEqual([3, 4, 7, 8]);
    expect(series.grid!.heightKm).toBe(300);
    expect(() => ionexToSeries([file])).toThrow(/3d is three-dimensional.*200, 300 km/);
    expect(() => ionexToSeries([file], { heightKm: 250 })).toThrow(/one of 200, 300 km, got 250/);
  });

  it('a single map takes its step from the header', () => {
    const file = made('a', [6]);
    expect(ionexToSeries([file]).series).toMatchObject({ step: HOUR, start: START + 6 * HOUR });
    file.interval = 2 * HOUR;
    expect(ionexToSeries([file]).series.step).toBe(2 * HOUR);
  });

  it('every sample is the map of its time or NaN, whatever days there are and in whatever order', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(1, 2, 3, 6),
        (days, step) => {
          const files = days.map((each) => made(`day ${each}`, range(each * 24, each * 24 + 24, step)));
          const { series, gaps, repeated } = ionexToSeries(files);
          const values = first(series.values);
          const from = Math.min(...days) * 24;
          expect(values).toHaveLength(((Math.max(...days) + 1) * 24 - from) / step + 1);
          values.forEach((value, i) => {
            const hour = from + i * step;
            const there = days.some((each) => hour >= each * 24 && hour <= each * 24 + 24);
            expect(value).toBe(there ? hour : Number.NaN);
          });
          expect(gaps.reduce((sum, gap) => sum + gap.samples, 0)).toBe(values.filter(Number.isNaN).length);
          expect(repeated).toHaveLength(days.filter((each) => days.includes(each + 1)).length);
        },
      ),
      { numRuns: 60 },
    );
  });
});
