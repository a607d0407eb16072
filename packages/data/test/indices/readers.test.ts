import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AP_OF_THIRDS,
  availableAt,
  DAY,
  detectIndexFormat,
  HOUR,
  type Indices,
  kpFromDecimal,
  kpFromTenths,
  lengthOf,
  readIndices,
  type Series,
} from '../../src/index.ts';
import * as rows from './rows.ts';

const START = Date.UTC(2016, 1, 28);

const made: rows.MadeDay = {
  thirds: [0, 1, 2, 8, 9, 10, 26, 27],
  f107: 98.4,
  adjusted: 95.1,
  dst: Array.from({ length: 24 }, (_, hour) => hour - 30),
};

/** Every format as text of consecutive days from `start`. */
function write(format: string, start: number, days: rows.MadeDay[]): string {
  const lines = (row: (time: number, day: rows.MadeDay) => string) =>
    days.map((day, i) => row(start + i * DAY, day));
  switch (format) {
    case 'gfz-daily':
      return `# header\n#YYY MM DD\n${lines(rows.gfzDaily).join('\n')}\n`;
    case 'gfz-3h':
      return lines(rows.gfzThreeHourly).join('\n');
    case 'gfz-json':
      return rows.gfzJson(start, days);
    case 'gfz-csv':
      return [rows.GFZ_CSV_HEADER, ...lines(rows.gfzCsv)].join('\n');
    case 'kp-wdc':
      return ['# header', ...lines(rows.kpWdc)].join('\r\n');
    case 'celestrak':
      return rows.celestrakFile(lines(rows.celestrak));
    case 'celestrak-csv':
      return [rows.CELESTRAK_CSV_HEADER, ...lines(rows.celestrakCsv)].join('\r\n');
    case 'omni2':
      return lines(rows.omni2).join('\n');
    default:
      return lines(rows.dstWdc).join('\n');
  }
}

const FORMATS = {
  'gfz-daily': ['kp', 'ap', 'f107', 'f107Adjusted'],
  'gfz-3h': ['kp', 'ap'],
  'gfz-json': ['kp'],
  'gfz-csv': ['kp'],
  'kp-wdc': ['kp', 'ap'],
  celestrak: ['kp', 'ap', 'f107', 'f107Adjusted'],
  'celestrak-csv': ['kp', 'ap', 'f107', 'f107Adjusted'],
  omni2: ['kp', 'ap', 'f107Adjusted', 'dst'],
  'dst-wdc': ['dst'],
} as const;

/** What a reader must give for `days`. */
function expected(days: rows.MadeDay[]): Record<string, Float32Array> {
  return {
    kp: Float32Array.from(days.flatMap((day) => day.thirds.map((each) => each / 3))),
    ap: Float32Array.from(days.flatMap((day) => day.thirds.map((each) => AP_OF_THIRDS[each]!))),
    f107: Float32Array.from(days.map((day) => day.f107)),
    f107Adjusted: Float32Array.from(days.map((day) => day.adjusted)),
    dst: Float32Array.from(days.flatMap((day) => day.dst)),
  };
}

const NAMES = ['kp', 'ap', 'f107', 'f107Adjusted', 'dst'] as const;

function present(indices: Indices): string[] {
  return NAMES.filter((name) => indices[name]);
}

describe('readIndices', () => {
  for (const [format, names] of Object.entries(FORMATS)) {
    it(`reads ${format} and tells it from the others`, () => {
      const property = fc.property(
        fc.array(rows.madeDay, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 20_000 }),
        (days, offset) => {
          const start = Date.UTC(1975, 0, 1) + offset * DAY;
          const text = write(format, start, days);
          expect(detectIndexFormat(text)).toBe(format);
          const indices = readIndices(text);
          expect(indices.format).toBe(format);
          expect(present(indices)).toEqual(names);
          const want = expected(days);
          for (const name of names) {
            const series = indices[name]!;
            expect(series.start).toBe(start);
            expect(series.values).toEqual(want[name]);
          }
          expect(indices.warnings).toEqual([]);
          expect(indices.skipped).toEqual({ predicted: 0, interpolated: 0, damaged: 0 });
        },
      );
      fc.assert(property, { numRuns: 50 });
    });
  }

  it('knows each value at the end of its interval, later by the stated latency', () => {
    const text = write('omni2', START, [made]);
    const { kp, f107Adjusted, dst } = readIndices(text);
    const known = (series: Series, time: number) => availableAt(series.channels[0]!, time) - time;
    expect([kp!.step, f107Adjusted!.step, dst!.step]).toEqual([3 * HOUR, DAY, HOUR]);
    expect(known(kp!, START)).toBe(3 * HOUR);
    expect(known(f107Adjusted!, START)).toBe(DAY);
    expect(known(dst!, START)).toBe(HOUR);
    const late = readIndices(text, { latency: { kp: 2 * HOUR } });
    expect(known(late.kp!, START)).toBe(5 * HOUR);
    expect(known(late.dst!, START)).toBe(HOUR);
    expect(known(readIndices(text, { latency: HOUR }).dst!, START)).toBe(2 * HOUR);
  });

  it('names one channel per series, with its unit', () => {
    const { kp, ap, f107 } = readIndices(write('gfz-daily', START, [made]));
    expect(kp!.channels).toEqual([{ name: 'kp', unit: '1', interval: 3 * HOUR }]);
    expect(ap!.channels).toEqual([{ name: 'ap', unit: '2 nT', interval: 3 * HOUR }]);
    expect(f107!.channels).toEqual([{ name: 'f107', unit: 'sfu', interval: DAY }]);
  });

  it('fills days left out with NaN', () => {
    const text = [rows.gfzDaily(START, made), rows.gfzDaily(START + 3 * DAY, made)].join('\n');
    const { kp, f107, definitive } = readIndices(text);
    expect(lengthOf(kp!)).toBe(32);
    expect(lengthOf(f107!)).toBe(4);
    expect([...f107!.values].map(Number.isNaN)).toEqual([false, true, true, false]);
    expect([...kp!.values].map(Number.isNaN).indexOf(true)).toBe(8);
    expect([...kp!.values].map(Number.isNaN).lastIndexOf(true)).toBe(23);
    expect([...definitive.kp!].map((flag) => flag === 1)).toEqual(
      [...kp!.values].map((v) => !Number.isNaN(v)),
    );
  });

  it('keeps the length of a day whose last values are not there yet', () => {
    const row = rows
      .gfzDaily(START, made)
      .replace(/9\.000( +\d+)/, '-1.000$1')
      .replace(' 400 ', '  -1 ');
    const { kp, ap } = readIndices(row);
    expect(lengthOf(kp!)).toBe(8);
    expect([kp!.values[6], kp!.values[7]]).toEqual([Math.fround(26 / 3), Number.NaN]);
    expect(ap!.values[7]).toBeNaN();
    const wdc = rows.kpWdc(START, made);
    const blank = `${wdc.slice(0, 26)}     ${wdc.slice(31, 52)}   ${wdc.slice(55)}`;
    expect(readIndices(blank).kp!.values[7]).toBeNaN();
    expect(readIndices(blank).ap!.values[7]).toBeNaN();
    expect(readIndices(blank).kp!.values[6]).toBe(Math.fround(26 / 3));
  });

  it('tells definitive values from preliminary ones', () => {
    const text = [rows.gfzDaily(START, made, 2), rows.gfzDaily(START + DAY, made, 0)].join('\n');
    expect([...readIndices(text).definitive.kp!]).toEqual([...Array(8).fill(1), ...Array(8).fill(0)]);
    expect(readIndices(rows.gfzJson(START, [made], 'Kp', 'pre')).definitive.kp![0]).toBe(0);
    expect(readIndices(rows.gfzJson(START, [made], 'ap', '')).definitive).toEqual({});
    expect(readIndices(rows.dstWdc(START, made, '1')).definitive.dst![0]).toBe(0);
    expect(readIndices(rows.dstWdc(START, made, ' ')).definitive).toEqual({});
  });

  it('never takes predictions or interpolated fluxes of CelesTrak for observations', () => {
    const observed = [rows.celestrak(START, made, 0), rows.celestrak(START + DAY, made, 4)];
    const predicted = [
      rows.celestrak(START + 2 * DAY, made, ' '),
      rows.celestrak(START + 3 * DAY, made, ' '),
    ];
    const indices = readIndices(rows.celestrakFile(observed, predicted));
    expect(indices.skipped).toEqual({ predicted: 2, interpolated: 1, damaged: 0 });
    expect(lengthOf(indices.kp!)).toBe(16);
    expect([...indices.f107!.values]).toEqual([Math.fround(98.4), Number.NaN]);
    expect([...indices.f107Adjusted!.values]).toEqual([Math.fround(95.1), Number.NaN]);
    const csv = ['OBS', 'INT', 'PRD', 'PRM'].map((type, i) => rows.celestrakCsv(START + i * DAY, made, type));
    const fromCsv = readIndices([rows.CELESTRAK_CSV_HEADER, ...csv].join('\n'));
    expect(fromCsv.skipped).toEqual({ predicted: 2, interpolated: 1, damaged: 0 });
    expect(fromCsv.f107!.values).toEqual(indices.f107!.values);
    expect(fromCsv.kp!.values).toEqual(indices.kp!.values);
  });

  it('reads the fill values of OMNI2 and of Dst as missing', () => {
    const row = rows.omni2(START, made).split('\n')[5]!.trim().split(' ').filter(Boolean);
    [row[38], row[40], row[49], row[50]] = ['99', '99999', '999', '999.9'];
    const omni = readIndices(row.join(' '));
    for (const name of FORMATS.omni2) expect([...omni[name]!.values]).toEqual([Number.NaN]);
    const dst = readIndices(rows.dstWdc(START, { ...made, dst: [9999, ...made.dst.slice(1)] }));
    expect([...dst.dst!.values.slice(0, 2)]).toEqual([Number.NaN, -29]);
  });

  it('adds the base of Dst, and knows blank centuries', () => {
    const row = rows.dstWdc(START, made);
    expect(readIndices(row.replace('20   0', '20  -1')).dst!.values[0]).toBe(-130);
    expect(readIndices(row.replace('20   0', '       '.slice(1))).dst!.start).toBe(START);
    const old = rows.dstWdc(Date.UTC(1989, 2, 13), made).replace('X219', 'X2  ');
    expect(readIndices(old).dst!.start).toBe(Date.UTC(1989, 2, 13));
  });

  it('reads F10.7 of NGDC in WDC columns 66 to 70, unless interpolated', () => {
    const row = `${rows.kpWdc(START, made)} 12 95.10`;
    expect([...readIndices(row).f107Adjusted!.values]).toEqual([Math.fround(95.1)]);
    const interpolated = readIndices(`${row.slice(0, -1)}2`);
    expect([...interpolated.f107Adjusted!.values]).toEqual([Number.NaN]);
    expect(interpolated.skipped.interpolated).toBe(1);
  });

  it('reads ap, and daily fluxes, from the JSON of the web service', () => {
    expect(readIndices(rows.gfzJson(START, [made], 'ap')).ap!.values).toEqual(expected([made]).ap);
    const json = { datetime: ['2016-02-28T00:00:00Z', '2016-03-01T00:00:00Z'], Fobs: [98.4, null] };
    expect([...readIndices(JSON.stringify(json)).f107!.values]).toEqual([
      Math.fround(98.4),
      Number.NaN,
      Number.NaN,
    ]);
  });

  it('reads a byte order mark, CRLF and blank lines', () => {
    const text = `\ufeff${write('gfz-daily', START, [made, made]).replaceAll('\n', '\r\n\r\n')}`;
    expect(readIndices(text).rows).toBe(2);
    expect(readIndices(`\ufeff${rows.gfzJson(START, [made])}`).rows).toBe(8);
  });
});

describe('Kp codes', () => {
  it('are exact thirds', () => {
    for (let thirds = 0; thirds <= 27; thirds++) {
      expect(kpFromTenths(Math.round((thirds * 10) / 3))).toBe(thirds / 3);
      expect(kpFromDecimal(Number((thirds / 3).toFixed(3)))).toBe(thirds / 3);
      expect(kpFromDecimal(Number((thirds / 3).toFixed(2)))).toBe(thirds / 3);
    }
    expect([kpFromTenths(27), kpFromTenths(33)]).toEqual([8 / 3, 10 / 3]);
  });

  it('are nothing else', () => {
    const codes = new Set(Array.from({ length: 28 }, (_, thirds) => Math.round((thirds * 10) / 3)));
    for (let code = -20; code < 120; code++) {
      if (!codes.has(code)) expect(kpFromTenths(code)).toBeNaN();
    }
    for (const value of [-1, 0.5, 2.5, 2.65, 9.333, 99, Number.NaN]) expect(kpFromDecimal(value)).toBeNaN();
    for (const value of [2.7, 27.1, Number.NaN]) expect(kpFromTenths(value)).toBeNaN();
  });
});
