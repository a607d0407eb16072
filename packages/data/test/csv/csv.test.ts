import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type CsvColumn,
  CsvError,
  type CsvOptions,
  DAY,
  HOUR,
  kpFromTenths,
  lengthOf,
  readCsv,
  type Series,
  writeCsv,
} from '../../src/index.ts';

const tec: Record<string, CsvColumn> = { tec: { unit: 'TECU' } };
const START = Date.UTC(2017, 0, 1);
const values = (series: Series) => [...series.values];

describe('readCsv', () => {
  it('reads named columns into channels, in the order asked for', () => {
    const text = 'time,VTEC_10N,Kp index\n2017-01-01T00:00Z,5.9,33\n2017-01-01T01:00Z,5.4,27\n';
    const series = readCsv(text, {
      time: 'time',
      columns: {
        kp: { from: 'Kp index', unit: '1', interval: 3 * HOUR, latency: HOUR, scale: kpFromTenths },
        vtec: { from: 'VTEC_10N', unit: 'TECU' },
        mTEC: { from: 'VTEC_10N', unit: 'mTECU', scale: 1000, known: 'always' },
      },
    });
    expect(series).toEqual({
      start: START,
      step: HOUR,
      shape: [3],
      channels: [
        { name: 'kp', unit: '1', interval: 3 * HOUR, latency: HOUR },
        { name: 'vtec', unit: 'TECU' },
        { name: 'mTEC', unit: 'mTECU', known: 'always' },
      ],
      values: Float32Array.of(10 / 3, 5.9, 5900, 8 / 3, 5.4, 5400),
    });
  });

  const times: [what: string, time: CsvOptions['time'], rows: string[], start: number, step: number][] = [
    ['a date', 'time', ['time', '2017-01-01', '2017-01-02'], START, DAY],
    [
      'a time without a zone as UTC',
      'time',
      ['time', '2017-01-01 00:00', '2017-01-01 00:30'],
      START,
      HOUR / 2,
    ],
    ['an offset', 'time', ['time', '2017-01-01T02:00+02:00', '2016-12-31T23:00:00-0200'], START, HOUR],
    ['fractions', 'time', ['time', '2017-01-01T00:00:00.25', '2017-01-01T00:00:00.750Z'], START + 250, 500],
    ['hour 24', 'time', ['time', '2016-12-31T24:00', '2017-01-01T01:00'], START, HOUR],
    ['seconds', { from: 'time', as: 's' }, ['time', '1483228800', '1483232400'], START, HOUR],
    ['milliseconds', { from: 'time', as: 'ms' }, ['time', '1483228800000', '1483228800500'], START, 500],
    [
      'day of the year and hour',
      { year: 'Year', dayOfYear: 'DOY', hour: 'Hour' },
      ['Year,DOY,Hour ', '2016,366,23', '2017,1,0'],
      START - HOUR,
      HOUR,
    ],
    [
      'month and day',
      { year: 'y', month: 'm', day: 'd' },
      ['y,m,d', '2016,12,31', '2017,1,1'],
      START - DAY,
      DAY,
    ],
    [
      'every part',
      { year: 'y', month: 'm', day: 'd', hour: 'h', minute: 'min', second: 's' },
      ['y,m,d,h,min,s', '2017,1,1,0,0,0', '2017,1,1,0,0,30'],
      START,
      30_000,
    ],
    [
      'fractions of an hour',
      { year: 'y', month: 'm', day: 'd', hour: 'h' },
      ['y,m,d,h', '2017,1,1,0', '2017,1,1,0.333333', '2017,1,1,0.666667'],
      START,
      HOUR / 3,
    ],
  ];
  it.each(times)('reads %s', (_, time, rows, start, step) => {
    const text = rows.map((row, i) => `${row.replaceAll(',', ';')};${i === 0 ? 'tec' : i}`).join('\n');
    const series = readCsv(text, { time, columns: tec });
    expect([series.start, series.step]).toEqual([start, step]);
    expect(values(series)).toEqual(rows.slice(1).map((_each, i) => i + 1));
  });

  it('finds the delimiter, trims names, understands quotes, CRLF and a byte order mark', () => {
    for (const d of [',', ';', '\t', '|']) {
      const text = `\ufeff time ${d}" tec "\r\n2017-01-01${d}"1"\r\n"2017-01-02"${d} 2 \r\n\r\n`;
      expect(values(readCsv(text, { time: 'time', columns: tec }))).toEqual([1, 2]);
    }
    const quoted = 'time,note,tec\n2017-01-01,"a, ""b""\nc",1\n2017-01-02,,2\n';
    expect(values(readCsv(quoted, { time: 'time', columns: tec }))).toEqual([1, 2]);
  });

  it('finds the delimiter by the names it looks for, not by counting', () => {
    const text = 'a, b;time;tec\n1, 2;2017-01-01;1\n1, 2;2017-01-02;2\n';
    expect(values(readCsv(text, { time: 'time', columns: tec }))).toEqual([1, 2]);
    expect(
      values(
        readCsv(text, {
          time: 'time',
          columns: { tec: { from: 'a, b', unit: '1', scale: 1 } },
          missing: ['1, 2'],
        }),
      ),
    ).toEqual([Number.NaN, Number.NaN]);
  });

  it('reads decimal commas', () => {
    const text = 'time;tec\n2017-01-01;1,5\n2017-01-02;-,25\n2017-01-03;3';
    const options: CsvOptions = { time: 'time', columns: tec, decimal: ',' };
    expect(values(readCsv(text, options))).toEqual([1.5, -0.25, 3]);
    expect(() => readCsv(text.replace('1,5', '1.5'), options)).toThrow(
      /row 2, column "tec": expected a finite/,
    );
    const quoted = text.replaceAll(';', '\t');
    expect(values(readCsv(quoted, options))).toEqual([1.5, -0.25, 3]);
  });

  it('makes gaps, empty cells and missing tokens NaN', () => {
    const text = 'time,tec\n2017-01-01,1\n2017-01-02,\n2017-01-03,NaN\n2017-01-04,9999\n2017-01-07,-1e-3\n';
    const series = readCsv(text, { time: 'time', columns: tec, missing: ['9999'] });
    expect(lengthOf(series)).toBe(7);
    const nan = Number.NaN;
    expect(values(series)).toEqual([1, nan, nan, nan, nan, nan, Math.fround(-1e-3)]);
  });

  it('takes the step it is given', () => {
    const text = 'time,tec\n2017-01-01,1\n2017-01-03,2\n';
    expect(values(readCsv(text, { time: 'time', columns: tec, step: DAY }))).toEqual([1, Number.NaN, 2]);
    const single = 'time,tec\n2017-01-01,1\n';
    expect(readCsv(single, { time: 'time', columns: tec, step: DAY }).step).toBe(DAY);
  });
});

const rows = (...lines: string[]) => ['time,tec', ...lines].join('\n');
const refused: [what: string, text: string, options: Partial<CsvOptions>, message: RegExp, row?: number][] = [
  ['an empty text', '', {}, /expected a header/],
  ['blank lines only', '\n \n', {}, /expected a header/],
  ['a header alone', 'time,tec\n', {}, /expected rows of data/],
  [
    'a column that is not there',
    rows('2017-01-01,1'),
    { columns: { a: { unit: '1' } } },
    /column "a", got "time", "tec"/,
  ],
  [
    'the wrong delimiter',
    rows('2017-01-01,1'),
    { delimiter: ';' },
    /expected a column "tec", got "time,tec". Is the delimiter right/,
  ],
  ['a column twice', 'time,tec,tec\n2017-01-01,1,2', {}, /expected one column "tec", got several/],
  ['no columns', rows('2017-01-01,1'), { columns: {} }, /at least one column/],
  ['a text for a number', rows('2017-01-01,1', '2017-01-02,x'), {}, /row 3, column "tec": .* got "x"/, 3],
  ['a hexadecimal number', rows('2017-01-01,0x10', '2017-01-02,1'), {}, /got "0x10"/, 2],
  ['Infinity', rows('2017-01-01,Infinity', '2017-01-02,1'), {}, /got "Infinity"/, 2],
  [
    'a number beyond 32-bit floats',
    rows('2017-01-01,1e39', '2017-01-02,1'),
    {},
    /finite number, got "1e39"/,
    2,
  ],
  ['a ragged row', rows('2017-01-01,1', '2017-01-02'), {}, /expected 2 cells.*got 1/, 3],
  ['an open quote', rows('2017-01-01,"1', '2017-01-02,2'), {}, /broken quotes/],
  [
    'local dates',
    rows('1/2/2017,1', '2/2/2017,2'),
    {},
    /expected a time like 2016-01-31T06:00, got "1\/2\/2017"/,
    2,
  ],
  ['numbers for ISO times', rows('1483228800,1'), {}, /say time: \{ from: 'time', as: 's' \}/, 2],
  ['30 February', rows('2017-02-30,1'), {}, /expected a time/, 2],
  ['hour 25', rows('2017-02-01T25:00,1'), {}, /expected a time/, 2],
  ['a time twice', rows('2017-01-01,1', '', '2017-01-01,2'), {}, /appears twice, here and in row 2/, 4],
  ['times out of order', rows('2017-01-02,1', '2017-01-01,2'), {}, /must increase, got 2017-01-01.*Sort/, 3],
  [
    'uneven times',
    rows('2017-01-01,1', '2017-01-03,2', '2017-01-06,3'),
    {},
    /times must be even, got 2017-01-06/,
    4,
  ],
  ['a step that does not fit', rows('2017-01-01,1', '2017-01-02,2'), { step: 7 * HOUR }, /must be even/, 3],
  ['a single row without a step', rows('2017-01-01,1'), {}, /single row has no step/],
  ['a step of zero', rows('2017-01-01,1'), { step: 0 }, /step must be a positive whole number/],
  [
    'an absurd gap',
    rows('1970-01-01T00:00,1', '2017-01-01T00:00,2', '2017-01-01T01:00,3'),
    {},
    /Is a time wrong/,
  ],
  ['an absurd step', rows('1970-01-01,1', '2017-01-01,2'), { step: 1 }, /at most 67108864 values/],
  [
    'a scale that gives NaN',
    rows('2017-01-01,25'),
    { columns: { tec: { unit: '1', scale: kpFromTenths } }, step: DAY },
    /got "25"/,
    2,
  ],
  [
    'day 366 of 2017',
    rows('2017,366'),
    { time: { year: 'time', dayOfYear: 'tec' }, step: DAY },
    /2017 has no day 366/,
    2,
  ],
  [
    'month 13',
    'y,m,d,tec\n2017,13,1,1',
    { time: { year: 'y', month: 'm', day: 'd' }, step: DAY },
    /1 … 12, got "13"/,
    2,
  ],
  [
    '31 April',
    'y,m,d,tec\n2017,4,31,1',
    { time: { year: 'y', month: 'm', day: 'd' }, step: DAY },
    /has not/,
    2,
  ],
  [
    'seconds beyond all dates',
    rows('1e300,1'),
    { time: { from: 'time', as: 's' } },
    /expected a time in s/,
    2,
  ],
];

describe('readCsv refuses', () => {
  it.each(refused)('%s', (_, text, options, message, row) => {
    let error: unknown;
    try {
      readCsv(text, { time: 'time', columns: tec, ...options });
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(CsvError);
    expect((error as CsvError).message).toMatch(message);
    expect((error as CsvError).message).toMatch(/^csv: /);
    if (row !== undefined) expect((error as CsvError).row).toBe(row);
  });
});

/** Any finite 32-bit number, or NaN for a missing one. */
const value = fc.float({ noDefaultInfinity: true });
const name = fc
  .string({ minLength: 1, maxLength: 8 })
  .filter((text) => text.trim() === text && text !== 'time' && !/[\r\n\ufeff]/.test(text));

const series = fc
  .record({
    start: fc.integer({ min: -2e12, max: 4e12 }),
    step: fc.integer({ min: 1, max: 10 * DAY }),
    names: fc.uniqueArray(name, { minLength: 1, maxLength: 4 }),
    length: fc.integer({ min: 1, max: 12 }),
  })
  .chain(({ start, step, names, length }) =>
    fc.array(value, { minLength: names.length * length, maxLength: names.length * length }).map(
      (all): Series => ({
        start,
        step,
        shape: [names.length],
        channels: names.map((each) => ({ name: each, unit: '1' })),
        values: Float32Array.from(all),
      }),
    ),
  );

const columnsOf = (from: Series) =>
  Object.fromEntries(from.channels.map((each) => [each.name, { unit: '1' }]));

describe('writeCsv', () => {
  it('writes ISO times, short numbers and empty cells', () => {
    const text = writeCsv({
      start: START,
      step: HOUR,
      shape: [2],
      channels: [
        { name: 'kp', unit: '1' },
        { name: 'tec, raw', unit: 'TECU' },
      ],
      values: Float32Array.of(8 / 3, 0.1, Number.NaN, -12.5),
    });
    expect(text).toBe(
      'time,kp,"tec, raw"\n2017-01-01T00:00:00.000Z,2.6666667,0.1\n2017-01-01T01:00:00.000Z,,-12.5\n',
    );
  });

  it('is read back bit for bit', () => {
    const property = fc.property(series, fc.constantFrom(',', ';', '\t'), (made, delimiter) => {
      const text = writeCsv(made, { delimiter });
      const back = readCsv(text, { time: 'time', columns: columnsOf(made), step: made.step, delimiter });
      // Integer-like names change their place in an object: compare channel by channel.
      const order = made.channels.map((each) => back.channels.findIndex((other) => other.name === each.name));
      expect([back.start, back.step, lengthOf(back)]).toEqual([made.start, made.step, lengthOf(made)]);
      const size = made.channels.length;
      made.values.forEach((each, i) => {
        const other = back.values[Math.floor(i / size) * size + order[i % size]!]!;
        if (!Object.is(each, other)) throw new Error(`wrote ${each}, read ${other}`);
      });
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('refuses maps, infinite values, odd times and a channel called like the time', () => {
    const one = {
      start: 0,
      step: 1,
      shape: [1],
      channels: [{ name: 'a', unit: '1' }],
      values: Float32Array.of(1),
    };
    const grid = { latitudes: [0], longitudes: [0] };
    expect(() => writeCsv({ ...one, shape: [1, 1], grid })).toThrow(/maps cannot be written/);
    expect(() => writeCsv({ ...one, values: Float32Array.of(Number.POSITIVE_INFINITY) })).toThrow(/finite/);
    expect(() => writeCsv({ ...one, start: 0.5 })).toThrow(/whole ms/);
    expect(() => writeCsv({ ...one, start: 9e15 })).toThrow(/whole ms/);
    expect(() => writeCsv(one, { time: 'a' })).toThrow(/must differ from the channels/);
  });
});

describe('whatever the text', () => {
  const cell = fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom('2017-01-01', '2017-01-02', '1', '"', '\n', '-1e3'),
  );
  const table = fc
    .array(fc.array(cell, { maxLength: 4 }), { maxLength: 6 })
    .map((lines) => `time,tec\n${lines.map((line) => line.join(',')).join('\n')}`);
  it('readCsv gives a series or throws a CsvError', () => {
    const times: CsvOptions['time'][] = [
      'time',
      { from: 'time', as: 'ms' },
      { year: 'time', dayOfYear: 'tec' },
    ];
    const property = fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), table),
      fc.constantFrom(...times),
      fc.constantFrom(undefined, ',', ';'),
      (text, time, delimiter) => {
        try {
          const options: CsvOptions = { time, columns: tec };
          readCsv(text, delimiter === undefined ? options : { ...options, delimiter });
        } catch (error) {
          if (!(error instanceof CsvError)) throw error;
        }
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });
});
