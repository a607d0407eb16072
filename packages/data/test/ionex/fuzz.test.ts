// Damaged bytes of every sort: the reader must end, and must throw nothing but its own errors.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { IonexError } from '../../src/ionex/ionex-error.ts';
import { readIonex } from '../../src/ionex/read-ionex.ts';
import { createRandom } from '../../src/random.ts';
import { compressLzw } from '../compression/lzw-encoder.ts';
import { damage, survives } from './damage.ts';
import { join, labelLine, makeIonex } from './make-ionex.ts';

describe('readIonex on damaged bytes', () => {
  const text = new TextEncoder().encode(
    join([
      ...makeIonex({ kinds: ['TEC', 'RMS'] }).map((line) =>
        line.includes('END OF HEADER')
          ? `${labelLine('CODES', 'START OF AUX DATA')}\n${labelLine('CODES', 'END OF AUX DATA')}\n${line}`
          : line,
      ),
    ]),
  );

  it.each([
    ['text', text, 900],
    ['gzip', gzipSync(text), 500],
    ['.Z', compressLzw(text), 500],
  ] as const)('%s', (_name, bytes, runs) => {
    const random = createRandom(7);
    let refused = 0;
    for (let run = 0; run < runs; run++) if (survives(damage(bytes, random))) refused++;
    expect(refused).toBeGreaterThan(runs / 3);
  });

  it('random bytes, also behind each magic number', () => {
    const random = createRandom(11);
    for (let run = 0; run < 500; run++) {
      const bytes = Uint8Array.from({ length: random.integer(600) }, () => random.integer(256));
      const magic = [[], [0x1f, 0x8b, 8, 0], [0x1f, 0x9d, 0x90]][run % 3]!;
      survives(Uint8Array.from([...magic, ...bytes]));
    }
  });

  it('every cut of a file, in every mode', () => {
    for (let length = 0; length < text.length; length += 7) survives(text.subarray(0, length));
  });

  it('a file of 30,000 tiny maps, or of one endless line, is read or refused in linear time', () => {
    const map = (i: number) => {
      const time = new Date(Date.UTC(2000, 0, 1) + i * 1000);
      const parts = [time.getUTCFullYear(), time.getUTCMonth() + 1, time.getUTCDate()];
      parts.push(time.getUTCHours(), time.getUTCMinutes(), time.getUTCSeconds());
      return [
        'START OF TEC MAP'.padStart(76),
        labelLine(parts.map((part) => String(part).padStart(6)).join(''), 'EPOCH OF CURRENT MAP'),
        labelLine('     0.0   0.0   0.0   0.0 450.0', 'LAT/LON1/LON2/DLON/H'),
        '    1',
        'END OF TEC MAP'.padStart(74),
      ].join('\n');
    };
    const lines = makeIonex({ latitudes: [0, 0, 0], longitudes: [0, 0, 0] });
    const header = lines.slice(0, 19).join('\n');
    const body = Array.from({ length: 30_000 }, (_, i) => map(i)).join('\n');
    const started = performance.now();
    expect(readIonex(`${header}\n${body}`).maps.tec.epochs).toHaveLength(30_000);
    expect(() => readIonex(`${header}\n${'1'.repeat(30_000_000)}`)).toThrow(IonexError);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
