import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { mapSize } from '../../src/ionex/ionex-file.ts';
import { readIonex } from '../../src/ionex/read-ionex.ts';
import { compressLzw } from '../compression/lzw-encoder.ts';
import { edit, epoch, find, join, labelLine, makeIonex } from './make-ionex.ts';

const strict = { mode: 'strict' } as const;
const time = (text: string) => Date.parse(text);

describe('readIonex on what the standard allows', () => {
  it('reads header and maps', () => {
    const file = readIonex(join(makeIonex({ kinds: ['TEC', 'RMS', 'HEIGHT'] })), {
      ...strict,
      file: 'a.20i',
    });
    expect(file).toMatchObject({
      file: 'a.20i',
      version: 1,
      system: 'GPS',
      program: 'maker',
      runBy: 'tests',
      date: '01-JAN-20 00:00',
      description: ['a file for tests'],
      firstEpoch: time('2020-01-08T00:00Z'),
      lastEpoch: time('2020-01-08T02:00Z'),
      interval: 7_200_000,
      mappingFunction: 'COSZ',
      elevationCutoff: 10,
      observables: 'carrier phase',
      stations: 170,
      satellites: 31,
      baseRadiusKm: 6371,
      dimension: 2,
      heights: [450],
      grid: { latitudes: [20, 0, -20], longitudes: [-180, -90, 0, 90], heightKm: 450 },
      exponent: -1,
      warnings: [],
    });
    expect(mapSize(file)).toBe(12);
    for (const kind of ['tec', 'rms', 'height'] as const) {
      expect(file.maps[kind].epochs).toEqual([time('2020-01-08T00:00Z'), time('2020-01-08T02:00Z')]);
      expect([...file.maps[kind].values.subarray(0, 5)]).toEqual([0, 0.1, 0.2, 0.3, 1].map(Math.fround));
      expect(file.maps[kind].values[23]).toBe(Math.fround(102.3));
    }
  });

  it('takes 9999 as missing, and negative and touching values as they are', () => {
    const values = [-9999, 12345, -1, 9999, 0, -0, 99_999, 9998, -12, 7, 9999, 1];
    const lines = makeIonex({ value: (_kind, _map, _layer, row, column) => values[row * 4 + column]! });
    const { maps } = readIonex(join(lines), strict);
    const expected = values.map((value) => (value === 9999 ? Number.NaN : Math.fround(value / 10) + 0));
    expect([...maps.tec.values.subarray(0, 12)]).toEqual(expected);
    expect(find(lines, '-999912345   -1 9999')).toBeGreaterThan(0);
  });

  it('reads rows of more than sixteen values', () => {
    const value = (_kind: string, map: number, _layer: number, row: number, column: number) =>
      map * 3000 + row * 1000 + column;
    const lines = makeIonex({ longitudes: [-180, 180, 5], value });
    expect(lines[find(lines, '   16   17')]).toHaveLength(80);
    const { maps } = readIonex(join(lines), strict);
    expect(maps.tec.values).toHaveLength(2 * 3 * 73);
    expect(maps.tec.values[3 * 73 + 2 * 73 + 72]).toBe(Math.fround(507.2));
  });

  it.each([
    ['south to north', [-87.5, 87.5, 2.5], [-180, 180, 5], 71, 73],
    ['0 to 360', [87.5, -87.5, -2.5], [0, 360, 5], 71, 73],
    ['regional', [60, 30, -0.5], [-10.5, 40, 0.5], 61, 102],
    ['eastward to west', [10, 0, -10], [30, -30, -15], 2, 5],
    ['a point', [10, 10, 0], [30, 30, 0], 1, 1],
  ] as const)('keeps the order of any grid: %s', (_name, latitudes, longitudes, rows, columns) => {
    const text = join(makeIonex({ latitudes: [...latitudes], longitudes: [...longitudes], value: () => 1 }));
    const { grid } = readIonex(text, strict);
    expect(grid.latitudes).toHaveLength(rows);
    expect(grid.longitudes).toHaveLength(columns);
    expect([grid.latitudes[0], grid.latitudes[rows - 1]]).toEqual([latitudes[0], latitudes[1]]);
    expect([grid.longitudes[0], grid.longitudes[columns - 1]]).toEqual([longitudes[0], longitudes[1]]);
  });

  it('reads three dimensions as [maps, heights, latitudes, longitudes]', () => {
    const file = readIonex(join(makeIonex({ heights: [200, 400, 100] })), strict);
    expect(file).toMatchObject({ dimension: 3, heights: [200, 300, 400] });
    expect(file.grid.heightKm).toBeUndefined();
    expect(file.maps.tec.values).toHaveLength(2 * 3 * 12);
    // Map 1, layer 2, row 1, column 3.
    expect(file.maps.tec.values[36 + 24 + 4 + 3]).toBe(Math.fround(121.3));
  });

  it('takes -1 where the header has no exponent', () => {
    const lines = makeIonex().filter((line) => !line.includes('EXPONENT'));
    expect(readIonex(join(lines), strict).maps.tec.values[1]).toBe(Math.fround(0.1));
  });

  it.each([
    [-3, 0.023],
    [0, 23],
    [2, 2300],
  ])('scales by exponent %i', (exponent, expected) => {
    const text = join(edit(makeIonex(), 'EXPONENT', () => labelLine(`    ${exponent}`, 'EXPONENT')));
    expect(readIonex(text).maps.tec.values[11]).toBe(Math.fround(expected));
  });

  it('lets an exponent inside a map persist, across maps and kinds', () => {
    const lines = makeIonex({ kinds: ['TEC', 'RMS'] });
    const second = find(lines, '     0.0-180.0');
    lines.splice(second, 0, labelLine('     0', 'EXPONENT'));
    const { maps } = readIonex(join(lines), strict);
    expect([...maps.tec.values.subarray(3, 6)]).toEqual([Math.fround(0.3), 10, 11]);
    expect(maps.tec.values[12]).toBe(1000);
    expect(maps.rms.values[1]).toBe(1);
    expect(maps.tec.exponents).toEqual([-1, 0]);
    expect(maps.rms.exponents).toEqual([0, 0]);
  });

  it('reads hour 24, minute 60 and second 60 as the next unit', () => {
    const epochs = [epoch(2019, 12, 31, 22), epoch(2019, 12, 31, 24)];
    expect(readIonex(join(makeIonex({ epochs })), strict).maps.tec.epochs[1]).toBe(time('2020-01-01T00:00Z'));
    const odd = [epoch(2020, 2, 28, 22, 59, 60), epoch(2020, 2, 29, 0, 60, 0)];
    expect(readIonex(join(makeIonex({ epochs: odd })), strict).maps.tec.epochs).toEqual([
      time('2020-02-28T23:00Z'),
      time('2020-02-29T01:00Z'),
    ]);
  });

  it('keeps auxiliary blocks and comments, wherever they stand', () => {
    const bias = labelLine('   G01    -8.431     0.004', 'PRN / BIAS / RMS');
    let lines = edit(makeIonex(), 'END OF HEADER', (line) => [
      labelLine('DIFFERENTIAL CODE BIASES', 'START OF AUX DATA'),
      bias,
      labelLine('DIFFERENTIAL CODE BIASES', 'END OF AUX DATA'),
      line,
      labelLine('between', 'COMMENT'),
    ]);
    lines = edit(lines, 'EPOCH OF CURRENT MAP', (line) => [line, labelLine('within', 'COMMENT')]);
    const file = readIonex(join(lines), strict);
    expect(file.aux).toEqual([{ name: 'DIFFERENTIAL CODE BIASES', lines: [bias.trimEnd()] }]);
    expect(file.comments).toEqual(['between', 'within']);
  });

  it('reads version 1.1', () => {
    const text = join(makeIonex()).replace('     1.0', '     1.1');
    expect(readIonex(text, strict).version).toBe(1.1);
  });

  it('tells packing by the bytes: text, gzip, .Z', () => {
    const text = join(makeIonex());
    const bytes = new TextEncoder().encode(text);
    const expected = readIonex(text);
    expect(readIonex(bytes)).toEqual(expected);
    expect(readIonex(gzipSync(bytes), { file: 'named.Z' })).toEqual({ ...expected, file: 'named.Z' });
    expect(readIonex(compressLzw(bytes), { file: 'named.gz' })).toEqual({ ...expected, file: 'named.gz' });
  });

  it.each([
    ['CR LF', '\r\n'],
    ['CR', '\r'],
  ])('reads lines ended by %s', (_name, end) => {
    const lines = makeIonex({ longitudes: [-180, 180, 5] });
    expect(readIonex(lines.join(end), strict)).toEqual(readIonex(lines.join('\n'), strict));
  });

  it('reads lines without trailing blanks, and text that is not ASCII', () => {
    const lines = edit(makeIonex(), 'DESCRIPTION', () => labelLine('Universität Bern', 'DESCRIPTION'));
    const expected = readIonex(join(lines), strict);
    expect(expected.description).toEqual(['Universität Bern']);
    expect(readIonex(join(lines.map((line) => line.trimEnd())), strict)).toEqual(expected);
  });

  it('ignores padding after the end', () => {
    const text = join(makeIonex());
    expect(readIonex(`${text}\n \n\u0000\u0000\u001a`, strict)).toEqual(readIonex(text, strict));
  });
});
