// Damaged bytes, and a reading that must survive them.

import { expect } from 'vitest';
import { CompressionError } from '../../src/compression/compression-error.ts';
import { IonexError } from '../../src/ionex/ionex-error.ts';
import { readIonex } from '../../src/ionex/read-ionex.ts';
import type { Random } from '../../src/random.ts';

const modes = ['strict', 'lenient', 'salvage'] as const;

/** Reads `bytes` in each mode; true if at least one refused. */
export function survives(bytes: Uint8Array): boolean {
  let refused = false;
  for (const mode of modes) {
    try {
      const file = readIonex(bytes, { mode, maxBytes: 4_000_000 });
      for (const { epochs, values } of Object.values(file.maps)) {
        expect(
          epochs.every((epoch, i) => Number.isFinite(epoch) && (i === 0 || epoch > epochs[i - 1]!)),
        ).toBe(true);
        expect(values.every((value) => value !== Number.POSITIVE_INFINITY)).toBe(true);
      }
    } catch (error) {
      if (!(error instanceof IonexError || error instanceof CompressionError)) throw error;
      refused = true;
    }
  }
  return refused;
}

/** A copy of `bytes` with a few random changes: other bytes, lost and doubled pieces, a cut. */
export function damage(bytes: Uint8Array, random: Random): Uint8Array {
  let damaged = Uint8Array.from(bytes);
  for (let changes = 1 + random.integer(4); changes > 0; changes--) {
    const at = random.integer(damaged.length);
    const length = random.integer(200);
    switch (random.integer(5)) {
      case 0:
        damaged[at] = random.integer(256);
        break;
      case 1:
        damaged[at] = 32 + random.integer(96);
        break;
      case 2:
        damaged = Uint8Array.from([...damaged.subarray(0, at), ...damaged.subarray(at + length)]);
        break;
      case 3:
        damaged = Uint8Array.from([...damaged.subarray(0, at + length), ...damaged.subarray(at)]);
        break;
      default:
        if (random.integer(4) === 0) damaged = damaged.slice(0, at + 1);
    }
    if (damaged.length === 0) return damaged;
  }
  return damaged;
}
