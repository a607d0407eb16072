// Every random choice in Tidecast goes through here, so that one seed reproduces a run.

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A seeded stream of random numbers. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Standard normal N(0, 1), by the polar method (Marsaglia and Bray 1964). */
  normal(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
}

/**
 * A stream for `seed`. Further `labels` derive independent streams from one seed
 * (`createRandom(seed, 'shuffle', epoch)`), so that no state has to be carried or saved.
 */
export function createRandom(seed: number, ...labels: (string | number)[]): Random {
  const generator = xoroshiro128plus(deriveSeed(seed, ...labels));
  let spare: number | undefined;
  const uniform = () => uniformFloat64(generator);
  return {
    uniform,
    integer: (bound) => Math.floor(uniform() * bound),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      for (;;) {
        const u = 2 * uniform() - 1;
        const v = 2 * uniform() - 1;
        const radius = u * u + v * v;
        if (radius === 0 || radius >= 1) continue;
        const factor = Math.sqrt((-2 * Math.log(radius)) / radius);
        spare = v * factor;
        return u * factor;
      }
    },
  };
}

/** A 32-bit seed from `seed` and `labels` (FNV-1a over their text, finished with the MurmurHash3 mixer). */
export function deriveSeed(seed: number, ...labels: (string | number)[]): number {
  if (!Number.isSafeInteger(seed)) throw new Error(`seed: expected a whole number, got ${seed}.`);
  let hash = 0x811c9dc5;
  const text = [seed, ...labels].join('\u0000');
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

/** Puts `values` in a random order, in place (Fisher–Yates), and returns them. */
export function shuffle<T extends { length: number; [index: number]: number }>(values: T, random: Random): T {
  for (let i = values.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const held = values[i]!;
    values[i] = values[j]!;
    values[j] = held;
  }
  return values;
}
