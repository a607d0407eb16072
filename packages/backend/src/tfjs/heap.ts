// How a kernel written here reaches the tensors of tfjs-backend-wasm: they all live in one WebAssembly.Memory.

import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { type CurrentKernels, currentKernels } from '../kernels/current-kernels.ts';

/** The part of tfjs's BackendWasm that kernels use. */
export interface WasmBackend {
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Float32Array | Int32Array | Uint8Array;
  disposeData(dataId: TensorInfo['dataId'], force?: boolean): boolean;
  /** One more tensor has these values. */
  incRef(dataId: TensorInfo['dataId']): void;
}

/** A new tensor of zeros: fresh heap memory is not cleared. */
export function makeZeros(backend: WasmBackend, shape: number[], dtype: DataType = 'float32'): TensorInfo {
  const out = backend.makeOutput(shape, dtype);
  backend.typedArrayFromHeap(out).fill(0);
  return out;
}

/** Calls `run` with the kernels and the address of `floats` floats that are free while it runs. */
export function withScratch(floats: number, run: (scratch: number) => void): void {
  const { allocate, release } = loadedKernels();
  const scratch = allocate(4 * floats);
  try {
    run(scratch);
  } finally {
    release(scratch);
  }
}

/** The kernels of the running backend. They are loaded before those of tfjs's registry that call them are registered. */
export function loadedKernels(): CurrentKernels {
  return currentKernels()!;
}
