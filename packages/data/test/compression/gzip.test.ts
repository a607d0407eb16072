import { deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompressionError } from '../../src/compression/compression-error.ts';
import { decompress, detectCompression } from '../../src/compression/decompress.ts';
import { decompressGzip } from '../../src/compression/gzip.ts';
import { createRandom } from '../../src/random.ts';
import { compressLzw } from './lzw-encoder.ts';

const text = new TextEncoder().encode('maps of the ionosphere\n'.repeat(5000));

describe('decompressGzip', () => {
  it('undoes gzip for any bytes, at any level', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 0, max: 9 }), (input, level) => {
        expect(Buffer.from(decompressGzip(gzipSync(input, { level }))).equals(Buffer.from(input))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  it('joins members and passes over padding of zeros', () => {
    const joined = Buffer.concat([gzipSync(text), gzipSync('second'), Buffer.alloc(512)]);
    expect(new TextDecoder().decode(decompressGzip(joined).subarray(text.length))).toBe('second');
  });

  it('stops at maxBytes, and accepts the exact size', () => {
    const packed = gzipSync(new Uint8Array(3_000_000));
    expect(decompressGzip(packed, 3_000_000)).toHaveLength(3_000_000);
    expect(() => decompressGzip(packed, 2_999_999)).toThrow(/at most 2999999 bytes.*maxBytes/);
    expect(() => decompressGzip(packed, 1)).toThrow(CompressionError);
  });

  it('refuses a bomb of 128 MiB by default', () => {
    const members = Array.from({ length: 16 }, () => gzipSync(new Uint8Array(2 ** 23)));
    expect(() => decompressGzip(Buffer.concat(members))).toThrow(/at most 67108864 bytes/);
  });

  it('refuses a wrong checksum, a wrong length, a cut, foreign bytes after the end', () => {
    const packed = gzipSync(text);
    const damage = (at: number) => Uint8Array.from(packed, (byte, i) => (i === at ? byte ^ 1 : byte));
    expect(() => decompressGzip(damage(packed.length - 8))).toThrow(/damaged/);
    expect(() => decompressGzip(damage(packed.length - 2))).toThrow(/damaged/);
    for (const cut of [1, 8, 9, 50]) {
      expect(() => decompressGzip(packed.subarray(0, packed.length - cut))).toThrow(/cut off/);
    }
    expect(() => decompressGzip(packed.subarray(0, 5))).toThrow(/cut off/);
    expect(() => decompressGzip(Buffer.concat([packed, Buffer.from('more')]))).toThrow(/4 foreign bytes/);
  });

  it('never throws anything but CompressionError on damaged bytes', () => {
    const random = createRandom(5);
    const packed = gzipSync(Uint8Array.from({ length: 20_000 }, () => random.integer(9)));
    for (let run = 0; run < 400; run++) {
      const damaged = Uint8Array.from(packed).slice(
        0,
        run % 2 ? undefined : 2 + random.integer(packed.length),
      );
      for (let flips = random.integer(4); flips >= 0; flips--) {
        const at = 2 + random.integer((run % 3 ? damaged.length : 30) - 2);
        if (at < damaged.length) damaged[at] = random.integer(256);
      }
      try {
        decompressGzip(damaged, 1_000_000);
      } catch (error) {
        expect(error).toBeInstanceOf(CompressionError);
      }
    }
  });
});

describe('decompress', () => {
  it('tells packings by their first bytes', () => {
    expect(detectCompression(gzipSync('x'))).toBe('gzip');
    expect(detectCompression(compressLzw(text.subarray(0, 50)))).toBe('lzw');
    expect(detectCompression(text)).toBe('none');
    expect(detectCompression(new Uint8Array())).toBe('none');
    expect(Buffer.from(text).equals(decompress(gzipSync(text)))).toBe(true);
    expect(Buffer.from(text).equals(decompress(compressLzw(text)))).toBe(true);
    expect(decompress(text)).toBe(text);
  });

  it('names packings it does not read', () => {
    expect(() => decompress(Uint8Array.from([0x50, 0x4b, 3, 4, 0]))).toThrow(/got zip\. Unpack it first/);
    expect(() => decompress(new TextEncoder().encode('BZh91AY'))).toThrow(/bzip2/);
    expect(() => decompress(deflateSync(text))).not.toThrow();
  });

  it('bounds plain bytes too, and checks the bound', () => {
    expect(() => decompress(text, 100)).toThrow(CompressionError);
    expect(() => decompress(text, 0)).toThrow(/positive whole number/);
    expect(() => decompress(text, Number.NaN)).toThrow(/positive whole number/);
  });
});
