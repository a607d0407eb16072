// The kernels in a memory of their own, without tfjs: arrays in, arrays out.

import { expect } from 'vitest';
import { type Kernels, loadKernels } from '../../src/kernels/load-kernels.ts';

/** Kernels with a memory that tests fill by hand. */
export interface TestKernels {
  build: string;
  kernels: Kernels;
  /** Copies values into the memory and returns their address; the start is a multiple of 4 bytes, no more. */
  put(values: ArrayLike<number>): number;
  /** The address of `count` floats of garbage: kernels must not rely on fresh memory being 0. */
  garbage(count: number): number;
  /** A copy of `count` floats. */
  get(address: number, count: number): Float32Array;
  /** Forgets everything put so far. */
  reset(): void;
}

/** Loads the build that this engine runs, or plain SIMD where `strict`. */
export async function createTestKernels(strict = false): Promise<TestKernels> {
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16_384 });
  const { build, kernels } = await loadKernels(memory, strict);
  const start = 4;
  let next = start;
  const allocate = (count: number) => {
    const address = next;
    next += 4 * count;
    // Room behind every array, filled with NaN: what is read from there shows in the results.
    const guard = 16;
    next += 4 * guard;
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
    new Float32Array(memory.buffer, address, count + guard).fill(Number.NaN);
    return address;
  };
  return {
    build,
    kernels,
    put(values) {
      const address = allocate(values.length);
      new Float32Array(memory.buffer, address, values.length).set(values);
      return address;
    },
    garbage: allocate,
    get: (address, count) => new Float32Array(memory.buffer, address, count).slice(),
    reset() {
      next = start;
    },
  };
}

/** Largest error relative to the largest value of the reference. A reference of zeros proves nothing and is refused. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let scale = 0;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const error = Math.abs(actual[i]! - expected[i]!);
    worst = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(worst, error);
  }
  expect(scale, 'largest value of the reference').toBeGreaterThan(0);
  return worst / scale;
}
