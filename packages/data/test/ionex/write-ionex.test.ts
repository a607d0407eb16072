import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IonexError } from '../../src/ionex/ionex-error.ts';
import { readIonex } from '../../src/ionex/read-ionex.ts';
import { type IonexContent, writeIonex } from '../../src/ionex/write-ionex.ts';
import { HOUR } from '../../src/series.ts';
import { join, makeIonex } from './make-ionex.ts';

const strict = { mode: 'strict' } as const;

/** `count` even points from `first` tenths of a degree by `step` tenths. */
function axis(first: number, step: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (first + i * step) / 10);
}

const latitudes = fc
  .tuple(
    fc.integer({ min: -900, max: 900 }),
    fc.integer({ min: -60, max: 60 }),
    fc.integer({ min: 1, max: 9 }),
  )
  .filter(
    ([first, step, count]) => (count === 1 || step !== 0) && Math.abs(first + step * (count - 1)) <= 900,
  )
  .map(([first, step, count]) => axis(first, step, count));
const longitudes = fc
  .tuple(
    fc.integer({ min: -1800, max: 3600 }),
    fc.integer({ min: -100, max: 100 }),
    fc.integer({ min: 1, max: 36 }),
  )
  .filter(([first, step, count]) => {
    const last = first + step * (count - 1);
    return (count === 1 || step !== 0) && last >= -3600 && last <= 3600 && Math.abs(last - first) <= 3600;
  })
  .map(([first, step, count]) => axis(first, step, count));
const heights = fc
  .tuple(
    fc.integer({ min: 0, max: 90_000 }),
    fc.integer({ min: 1, max: 500 }),
    fc.integer({ min: 1, max: 3 }),
  )
  .map(([first, step, count]) => axis(first, step, count));
const whole = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -9999, max: 99_999 }).filter((value) => value !== 9999) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const exponent = fc.integer({ min: -6, max: 5 });
const unit = (value: number, power: number) =>
  Math.fround(power > 0 ? value * 10 ** power : value / 10 ** -power);

/** A file whose values are whole multiples of the unit of their map, with an exponent for each map. */
const content = fc
  .record({
    latitudes,
    longitudes,
    heights,
    version: fc.constantFrom<1 | 1.1>(1, 1.1),
    start: fc.integer({ min: 0, max: 2_000_000_000 }),
    interval: fc.integer({ min: 1, max: 86_400 }),
    kinds: fc.subarray(['tec', 'rms', 'height'] as const, { minLength: 1 }),
    count: fc.integer({ min: 1, max: 3 }),
    exponent,
    text: fc.string({ maxLength: 130 }),
  })
  .chain((parts) => {
    const size = parts.heights.length * parts.latitudes.length * parts.longitudes.length;
    return fc.record({
      parts: fc.constant(parts),
      maps: fc.array(fc.record({ exponent, values: fc.array(whole, { minLength: size, maxLength: size }) }), {
        minLength: parts.count * parts.kinds.length,
        maxLength: parts.count * parts.kinds.length,
      }),
    });
  })
  .map(({ parts, maps }): IonexContent => {
    const epochs = Array.from({ length: parts.count }, (_, i) => (parts.start + i * parts.interval) * 1000);
    return {
      version: parts.version,
      exponent: parts.exponent,
      interval: parts.interval * 1000,
      heights: parts.heights,
      grid: { latitudes: parts.latitudes, longitudes: parts.longitudes },
      comments: [parts.text],
      maps: Object.fromEntries(
        parts.kinds.map((kind, k) => {
          const own = maps.slice(k * parts.count, (k + 1) * parts.count);
          const values = own.flatMap((map) => map.values.map((value) => unit(value, map.exponent) + 0));
          return [
            kind,
            { epochs, values: Float32Array.from(values), exponents: own.map((map) => map.exponent) },
          ];
        }),
      ),
    };
  });

describe('writeIonex', () => {
  it('writer → strict reader is exact for any grid, exponents, kinds, signs and missing values', () => {
    fc.assert(
      fc.property(content, (file) => {
        const read = readIonex(writeIonex(file), strict);
        expect(read.grid.latitudes).toEqual(file.grid.latitudes.map((each) => each + 0));
        expect(read.grid.longitudes).toEqual(file.grid.longitudes.map((each) => each + 0));
        expect(read.heights).toEqual(file.heights);
        expect([read.version, read.exponent, read.interval]).toEqual([
          file.version,
          file.exponent,
          file.interval,
        ]);
        for (const kind of ['tec', 'rms', 'height'] as const) {
          const maps = file.maps[kind];
          expect(read.maps[kind].epochs).toEqual(maps?.epochs ?? []);
          expect(read.maps[kind].exponents).toEqual(maps?.exponents ?? []);
          expect(Buffer.from(read.maps[kind].values.buffer)).toEqual(
            Buffer.from((maps?.values ?? new Float32Array()).buffer),
          );
        }
      }),
      { numRuns: 120 },
    );
  });

  it('gives back every fact of a file', () => {
    const read = readIonex(join(makeIonex({ kinds: ['TEC', 'RMS', 'HEIGHT'] })), strict);
    read.aux.push({ name: 'DIFFERENTIAL CODE BIASES', lines: ['   G01    -8.431     0.004'] });
    expect(readIonex(writeIonex(read), strict)).toEqual(read);
  });

  it('writes fixed columns of 80', () => {
    const grid = { latitudes: [87.5, 85], longitudes: Array.from({ length: 73 }, (_, i) => -180 + 5 * i) };
    const values = new Float32Array(2 * 73).fill(12.34);
    values[0] = Number.NaN;
    const lines = writeIonex({ grid, maps: { tec: { epochs: [0], values } } }).split('\n');
    const row = lines.findIndex((line) => line.includes('LAT/LON1'));
    expect(lines[0]).toBe('     1.0            IONOSPHERE MAPS     GNSS                IONEX VERSION / TYPE');
    expect(lines[row]).toBe(`    87.5-180.0 180.0   5.0 450.0${' '.repeat(28)}LAT/LON1/LON2/DLON/H`);
    expect(lines[row + 1]).toBe(` 9999${'  123'.repeat(15)}`);
    expect(lines[row + 5]).toBe('  123'.repeat(9));
    const labels = lines.filter((line) => /[A-Z]/.test(line));
    expect(labels.every((line) => line.length === 80)).toBe(true);
  });

  it('rounds to the exponent that is asked for', () => {
    const grid = { latitudes: [0], longitudes: [0] };
    const maps = { tec: { epochs: [0], values: Float32Array.from([12.3456]), exponents: [-1] } };
    const value = (exponent: number) =>
      readIonex(writeIonex({ grid, maps }, { exponent })).maps.tec.values[0];
    expect(value(-3)).toBe(Math.fround(12.346));
    expect(value(0)).toBe(12);
    expect(value(1)).toBe(10);
  });

  it('fills in what is left out', () => {
    const maps = { tec: { epochs: [6 * HOUR, 7 * HOUR], values: new Float32Array(2) } };
    const grid = { latitudes: [50], longitudes: [10], heightKm: 350 };
    expect(readIonex(writeIonex({ grid, maps }), strict)).toMatchObject({
      firstEpoch: 6 * HOUR,
      lastEpoch: 7 * HOUR,
      interval: HOUR,
      heights: [350],
      exponent: -1,
      baseRadiusKm: 6371,
    });
  });

  it('keeps long, many-lined and foreign text apart from the format', () => {
    const maps = { tec: { epochs: [0], values: new Float32Array(1) } };
    const grid = { latitudes: [50], longitudes: [10] };
    const long = 'x'.repeat(100);
    const file = { grid, maps, comments: [`first\nsecond\u0007`, long], description: ['Überblick'] };
    const read = readIonex(writeIonex(file), strict);
    expect(read.comments).toEqual(['first', 'second', 'x'.repeat(60), 'x'.repeat(40)]);
    expect(read.description).toEqual(['Überblick']);
  });

  const one = (value: number): IonexContent => ({
    grid: { latitudes: [50], longitudes: [10] },
    maps: { tec: { epochs: [0], values: Float32Array.from([value]) } },
  });
  it.each([
    [
      'a value that reads as missing',
      one(999.9),
      /taken as missing at exponent -1\. Choose another exponent/,
    ],
    ['a value too large', one(10_000), /does not fit five columns/],
    ['a value too small', one(-1000), /does not fit five columns/],
    ['an infinite value', one(Number.POSITIVE_INFINITY), /does not fit/],
    ['no maps', { ...one(1), maps: {} }, /at least one map/],
    ['an uneven axis', { ...one(1), grid: { latitudes: [1, 2, 4], longitudes: [10] } }, /evenly spaced/],
    ['too few values', { ...one(1), grid: { latitudes: [1, 2], longitudes: [10] } }, /1 × 2 values, got 1/],
    [
      'an axis that does not fit its columns',
      { ...one(1), grid: { latitudes: [1 / 3], longitudes: [10] } },
      /fit 6 columns/,
    ],
    [
      'parts of a second',
      { ...one(1), maps: { tec: { epochs: [1], values: new Float32Array(1) } } },
      /whole seconds/,
    ],
    [
      'no time',
      { ...one(1), maps: { tec: { epochs: [Number.NaN], values: new Float32Array(1) } } },
      /whole seconds/,
    ],
    ['a wild exponent', { ...one(1), exponent: 12 }, /exponent must be/],
    ['a version 2', { ...one(1), version: 2 }, /version must be 1 or 1\.1/],
    [
      'labels in auxiliary lines',
      { ...one(1), aux: [{ name: 'a', lines: [`${' '.repeat(60)}END OF HEADER`] }] },
      /auxiliary data/,
    ],
  ] as [string, IonexContent, RegExp][])('refuses %s', (_name, file, message) => {
    expect(() => writeIonex(file)).toThrow(IonexError);
    expect(() => writeIonex(file)).toThrow(message);
  });
});
