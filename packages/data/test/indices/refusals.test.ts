import { describe, expect, it } from 'vitest';
import { DAY, HOUR, IndexError, readDst, readIndices, readKpGfz } from '../../src/index.ts';
import * as rows from './rows.ts';

const START = Date.UTC(2016, 1, 28);
const made: rows.MadeDay = {
  thirds: [0, 1, 2, 8, 9, 10, 26, 27],
  f107: 98.4,
  adjusted: 95.1,
  dst: Array.from({ length: 24 }, (_, hour) => hour - 30),
};
const day = (i: number) => rows.gfzDaily(START + i * DAY, made);
const wdc = rows.kpWdc(START, made);
const json = JSON.parse(rows.gfzJson(START, [made]));
const omni = rows.omni2(START, made);

/** Text, what the message must say, and the line. */
const refused: [what: string, text: string, message: RegExp, line: number | undefined][] = [
  ['an empty text', '', /no format known here.*no data in it/, undefined],
  ['a web page', '<!DOCTYPE html>\n<p>404', /looks like a web page/, undefined],
  ['a compressed file', '\u001f\u008b\u0008\u0000', /still compressed/, undefined],
  ['a CSV of something else', 'a,b\n1,2', /It begins with "a,b"/, undefined],
  ['a header alone', '# YYYY MM DD\n#\n', /no data in it/, undefined],
  ['Kp above 9', day(0).replace('9.000', '9.333'), /Kp must be in 0 … 9 in thirds, got 9.333/, 1],
  ['Kp between thirds', day(0).replace('2.667', '2.500'), /in thirds, got 2.500/, 1],
  ['negative Kp', day(0).replace(' 2.667', '-2.667'), /got -2.667/, 1],
  ['an ap that is none', day(0).replace(' 400 ', ' 401 '), /ap must be one of 0, 2.*, got 401/, 1],
  ['month 13', day(0).replace('2016 02 28', '2016 13 28'), /month 13/, 1],
  ['30 February', day(0).replace('2016 02 28', '2016 02 30'), /expected a date.*day 30/, 1],
  ['an absurd year', day(0).replace('2016', '0016'), /year must be in 1868/, 1],
  [
    'a date that contradicts its day number',
    `${day(0)}\n${day(1).replace('02 29', '03 09')}`,
    /days since/,
    2,
  ],
  ['a ragged row', `${day(0)}\n${day(1).slice(0, -10)}`, /expected 28 fields, got 2[67].*cut off/, 2],
  ['a letter in a number', day(0).replace('98.4', '9B.4'), /observed F10.7 must be a number, got "9B.4"/, 1],
  ['F10.7 of zero', day(0).replace('98.4', ' 0.0'), /f107 must be in 20 … 2000/, 1],
  ['a day twice', `#\n${day(0)}\n${day(0)}`, /2016-02-28 00:00 appears twice/, 3],
  ['days out of order', `${day(1)}\n${day(0)}`, /in order of time, got 2016-02-28.* after 2016-02-29/, 2],
  ['a gap of 40 years', `${day(-15_000)}\n${day(0)}`, /no gap longer than 10 years, got 41/, 2],
  ['D of 7', `${day(0).slice(0, -1)}7`, /D must be in 0 … 2, got 7/, 1],
  [
    'Hp60 taken for Kp',
    rows.gfzThreeHourly(START, made).replace('03.0 04.50', '01.0 01.50'),
    /Is this a file of Hp30 or Hp60/,
    2,
  ],
  ['a WDC row cut off', `${wdc}\n${wdc.slice(0, 40)}`, /cut off/, 2],
  ['WDC Kp × 10 that is no third', wdc.replace('27', '25'), /Kp × 10 must be one of .* got "25"/, 1],
  ['broken JSON', '{"datetime":["2016', /expected JSON.*cut off/, undefined],
  [
    'JSON of another index',
    JSON.stringify({ datetime: [], Hp30: [] }),
    /got only "datetime", "Hp30"/,
    undefined,
  ],
  ['lists of different length', JSON.stringify({ ...json, Kp: [1] }), /got 1 and 8/, undefined],
  ['a status list too short', JSON.stringify({ ...json, status: [] }), /status as times/, undefined],
  [
    'Kp as text',
    JSON.stringify({ ...json, Kp: ['1', 1, 1, 1, 1, 1, 1, 1] }),
    /Kp must be a number, got "1"/,
    1,
  ],
  ['Kp as a list of lists', JSON.stringify({ ...json, Kp: [[1], 1, 1, 1, 1, 1, 1, 1] }), /got an object/, 1],
  ['a time that is no text', JSON.stringify({ datetime: [5], Kp: [1] }), /datetime must be like/, 1],
  ['Kp at 01 h', JSON.stringify({ datetime: ['2016-01-01T01:00:00Z'], Kp: [1] }), /must be 0, 3 … 21 h/, 1],
  ['the year 9999', JSON.stringify({ datetime: ['9999-01-01T00:00:00Z'], Kp: [1] }), /year must be/, 1],
  ['a Dst row cut off', rows.dstWdc(START, made).slice(0, 100), /cut off/, 1],
  ['an absurd Dst', rows.dstWdc(START, made).replace(' -30', '2000'), /dst must be in −3000 … 1000/, 1],
  ['hour 24 of OMNI2', omni.split('\n')[0]!.replace(' 0 ', '24 '), /hour must be in 0 … 23/, 1],
  ['day 366 of OMNI2 2017', omni.replaceAll('2016  59', '2017 366'), /1 … 365, got 366 in 2017/, 1],
  [
    'OMNI2 hours of one interval that disagree',
    omni
      .split('\n')
      .slice(0, 2)
      .join('\n')
      .replace(/ 0( 0\.0 +-29 )/, ' 3$1'),
    /kp must be one value over its interval/,
    2,
  ],
  [
    'CelesTrak cut off',
    rows.celestrakFile([rows.celestrak(START, made)]).split('END')[0]!,
    /cut off/,
    undefined,
  ],
  [
    'CelesTrak without one of its days',
    rows.celestrakFile([rows.celestrak(START, made)]).replace('POINTS 1', 'POINTS 2'),
    /the 2 observed days that the file states, got 1/,
    undefined,
  ],
  [
    'only predictions',
    rows.celestrakFile([], [rows.celestrak(START, made)]),
    /got only 1 predicted rows/,
    undefined,
  ],
  [
    'CelesTrak CSV without a column',
    rows.CELESTRAK_CSV_HEADER.replace('KP3,', ''),
    /expected the columns KP3/,
    1,
  ],
  [
    'an unknown type of F10.7',
    `${rows.CELESTRAK_CSV_HEADER}\n${rows.celestrakCsv(START, made, 'XYZ')}`,
    /must be OBS, INT, PRD or PRM, got "XYZ"/,
    2,
  ],
  ['a GFZ CSV with a short row', `${rows.GFZ_CSV_HEADER}\n2016-01-01,1,2`, /expected 10 fields, got 3/, 2],
];

describe('readIndices refuses', () => {
  it.each(refused)('%s', (_, text, message, line) => {
    let error: unknown;
    try {
      readIndices(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(IndexError);
    expect((error as IndexError).message).toMatch(message);
    expect((error as IndexError).message).toMatch(/^indices: /);
    expect((error as IndexError).line).toBe(line);
  });

  it('a format it is told that is not the one of the file', () => {
    expect(() => readIndices(day(0), { format: 'dst-wdc' })).toThrow(/line 1: expected a row like 'DST0601/);
    expect(() => readIndices(day(0), { format: 'nonsense' as 'omni2' })).toThrow(
      /format must be 'auto' or one of/,
    );
  });
});

it('a message stays short, whatever the file holds', () => {
  const digits = day(0).replace(/(2016 02 28) \d+/, `$1 ${'9'.repeat(100_000)}`);
  expect(() => readIndices(digits)).toThrow(IndexError);
  try {
    readIndices(digits);
  } catch (error) {
    expect((error as Error).message.length).toBeLessThan(700);
  }
});

describe('lenient reading', () => {
  it('drops damaged rows whole, with a warning and the line', () => {
    const text = [day(0), day(1).replace('9.000', '9.900'), day(2)].join('\n');
    const { kp, ap, f107, skipped, warnings, rows: count } = readKpGfz(text, { lenient: true });
    expect(count).toBe(2);
    expect(skipped.damaged).toBe(1);
    expect(warnings).toEqual([
      { line: 2, message: 'indices: line 2: Kp must be in 0 … 9 in thirds, got 9.900.' },
    ]);
    for (const series of [kp!, ap!]) {
      expect([...series.values].slice(8, 16).every(Number.isNaN)).toBe(true);
      expect(series.values).toHaveLength(24);
    }
    expect([...f107!.values].map(Number.isNaN)).toEqual([false, true, false]);
  });

  it('sorts rows and keeps the first of two', () => {
    const other = { ...made, dst: made.dst.map(() => -7) };
    const text = [
      rows.dstWdc(START + DAY, made),
      rows.dstWdc(START, other),
      rows.dstWdc(START + DAY, other),
    ].join('\n');
    const { dst, warnings, skipped } = readDst(text, { lenient: true });
    expect(dst!.start).toBe(START);
    expect([...dst!.values]).toEqual([...other.dst, ...made.dst]);
    expect(warnings.map((each) => each.line)).toEqual([2, 3]);
    expect(skipped.damaged).toBe(1);
  });

  it('reports at most 100 warnings', () => {
    const broken = Array.from({ length: 300 }, (_, i) => day(i + 1).replace('9.000', '9.900'));
    const { warnings, skipped } = readIndices([day(0), ...broken].join('\n'), { lenient: true });
    expect(skipped.damaged).toBe(300);
    expect(warnings).toHaveLength(100);
    expect(warnings.at(-1)!.message).toBe('and 201 more warnings');
  });

  it('gives up after 10,000 damaged rows', () => {
    expect(() => readDst('x\n'.repeat(20_000), { lenient: true })).toThrow(
      /more than 10000 damaged rows; the first/,
    );
  });

  it('still throws where nothing could be read, and says why', () => {
    expect(() => readDst('nothing', { lenient: true })).toThrow(
      /no row could be read; the first one: .*line 1/,
    );
  });

  it('reads a CelesTrak file that is cut off', () => {
    const text = rows.celestrakFile([0, 1].map((i) => rows.celestrak(START + i * DAY, made)));
    const indices = readIndices(text.slice(0, text.indexOf('END') - 80), { lenient: true });
    expect(indices.skipped.damaged).toBe(1);
    expect(indices.rows).toBe(1);
    expect(indices.warnings).toHaveLength(2);
    expect(indices.kp!.step).toBe(3 * HOUR);
  });
});
