import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasSharedData, needsSharedData, sharedData } from '../../../../test/shared-data.ts';
import { CompressionError } from '../../src/compression/compression-error.ts';
import { decompressLzw } from '../../src/compression/lzw.ts';
import { createRandom } from '../../src/random.ts';
import { compressLzw } from './lzw-encoder.ts';

/** Bytes of a small alphabet, which make long strings and many widths. */
function noise(length: number, alphabet: number, seed = 1): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length }, () => random.integer(alphabet));
}

describe('decompressLzw', () => {
  it('reads a file worked out by hand', () => {
    // 'A', then 257 = 'AA' while it is being defined, then 'B': codes 65, 257, 66 of nine bits, lowest bit first.
    const bits = 65n | (257n << 9n) | (66n << 18n);
    const codes = [0, 1, 2, 3].map((i) => Number((bits >> BigInt(8 * i)) & 255n));
    const text = new TextDecoder().decode(decompressLzw(Uint8Array.from([0x1f, 0x9d, 0x90, ...codes])));
    expect(text).toBe('AAAB');
  });

  it('gives an empty output for an empty file', () => {
    expect(decompressLzw(Uint8Array.from([0x1f, 0x9d, 0x90]))).toHaveLength(0);
  });

  it.each([9, 10, 11, 12, 13, 14, 15, 16])('undoes the encoder with codes of up to %i bits', (maxWidth) => {
    for (const blockMode of [true, false]) {
      for (const input of [noise(60_000, 3), noise(60_000, 256, 2), new Uint8Array(30_000)]) {
        const packed = compressLzw(input, { maxWidth, blockMode });
        expect(Buffer.from(decompressLzw(packed)).equals(Buffer.from(input))).toBe(true);
      }
    }
  });

  it('undoes the encoder for any bytes, with CLEAR codes anywhere', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000, max: 5 }),
        fc.integer({ min: 1, max: 700 }),
        fc.integer({ min: 9, max: 16 }),
        (input, clearEvery, maxWidth) => {
          const packed = compressLzw(input, { clearEvery, maxWidth });
          expect(Buffer.from(decompressLzw(packed)).equals(Buffer.from(input))).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('stops at maxBytes: under 2 kB that unpack to 500 kB are refused a byte below, and accepted at the exact size', () => {
    const input = new Uint8Array(500_000);
    const packed = compressLzw(input);
    expect(packed.length).toBeLessThan(2000);
    expect(decompressLzw(packed, 500_000)).toHaveLength(500_000);
    expect(() => decompressLzw(packed, 499_999)).toThrow(/at most 499999 bytes.*maxBytes/);
  });

  it('refuses foreign bytes, a cut header, and widths that cannot be', () => {
    expect(() => decompressLzw(Uint8Array.from([1, 2, 3]))).toThrow(CompressionError);
    expect(() => decompressLzw(Uint8Array.from([0x1f, 0x9d]))).toThrow(/within its header/);
    expect(() => decompressLzw(Uint8Array.from([0x1f, 0x9d, 0x88]))).toThrow(/9 to 16 bits, got flags 0x88/);
    expect(() => decompressLzw(Uint8Array.from([0x1f, 0x9d, 0xf0]))).toThrow(CompressionError);
  });

  it('refuses a code that is not defined yet, and a file that ends within a code', () => {
    expect(() => decompressLzw(Uint8Array.from([0x1f, 0x9d, 0x90, 0x41, 0xfe, 0x03]))).toThrow(
      /not defined yet/,
    );
    const packed = compressLzw(noise(2000, 7));
    let refused = 0;
    for (let cut = 1; cut < 40; cut++) {
      try {
        decompressLzw(packed.subarray(0, packed.length - cut));
      } catch (error) {
        expect(error).toBeInstanceOf(CompressionError);
        expect(String(error)).toMatch(/cut off/);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(20);
  });

  it.skipIf(spawnSync('compress', ['-V']).status !== 0)('reads what the program compress writes', () => {
    for (const maxWidth of [10, 12, 16]) {
      const input = noise(300_000, 5, maxWidth);
      const packed = execFileSync('compress', ['-c', '-b', String(maxWidth)], { input, maxBuffer: 1e8 });
      expect(Buffer.from(decompressLzw(packed)).equals(Buffer.from(input))).toBe(true);
    }
  });
});

describe.skipIf(!hasSharedData)(`decompressLzw on a real file${needsSharedData}`, () => {
  const packed = hasSharedData ? readFileSync(sharedData('ionex/codg0080.20i.Z')) : new Uint8Array();

  it('agrees with gzip -dc byte for byte', () => {
    const expected = execFileSync('gzip', ['-dc'], { input: packed, maxBuffer: 1e8 });
    expect(Buffer.from(decompressLzw(packed)).equals(expected)).toBe(true);
  });

  it('never throws anything but CompressionError on damaged bytes', () => {
    const random = createRandom(3);
    for (let run = 0; run < 150; run++) {
      const damaged = packed.slice(0, run % 2 ? packed.length : 3 + random.integer(packed.length - 3));
      for (let flips = random.integer(6); flips >= 0; flips--)
        damaged[random.integer(run % 3 ? damaged.length : 40)] = random.integer(256);
      try {
        expect(decompressLzw(damaged, 4_000_000).length).toBeLessThanOrEqual(4_000_000);
      } catch (error) {
        expect(error).toBeInstanceOf(CompressionError);
      }
    }
  });
});
