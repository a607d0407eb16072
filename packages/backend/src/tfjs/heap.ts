// How a kernel written here reaches the tensors of tfjs-backend-wasm: they all live in one WebAssembly.Memory.

import { type DataType, getKernel, type TensorInfo, util } from '@tensorflow/tfjs-core';

/** The part of tfjs's BackendWasm that kernels use. */
export interface WasmBackend {
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  typedArrayFromHeap(info: TensorInfo): Float32Array | Int32Array | Uint8Array;
  disposeData(dataId: TensorInfo['dataId'], force?: boolean): boolean;
}

/**
 * A view of a float32 tensor in the heap. Take it after the last allocation: memory that grows detaches every view.
 */
export function floats(backend: WasmBackend, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/** A new float32 tensor that holds `fill` zeros: fresh heap memory is not cleared. */
export function makeZeros(backend: WasmBackend, shape: number[], dtype: DataType = 'float32'): TensorInfo {
  const out = backend.makeOutput(shape, dtype);
  backend.typedArrayFromHeap(out).fill(0);
  return out;
}

/** The same data under another shape of the same size. It must not outlive `tensor`. */
export function withShape(tensor: TensorInfo, shape: number[]): TensorInfo {
  if (util.sizeFromShape(tensor.shape) !== util.sizeFromShape(shape)) {
    throw new Error(`withShape: [${tensor.shape}] cannot be seen as [${shape}].`);
  }
  return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
}

/** `a · b` of `[1, m, k]` and `[1, k, n]` by the backend's own kernel. */
export function matMul(backend: WasmBackend, a: TensorInfo, b: TensorInfo): TensorInfo {
  const kernel = getKernel('BatchMatMul', 'wasm');
  return kernel.kernelFunc({
    backend,
    inputs: { a, b },
    attrs: { transposeA: false, transposeB: false },
  }) as TensorInfo;
}
