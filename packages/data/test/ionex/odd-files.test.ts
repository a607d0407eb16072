// What the standard does not allow. Each case names what strict says, and what lenient does about it.

import { describe, expect, it } from 'vitest';
import { IonexError } from '../../src/ionex/ionex-error.ts';
import type { IonexFile } from '../../src/ionex/ionex-file.ts';
import { readIonex } from '../../src/ionex/read-ionex.ts';
import { edit, epoch, find, join, labelLine, makeIonex } from './make-ionex.ts';

const base = makeIonex();
const values = [...readIonex(join(base)).maps.tec.values];
const wide = makeIonex({ longitudes: [0, 240, 10] });
const drop = (text: string) => base.filter((line) => !line.includes(text));

/** Deviations that change no value: text, what the message says, on which line. */
const deviations: [name: string, text: string, message: RegExp, line: number][] = [
  ['no END OF FILE', join(base.slice(0, -1)), /END OF FILE/, base.length - 1],
  ['no last line end', base.slice(0, -1).join('\n'), /END OF FILE/, base.length - 1],
  ['a label a column late', join(edit(base, 'END OF FILE', (line) => ` ${line}`)), /column 61/, base.length],
  [
    'a label in lower case',
    join(edit(base, 'INTERVAL', (line) => line.toLowerCase())),
    /INTERVAL must begin in column 61, in upper case/,
    6,
  ],
  [
    'a label that follows its content at once',
    join(edit(base, 'INTERVAL', () => '  7200 INTERVAL')),
    /column 61/,
    6,
  ],
  ['a blank line', join(edit(base, 'END OF HEADER', (line) => [line, '   '])), /blank lines/, 20],
  ['a blank line in a row', join(edit(base, '  20.0-180.0', (line) => [line, ''])), /blank lines/, 23],
  ['an unknown label', join(edit(base, 'INTERVAL', (l) => [l, labelLine('x', 'COLOUR')])), /'COLOUR'/, 7],
  ['no END OF HEADER', join(drop('END OF HEADER')), /END OF HEADER/, 19],
  ['no INTERVAL', join(drop('INTERVAL')), /INTERVAL, it is missing/, 18],
  ['no BASE RADIUS', join(drop('BASE RADIUS')), /BASE RADIUS, it is missing/, 18],
  ['no MAP DIMENSION', join(drop('MAP DIMENSION')), /MAP DIMENSION, it is missing/, 18],
  ['no number of maps', join(drop('# OF MAPS')), /# OF MAPS IN FILE, it is missing/, 18],
  [
    'a wrong number of maps',
    join(edit(base, '# OF MAPS', (line) => line.replace('2', '9'))),
    /promises 9 maps, the file holds 2/,
    base.length,
  ],
  [
    'maps numbered from 0',
    join(
      base.map((line) =>
        /(START|END) OF TEC MAP/.test(line) ? line.replace(/[12]/, (n) => `${+n - 1}`) : line,
      ),
    ),
    /numbered from 1/,
    20,
  ],
  [
    'a map without END',
    join(base.filter((_, i) => i !== find(base, 'END OF TEC MAP'))),
    /END OF … MAP, got START OF TEC MAP/,
    28,
  ],
  [
    'a header that ends later than its maps',
    join(edit(base, 'EPOCH OF LAST', () => labelLine(epoch(2020, 1, 9), 'EPOCH OF LAST MAP'))),
    /last epoch is 2020-01-09T00:00Z, that of the maps 2020-01-08T02:00Z/,
    base.length,
  ],
  [
    'another interval',
    join(edit(base, 'INTERVAL', (line) => line.replace('7200', '3600'))),
    /interval is 3600 s, but 2020-01-08T00:00Z is followed by 2020-01-08T02:00Z/,
    base.length,
  ],
  [
    'a wrong sign of a step',
    join(edit(base, 'LAT1', (line) => line.replace('-20.0 -20.0', '-20.0  20.0'))),
    /sign/,
    16,
  ],
  [
    'header numbers out of their columns',
    join(edit(base, 'LAT1', () => labelLine('20.0 -20.0 -20.0', 'LAT1 / LAT2 / DLAT'))),
    /columns of 6/,
    16,
  ],
  [
    'another height in a row',
    join(edit(base, '  20.0-180.0', (line) => line.replace('450.0', '350.0'))),
    /header's height/,
    22,
  ],
  [
    'values separated by tabs',
    join(edit(base, '    0    1    2    3', () => '0\t1\t2\t3')),
    /columns of five/,
    23,
  ],
  [
    'left-justified values',
    join(edit(base, '    0    1    2    3', () => '0    1    2    3')),
    /columns of five/,
    23,
  ],
  [
    'two values to a line',
    join(edit(base, '    0    1    2    3', () => ['    0    1', '    2    3'])),
    /sixteen values/,
    23,
  ],
  [
    'a comment within a row',
    join(edit(base, '   20   21', (l) => [labelLine('x', 'COMMENT'), l])),
    /comment/,
    27,
  ],
  [
    'a year of two digits',
    join(edit(base, 'EPOCH OF FIRST', (line) => line.replace('2020', '  20'))),
    /four digits/,
    4,
  ],
  ['text after the end', `${join(base)}the end\n`, /follow END OF FILE/, base.length + 1],
  ['a byte order mark', `\ufeff${join(base)}`, /^$/, 0],
  ['a version 1.2', join(base).replace('     1.0', '     1.2'), /version 1\.2/, 1],
];

describe('deviations that change no value', () => {
  it.each(deviations.filter(([, , , line]) => line > 0))('%s', (_name, text, message, line) => {
    expect(() => readIonex(text, { mode: 'strict', file: 'odd.20i' })).toThrow(message);
    try {
      readIonex(text, { mode: 'strict', file: 'odd.20i' });
    } catch (error) {
      expect(error).toBeInstanceOf(IonexError);
      expect(error).toMatchObject({ file: 'odd.20i', line });
    }
    const file = readIonex(text);
    expect([...file.maps.tec.values]).toEqual(values);
    expect(file.warnings.map((warning) => warning.message).join('\n')).toMatch(message);
    expect(file.warnings[0]!.line).toBe(line);
  });

  it('a byte order mark is no deviation', () => {
    expect([...readIonex(`\ufeff${join(base)}`, { mode: 'strict' }).maps.tec.values]).toEqual(values);
  });

  it('an interval of 0 means that it varies', () => {
    const epochs = [epoch(2020, 1, 8, 0), epoch(2020, 1, 8, 1), epoch(2020, 1, 8, 4)];
    expect(
      readIonex(join(makeIonex({ epochs, interval: 0 })), { mode: 'strict' }).maps.tec.epochs,
    ).toHaveLength(3);
  });

  it('rows in another order are put in their place', () => {
    const rows = [22, 24, 26].map((at) => base.slice(at - 1, at + 1));
    const lines = [...base.slice(0, 21), ...rows[2]!, ...rows[0]!, ...rows[1]!, ...base.slice(27)];
    expect(() => readIonex(join(lines), { mode: 'strict' })).toThrow(/order of the header/);
    expect([...readIonex(join(lines)).maps.tec.values]).toEqual(values);
  });

  it('maps in another order are sorted', () => {
    const lines = [...base.slice(0, 19), ...base.slice(28, 37), ...base.slice(19, 28), base[37]!];
    expect(() => readIonex(join(lines), { mode: 'strict' })).toThrow(/numbered from 1/);
    const file = readIonex(join(lines));
    expect([...file.maps.tec.values]).toEqual(values);
    expect(file.warnings.map((each) => each.message)).toContain(
      'TEC maps must stand in order of time; they were sorted',
    );
  });

  it('a map that stands twice is kept once', () => {
    const lines = [...base.slice(0, 28), ...base.slice(19, 28), ...base.slice(28)];
    expect([...readIonex(join(lines)).maps.tec.values]).toEqual(values);
    expect(() => readIonex(join(lines), { mode: 'strict' })).toThrow(IonexError);
  });

  it('a value that did not fit its field is missing', () => {
    const text = join(edit(base, '    0    1    2    3', () => '    0*****    2    3'));
    expect(() => readIonex(text, { mode: 'strict' })).toThrow(/\*{5}/);
    expect(readIonex(text).maps.tec.values[1]).toBeNaN();
  });

  it('keeps 200 different warnings and counts the rest', () => {
    const odd = Array.from({ length: 300 }, (_, i) => labelLine('', `COLOUR ${i}`));
    const { warnings } = readIonex(join(edit(base, 'INTERVAL', (line) => [line, ...odd])));
    expect(warnings).toHaveLength(201);
    expect(warnings[200]).toEqual({ line: 207, message: 'further warnings were left out', count: 100 });
  });

  it('counts a deviation that repeats, and names its first line', () => {
    const text = join(base.map((line) => (/^ {4}\d {4}\d|^ {3}\d\d/.test(line) ? line.trim() : line)));
    expect(readIonex(text).warnings).toContainEqual({
      line: 23,
      message: 'values must stand in columns of five',
      count: expect.any(Number),
    });
  });
});

/** Damage: text, message, line. An error in both modes; `salvage` keeps the maps that are whole. */
const damages: [name: string, lines: string[], message: RegExp, line: number][] = [
  [
    'letters in numbers',
    edit(base, '    0    1    2    3', () => '    0  TAG    2    3'),
    /value 2 .*columns 6–10, got ' {2}TAG'/,
    23,
  ],
  [
    'a decimal point',
    edit(base, '    0    1    2    3', () => '    0  1.5    2    3'),
    /value 2.*' {2}1\.5'/,
    23,
  ],
  [
    'a missing value',
    edit(base, '    0    1    2    3', () => '    0    1    2'),
    /expected 4 values in the row, got 3 before the next row/,
    24,
  ],
  [
    'a value that became blank',
    edit(base, '    0    1    2    3', () => '    0         2    3'),
    /expected 4 values.*got 3/,
    23,
  ],
  [
    'a value too many',
    edit(base, '    0    1    2    3', () => '    0    1    2    3    4'),
    /expected 4 values in the row, got 1 more/,
    23,
  ],
  [
    'a line too few',
    edit(wide, '   16   17', () => []),
    /expected 25 values in the row, got 16 before the next row/,
    24,
  ],
  ['a row too few', base.filter((_, i) => i !== 23 && i !== 24), /must hold 3 rows of latitude, got 2/, 26],
  [
    'a row twice',
    [...base.slice(0, 23), ...base.slice(21)],
    /each latitude once, got latitude 20\.0 again/,
    24,
  ],
  [
    'a latitude off the grid',
    edit(base, '  20.0-180.0', (line) => line.replace('20.0', '25.0')),
    /latitude of the grid 20 … -20, got 25/,
    22,
  ],
  [
    'other longitudes',
    edit(base, '  20.0-180.0', (line) => line.replace('-180.0', '-170.0')),
    /longitudes -180 … 90.*got -170 … 90/,
    22,
  ],
  [
    'a damaged row header',
    edit(base, '  20.0-180.0', (line) => line.replace('-180.0', '-18x.0')),
    /LAT\/LON1.*columns of 6/,
    22,
  ],
  [
    'no epoch',
    base.filter((_, i) => i !== find(base, 'EPOCH OF CURRENT')),
    /EPOCH OF CURRENT MAP, it is missing/,
    27,
  ],
  [
    'a wrong epoch',
    edit(base, 'EPOCH OF CURRENT', (line) => line.replace('     1     8', '    13     8')),
    /must be a time/,
    21,
  ],
  [
    '30 February',
    edit(base, 'EPOCH OF CURRENT', (line) => line.replace('     1     8', '     2    30')),
    /must be a time/,
    21,
  ],
  [
    'hour 25',
    edit(base, 'EPOCH OF CURRENT', (line) => line.replace('     8     0', '     8    25')),
    /must be a time/,
    21,
  ],
  [
    'an exponent of 99',
    edit(base, 'EPOCH OF CURRENT', (l) => [l, labelLine('    99', 'EXPONENT')]),
    /-9 to 9, got 99/,
    22,
  ],
  [
    'garbage between maps',
    edit(base, 'START OF TEC MAP', (line) => ['lost', line]),
    /start of a map.*'lost'/,
    20,
  ],
];

describe('damage', () => {
  it.each(damages)('%s is an error', (_name, lines, message, line) => {
    for (const mode of ['strict', 'lenient'] as const) {
      let caught: unknown;
      try {
        readIonex(join(lines), { mode, file: 'bad.20i' });
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(IonexError);
      // Strict may object to something else before it comes to the damage.
      if (mode === 'lenient') {
        expect(String(caught)).toMatch(message);
        expect(caught).toMatchObject({ line, file: 'bad.20i' });
        expect(String(caught)).toContain(`ionex: bad.20i, line ${line}: `);
      }
    }
  });

  it.each(damages.slice(0, -2))('%s: salvage keeps the other map', (_name, lines) => {
    const file: IonexFile = readIonex(join(lines), { mode: 'salvage' });
    expect(file.maps.tec.epochs).toEqual([Date.parse('2020-01-08T02:00Z')]);
    expect(file.maps.tec.values[0]).toBe(100);
    expect(file.warnings.map((each) => each.message).join('\n')).toMatch(
      /TEC map of line 20 is damaged and left out/,
    );
  });

  it('a cut is an error; salvage keeps the maps before it', () => {
    for (let kept = 29; kept < base.length - 2; kept++) {
      const text = join(base.slice(0, kept));
      expect(() => readIonex(text)).toThrow(/cut off/);
      expect(readIonex(text, { mode: 'salvage' }).maps.tec.epochs).toHaveLength(1);
    }
  });

  it('an exponent in a damaged map holds for the maps after it; if it is damaged itself, nothing can be saved', () => {
    let lines = edit(base, '    0    1    2    3', () => '    0  TAG    2    3');
    lines = edit(lines, '     0.0-180.0', (line) => [labelLine('     0', 'EXPONENT'), line]);
    expect(readIonex(join(lines), { mode: 'salvage' }).maps.tec.values[0]).toBe(1000);
    lines = lines.map((line) => (/^ {5}0 .*EXPONENT/.test(line) ? line.replace('0', 'x') : line));
    expect(() => readIonex(join(lines), { mode: 'salvage' })).toThrow(/EXPONENT must be a whole number/);
  });

  it('two different maps of one time are an error', () => {
    const text = join(base.map((line) => line.replace(/( {5}8) {5}2/, '$1     0')));
    expect(() => readIonex(text)).toThrow(
      /two different TEC maps have the time 2020-01-08T00:00:00.000Z \(lines 20 and 29\)/,
    );
    expect(readIonex(text, { mode: 'salvage' }).maps.tec.epochs).toHaveLength(1);
  });
});

describe('what is no IONEX file', () => {
  it.each([
    ['nothing', '', /nothing but blanks/],
    ['blanks', '\n\n  \n', /nothing but blanks/],
    ['a web page', '<!DOCTYPE html>\n<html>', /web page.*log-in/],
    [
      'a RINEX file',
      labelLine('     3.04           N: GNSS NAV DATA    M', 'RINEX VERSION / TYPE'),
      /Is this an IONEX file/,
    ],
    ['a later version', join(base).replace('     1.0', '     2.0'), /version 1.0 or 1.1, got '2.0'/],
    ['a header alone', join(base.slice(0, 19)), /at least one map, got none/],
    ['a cut header', join(base.slice(0, 9)), /within the header.*cut off/],
    ['two files in one', join([...base, ...base]), /second header.*Split/],
    ['two files in one, without END OF FILE', join([...base.slice(0, -1), ...base]), /second header.*Split/],
    ['no EPOCH OF FIRST MAP', join(drop('EPOCH OF FIRST')), /EPOCH OF FIRST MAP in the header, got none/],
    [
      'no axes',
      join(drop('DLAT').filter((l) => !l.includes('DLON  '))),
      /LAT1.* and LON1 \/ LON2 \/ DLON in the header/,
    ],
    [
      'a step that does not fit',
      join(edit(base, 'LAT1', (l) => l.replace(' -20.0 -20.0', ' -20.0 -17.0'))),
      /whole steps/,
    ],
    [
      'a step of 0',
      join(edit(base, 'LAT1', (l) => l.replace(' -20.0 -20.0', ' -20.0   0.0'))),
      /leads from first to last/,
    ],
    [
      'an absurd grid',
      join(edit(base, 'LON1', () => labelLine('  -180.0 180.0  .0001', 'LON1 / LON2 / DLON'))),
      /columns|10000 points/,
    ],
    [
      'a latitude of 100',
      join(edit(base, 'LAT1', (l) => l.replace('20.0 -20.0 -20.0', '100.0 -20.0 -20.0'))),
      /between -90 and 90/,
    ],
    ['a dimension of 4', join(edit(base, 'MAP DIMENSION', (l) => l.replace('2', '4'))), /2 or 3, got 4/],
    [
      'layers in two dimensions',
      join(edit(base, 'HGT1', (l) => l.replace('450.0   0.0', '550.0  50.0'))),
      /MAP DIMENSION 3 meant/,
    ],
  ])('%s', (_name, text, message) => {
    expect(() => readIonex(text)).toThrow(IonexError);
    expect(() => readIonex(text)).toThrow(message);
  });

  it('a grid far larger than the file is refused before memory is taken', () => {
    let lines = edit(base, 'LON1', () => labelLine('  -180.0 180.0   0.1', 'LON1 / LON2 / DLON'));
    lines = edit(lines, 'LAT1', () => labelLine('    90.0 -90.0  -0.1', 'LAT1 / LAT2 / DLAT'));
    lines = edit(lines, 'HGT1', () => labelLine('     0.09000.0   1.0', 'HGT1 / HGT2 / DHGT'));
    lines = edit(lines, 'MAP DIMENSION', (line) => line.replace('2', '3'));
    expect(() => readIonex(join(lines))).toThrow(/expected a map of \d{11} values, got a file of \d+ bytes/);
  });

  it('a larger text than maxBytes, a wrong mode, a wrong input', () => {
    expect(() => readIonex(join(base), { maxBytes: 100, file: 'big.20i' })).toThrow(
      /big\.20i.*at most 100 bytes/,
    );
    expect(() => readIonex(join(base), { mode: 'lax' as 'strict' })).toThrow(/mode must be/);
    expect(() => readIonex(undefined as unknown as string)).toThrow(/string or a Uint8Array/);
  });
});
