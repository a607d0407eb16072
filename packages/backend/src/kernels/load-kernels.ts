// The kernels' binaries, and which of them runs. Each is a module of its own with the bytes inside, loaded on demand: no
// file to serve, and a page loads one of the two.

import type { Kernels } from './generated/kernels.ts';

export type { Kernels };

/** Which build runs: plain SIMD, or relaxed SIMD, whose multiply-add is fused and up to half again as fast. */
export type KernelBuild = 'simd' | 'relaxed';

/** Loaded kernels. All addresses are bytes in the memory they were loaded for. */
export interface LoadedKernels {
  build: KernelBuild;
  kernels: Kernels;
}

/**
 * Compiles the kernels for a memory. `strict` takes the plain SIMD build also where relaxed SIMD runs, for results that
 * are the same on every machine.
 */
export async function loadKernels(memory: WebAssembly.Memory, strict: boolean): Promise<LoadedKernels> {
  const build = !strict && hasRelaxedSimd() ? 'relaxed' : 'simd';
  const text =
    build === 'relaxed'
      ? (await import('./generated/relaxed.ts')).relaxed
      : (await import('./generated/simd.ts')).simd;
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return { build, kernels: instance.exports as unknown as Kernels };
}

/** True where the engine knows `f32x4.relaxed_madd`: asked by validating a function that uses it. */
export function hasRelaxedSimd(): boolean {
  const splat = [0x41, 1, 0xfd, 0x0f];
  const body = [0, ...splat, ...splat, ...splat, 0xfd, 0x85, 0x02, 0x0b];
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const type = [1, 5, 1, 0x60, 0, 1, 0x7b];
  const functions = [3, 2, 1, 0];
  const code = [10, body.length + 2, 1, body.length, ...body];
  return WebAssembly.validate(Uint8Array.from([...header, ...type, ...functions, ...code]));
}
