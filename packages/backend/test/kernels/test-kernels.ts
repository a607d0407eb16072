// The kernels in a memory of their own, without tfjs: arrays in, arrays out.

import { expect } from 'vitest';
import { type Kernels, loadKernels } from '../../src/kernels/load-kernels.ts';

/** Kernels with a memory that tests fill by hand. */
export interface TestKernels {
  build: string;
  kernels: Kernels;
  /** Copies values into the memory and returns their address; the start is a multiple of 4 bytes, no more. */
  put(values: ArrayLike<number>): number;
  /** Writes values to an address. */
  set(address: number, values: ArrayLike<number>): void;
  /** The address of `count` floats of garbage: kernels must not rely on fresh memory being 0. */
  garbage(count: number): number;
  /** A copy of `count` floats. */
  get(address: number, count: number): Float32Array;
  /** Fails where a kernel wrote before or behind the arrays put so far, or to the address 0 of an array not given. */
  expectGuards(): void;
  /** Forgets everything put so far, after a last look at the guards. */
  reset(): void;
}

/** What stands in guards and garbage: a NaN that no arithmetic makes. */
const untouched = 0x7fc5a5a5;

/** Floats of room behind every array: what is read from there shows in the results, what is written there in the guards. */
const guard = 16;

/** Bytes of room before the first array, where writes to absent arrays end. */
const start = 16_388;

/**
 * Loads the build that the project asks for in TIDECAST_KERNELS: `relaxed`, and fails where this engine does not run it;
 * otherwise plain SIMD.
 */
export async function createTestKernels(): Promise<TestKernels> {
  const wanted = process.env.TIDECAST_KERNELS ?? 'simd';
  const memory = new WebAssembly.Memory({ initial: 16, maximum: 16_384 });
  const { build, kernels } = await loadKernels(memory, wanted === 'simd');
  expect(build, 'build of the kernels').toBe(wanted);
  let next = start;
  let guards: { address: number; count: number }[] = [];
  const protect = (address: number, count: number) => {
    new Uint32Array(memory.buffer, address, count).fill(untouched);
    guards.push({ address, count });
  };
  protect(0, start / 4);
  const allocate = (count: number) => {
    const address = next;
    next += 4 * (count + guard);
    const missing = next - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / 65_536));
    new Uint32Array(memory.buffer, address, count).fill(untouched);
    protect(address + 4 * count, guard);
    return address;
  };
  const expectGuards = () => {
    for (const { address, count } of guards) {
      const written = new Uint32Array(memory.buffer, address, count).findIndex((bits) => bits !== untouched);
      expect(written, `first float written to behind an array, at ${address}`).toBe(-1);
    }
  };
  const set = (address: number, values: ArrayLike<number>) => {
    new Float32Array(memory.buffer, address, values.length).set(values);
  };
  return {
    build,
    kernels,
    put(values) {
      const address = allocate(values.length);
      set(address, values);
      return address;
    },
    set,
    garbage: allocate,
    get: (address, count) => new Float32Array(memory.buffer, address, count).slice(),
    expectGuards,
    reset() {
      try {
        expectGuards();
      } finally {
        next = start;
        guards = [];
        protect(0, start / 4);
      }
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
