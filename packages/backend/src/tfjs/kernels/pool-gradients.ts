// The gradients of 2D pooling. tfjs-backend-wasm 4.22 has both, and both are wrong: its max starts from the smallest
// positive float, so a window without a positive value sends its gradient to the first element of the whole tensor;
// its mean divides by the whole window where a part of it is padding. These replace them.

import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernels } from '../../kernels/load-kernels.ts';
import { loadedKernels, type WasmBackend } from '../heap.ts';

interface PoolAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** MaxPoolGrad: dy and output `[B, OH, OW, C]`, input `[B, H, W, C]` → `[B, H, W, C]`. The first maximum takes it. */
export const maxPoolGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, input, output } = inputs as { dy: TensorInfo; input: TensorInfo; output: TensorInfo };
  const geometry = poolGeometry(input.shape, attrs as unknown as PoolAttributes);
  const out = (backend as WasmBackend).makeOutput(input.shape, 'float32');
  const { kernels, addressOf } = loadedKernels();
  kernels.maxPoolGradient(addressOf(input), addressOf(output), addressOf(dy), addressOf(out), ...geometry);
  return out;
};

/** AvgPoolGrad: dy `[B, OH, OW, C]`, input `[B, H, W, C]` → `[B, H, W, C]`. Only pixels inside the image count. */
export const averagePoolGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const geometry = poolGeometry(input.shape, attrs as unknown as PoolAttributes);
  const out = (backend as WasmBackend).makeOutput(input.shape, 'float32');
  const { kernels, addressOf } = loadedKernels();
  kernels.averagePoolGradient(addressOf(dy), addressOf(out), ...geometry);
  return out;
};

type PoolGeometry =
  Parameters<Kernels['maxPool']> extends [number, number, ...infer Geometry] ? Geometry : never;

/** The geometry of pooling as assembly/pool.ts lists it. */
function poolGeometry(inShape: number[], attributes: PoolAttributes): PoolGeometry {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  const shape = inShape as [number, number, number, number];
  const info = backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}
