// The kernels of the running WASM backend. There is one such backend in a process, as there is one engine in tfjs.

import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { LoadedKernels } from './load-kernels.ts';

/** Kernels, the memory they work in, and what is in it. */
export interface CurrentKernels extends LoadedKernels {
  memory: WebAssembly.Memory;
  /** Address of `bytes` new bytes, a multiple of 16. @throws if the memory cannot grow any more. */
  allocate(bytes: number): number;
  /** Gives back what `allocate` gave. */
  release(address: number): void;
  /** Address of a tensor's values, the same while the tensor lives. Values on another backend move here first. */
  addressOf(tensor: Pick<TensorInfo, 'dataId'>): number;
  /** True where a tensor's values are here and belong to no other tensor: writing to them changes this one alone. */
  owns(tensor: Pick<TensorInfo, 'dataId'>): boolean;
  /** To be called once a tensor's values have been written to: tfjs throws away what it has made of the old ones. */
  changed(tensor: Pick<TensorInfo, 'dataId'>): void;
}

let current: CurrentKernels | undefined;

/** Sets the kernels once the WASM backend has started. */
export function setKernels(kernels: CurrentKernels): void {
  current = kernels;
}

/** The kernels of the WASM backend; undefined before it has started, and where the engine has no SIMD. */
export function currentKernels(): CurrentKernels | undefined {
  return current;
}
