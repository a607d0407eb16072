import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asKnownAt,
  availableAt,
  type Channel,
  calendarFeatures,
  concatSeries,
  createSeries,
  DAY,
  HOUR,
  joinChannels,
  lagged,
  lengthOf,
  renameChannel,
  seasonalMean,
  selectChannels,
  sliceSeries,
  stationsFromMaps,
  timeAt,
} from '../../src/index.ts';

const made = (
  values: number[],
  { start = 0, step = HOUR, ...channel }: Partial<Channel> & { start?: number; step?: number } = {},
) =>
  createSeries({
    start,
    step,
    shape: [1],
    channels: [{ name: 'a', unit: '1', ...channel }],
    values: Float32Array.from(values),
  });
const list = (series: { values: Float32Array }) => [...series.values];

describe('combining series', () => {
  it('joins channels over all times, NaN where one has no value, and takes them out again', () => {
    const joined = joinChannels(made([1, 2, 3]), made([9, 8], { name: 'b', start: 2 * HOUR }));
    expect(list(joined)).toEqual([1, Number.NaN, 2, Number.NaN, 3, 9, Number.NaN, 8]);
    expect(list(selectChannels(joined, ['a']))).toEqual([1, 2, 3, Number.NaN]);
    expect(renameChannel(joined, 'b', 'c').channels.map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it('refuses other steps, times between samples and unknown channels', () => {
    expect(() => joinChannels(made([1]), made([1], { name: 'b', step: 2 * HOUR }))).toThrow(
      'steps must be the same',
    );
    expect(() => joinChannels(made([1]), made([1], { name: 'b', start: 1 }))).toThrow(
      'must fall on each other',
    );
    expect(() => selectChannels(made([1]), ['z'])).toThrow("expected a channel 'z'");
  });

  it('slices by time, half open', () => {
    const slice = sliceSeries(made([0, 1, 2, 3]), HOUR, 3 * HOUR);
    expect([slice.start, ...list(slice)]).toEqual([HOUR, 1, 2]);
    expect(() => sliceSeries(made([0]), 5 * HOUR, 6 * HOUR)).toThrow('no sample');
  });

  it('concatenates in order of time, fills gaps with NaN, and refuses overlap', () => {
    const series = concatSeries([made([5], { start: 3 * HOUR }), made([1, 2])]);
    expect(list(series)).toEqual([1, 2, Number.NaN, 5]);
    expect(() => concatSeries([made([1, 2]), made([3], { start: HOUR })])).toThrow(
      'before the one before it ends',
    );
    expect(() => concatSeries([made([1]), made([1], { start: 30_000_000 * HOUR })])).toThrow(
      'Is a date wrong?',
    );
  });

  it('asKnownAt keeps exactly the values that were known', () => {
    const channel = fc.record(
      {
        interval: fc.constantFrom(3 * HOUR, DAY),
        latency: fc.integer({ min: -5, max: 5 }).map((n) => n * HOUR),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.array(channel, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 30, max: 60 }),
        (kinds, hours) => {
          const parts = kinds.map((kind, i) =>
            made(
              Array.from({ length: 48 }, (_, t) => t + 100 * i),
              { ...kind, name: `c${i}` },
            ),
          );
          const series = joinChannels(...parts);
          const known = asKnownAt(series, hours * HOUR);
          for (let t = 0; t < lengthOf(series); t++) {
            for (const [c, each] of series.channels.entries()) {
              const value = known.values[t * kinds.length + c];
              if (availableAt(each, timeAt(series, t)) <= hours * HOUR) expect(value).toBe(t + 100 * c);
              else expect(value ?? Number.NaN).toBeNaN();
            }
          }
        },
      ),
    );
  });
});

describe('features', () => {
  it('seasonalMean averages the same hour of earlier days, reaches a day ahead and is known that early', () => {
    const series = made([1, 10, 3, 30, 8, 80], { step: DAY / 2 });
    const mean = seasonalMean(series, 'a', { count: 2, minCount: 1 });
    expect(list(mean)).toEqual([Number.NaN, Number.NaN, 1, 10, 2, 20, 5.5, 55]);
    expect(availableAt(mean.channels[0]!, 5 * DAY)).toBe(4 * DAY);
    const weighted = seasonalMean(series, 'a', { count: 2, minCount: 1, halfLife: 1 });
    expect(list(weighted)[6]).toBeCloseTo((8 + 0.5 * 3) / 1.5, 6);
    expect(list(seasonalMean(series, 'a', { count: 2 })).slice(0, 5)).toEqual([
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      2,
    ]);
  });

  it('lagged gives the value of then, and is known that much before', () => {
    const series = made([1, Number.NaN, 3], { latency: HOUR });
    const before = lagged(series, 'a', 2 * HOUR);
    expect(list(before)).toEqual([Number.NaN, Number.NaN, 1, Number.NaN, 3]);
    expect(before.channels).toEqual([{ name: 'aLag2h', unit: '1', latency: -HOUR }]);
    expect(lagged(series, 'a', HOUR, { name: 'b' }).channels[0]!.name).toBe('b');
    for (const lag of [0, -HOUR, HOUR / 2, Number.NaN]) {
      expect(() => lagged(series, 'a', lag)).toThrow('lagged: lag must be a positive multiple of the step');
    }
    const daily = made([1, 2], { interval: 3 * HOUR });
    expect(() => lagged(daily, 'a', HOUR)).toThrow('must be a multiple of the 3 h that a value belongs to');
  });

  it('means of earlier values rest on nothing known later than they say', () => {
    fc.assert(
      fc.property(
        fc.record({
          period: fc.integer({ min: 1, max: 4 }),
          count: fc.integer({ min: 1, max: 5 }),
          latency: fc.integer({ min: -5, max: 5 }),
          whole: fc.boolean(),
          at: fc.nat(19),
          to: fc.constantFrom(1000, Number.NaN),
        }),
        ({ period, count, latency, whole, at, to }) => {
          // No mean of some powers of two is another one, so leaving any of them out changes the mean.
          const values = Array.from({ length: 20 }, (_, i) => 2 ** i);
          const channel = { latency: latency * HOUR, ...(whole && { interval: period * HOUR }) };
          const options = { period: period * HOUR, count, minCount: 1 };
          const source = made(values, channel);
          const a = seasonalMean(source, 'a', options);
          const b = seasonalMean(made(values.with(at, to), channel), 'a', options);
          expect(lengthOf(a)).toBe(20 + period);
          const changed = list(a).flatMap((value, t) => (Object.is(value, b.values[t]) ? [] : [t]));
          const expected = Array.from({ length: count }, (_, k) => at + (k + 1) * period);
          expect(changed).toEqual(expected.filter((t) => t < lengthOf(a)));
          for (const t of changed) {
            expect(availableAt(a.channels[0]!, timeAt(a, t))).toBeGreaterThanOrEqual(
              availableAt(source.channels[0]!, timeAt(source, at)),
            );
          }
        },
      ),
    );
  });

  it('calendarFeatures are always known, reach past the end and follow the sun', () => {
    const features = calendarFeatures(made([0, 0]), ['day', 'year'], { extra: 23, longitude: 90 });
    expect(lengthOf(features)).toBe(25);
    expect(availableAt(features.channels[0]!, 1e15)).toBe(Number.NEGATIVE_INFINITY);
    // At 90° east it is 6 o'clock at 00 UT.
    expect(features.values[0]).toBeCloseTo(1, 6);
    expect(features.values[24 * 4]).toBeCloseTo(1, 6);
  });
});

describe('stationsFromMaps', () => {
  const latitudes = [60, 30, 0, -30];
  const maps = (longitudes: number[], value: (latitude: number, longitude: number) => number) =>
    createSeries({
      start: 0,
      step: HOUR,
      shape: [latitudes.length, longitudes.length],
      channels: [{ name: 'tec', unit: 'TECU' }],
      values: Float32Array.from(latitudes.flatMap((lat) => longitudes.map((lon) => value(lat, lon)))),
      grid: { latitudes, longitudes },
    });
  const at = (series: ReturnType<typeof maps>, latitude: number, longitude: number) =>
    stationsFromMaps(series, [{ name: 's', latitude, longitude }]).values[0];
  const closed = Array.from({ length: 13 }, (_, i) => -180 + 30 * i);
  const open = Array.from({ length: 12 }, (_, i) => 30 * i);

  it('gives grid points exactly, on either way to write a longitude, and never reads a corner without weight', () => {
    const series = maps(closed, (lat, lon) => lat * 1000 + (lon === 180 ? -180 : lon) + 0.1);
    series.values[closed.indexOf(-150)] = Number.NaN;
    for (const longitude of [-180, 180, 540]) expect(at(series, 30, longitude)).toBe(Math.fround(29820.1));
    expect(at(series, 60, -180)).toBe(Math.fround(59820.1));
    expect(at(series, 60, -179)).toBeNaN();
  });

  it('does not depend on how longitudes and latitudes are written', () => {
    const field = (lat: number, lon: number) => Math.cos(((lon - 40) * Math.PI) / 180) * (100 + lat);
    const [west, east] = [maps(closed, field), maps(open, field)];
    const turned = createSeries({
      ...east,
      values: Float32Array.from(
        latitudes.toReversed().flatMap((lat) => open.toReversed().map((lon) => field(lat, lon))),
      ),
      grid: { latitudes: latitudes.toReversed(), longitudes: open.toReversed() },
    });
    const degree = fc.integer({ min: -7200, max: 7200 }).map((tenths) => tenths / 10);
    fc.assert(
      fc.property(fc.integer({ min: -300, max: 900 }), degree, (tenths, longitude) => {
        const latitude = tenths / 10;
        const value = at(west, latitude, longitude)!;
        expect(at(east, latitude, longitude)).toBeCloseTo(value, 3);
        expect(at(turned, latitude, longitude)).toBeCloseTo(value, 3);
        // A value between the corners around it: here, near the field itself.
        expect(Math.abs(value - field(Math.min(latitude, 60), longitude))).toBeLessThan(0.035 * 160);
      }),
    );
  });

  it('interpolates bilinearly and wraps across the date line on an open grid', () => {
    const series = maps(open, (lat, lon) => lat + Math.abs(lon - 180));
    expect(at(series, 15, 345)).toBeCloseTo(15 + 165, 4);
    expect(at(series, 15, -15)).toBeCloseTo(15 + 165, 4);
    expect(at(series, 45, 200)).toBeCloseTo(45 + 20, 4);
  });

  it('takes the last row beyond it, and refuses what is no place', () => {
    const series = maps(open, (lat) => lat);
    expect(at(series, 85, 10)).toBeCloseTo(60, 5);
    expect(() => at(series, 91, 0)).toThrow('must have a latitude');
    // The southern edge, −30°, is 60° from the pole and rows 30° from each other: that is no pole cap.
    expect(() => at(series, -31, 0)).toThrow(
      "'s' at a latitude of -31° lies outside the grid's latitudes -30° to 60°",
    );
    expect(() =>
      at(
        maps([0, 10], (lat) => lat),
        0,
        50,
      ),
    ).toThrow("outside the grid's longitudes");
  });
});
