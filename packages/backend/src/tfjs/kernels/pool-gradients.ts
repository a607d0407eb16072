// The gradients of 2D pooling. tfjs-backend-wasm 4.22 has both, and both are wrong: its max starts from the smallest
// positive float, so a window without a positive value sends its gradient to the first element of the whole tensor;
// its mean divides by the whole window where a part of it is padding. These replace them.

import { backend_util, type KernelFunc, type TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeZeros, type WasmBackend } from '../heap.ts';

type Shape4 = [number, number, number, number];

interface PoolAttributes {
  filterSize: [number, number] | number;
  strides: [number, number] | number;
  pad: 'valid' | 'same' | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** dx = dy at the first maximum of each window, summed over windows. dy `[B, OH, OW, C]`, input and dx `[B, H, W, C]`. */
export const maxPoolGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const heap = backend as WasmBackend;
  const info = poolInfo(input.shape, attrs as unknown as PoolAttributes);
  const out = makeZeros(heap, input.shape, 'float32');
  const x = floats(heap, input);
  const gradient = floats(heap, dy);
  const sums = floats(heap, out);
  const { inChannels, inWidth } = info;
  eachWindow(info, (at, image, top, bottom, left, right) => {
    for (let c = 0; c < inChannels; c++) {
      let best = (image + top * inWidth + left) * inChannels + c;
      for (let y = top; y < bottom; y++) {
        for (let z = left; z < right; z++) {
          const from = (image + y * inWidth + z) * inChannels + c;
          if (x[from]! > x[best]!) best = from;
        }
      }
      sums[best]! += gradient[at + c]!;
    }
  });
  return out;
};

/** dx = dy / n over the n pixels of each window that are inside the image, summed over windows. */
export const averagePoolGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, input } = inputs as { dy: TensorInfo; input: TensorInfo };
  const heap = backend as WasmBackend;
  const info = poolInfo(input.shape, attrs as unknown as PoolAttributes);
  const out = makeZeros(heap, input.shape, 'float32');
  const gradient = floats(heap, dy);
  const sums = floats(heap, out);
  const { inChannels, inWidth } = info;
  eachWindow(info, (at, image, top, bottom, left, right) => {
    const share = 1 / ((bottom - top) * (right - left));
    for (let y = top; y < bottom; y++) {
      for (let z = left; z < right; z++) {
        const to = (image + y * inWidth + z) * inChannels;
        for (let c = 0; c < inChannels; c++) sums[to + c]! += gradient[at + c]! * share;
      }
    }
  });
  return out;
};

function poolInfo(inShape: number[], attributes: PoolAttributes): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attributes;
  return backend_util.computePool2DInfo(inShape as Shape4, filterSize, strides, 1, pad, dimRoundingMode);
}

/** Calls `visit` with the start of dy, the first pixel of the image, and the rows and columns of x in each window. */
function eachWindow(
  info: backend_util.Conv2DInfo,
  visit: (at: number, image: number, top: number, bottom: number, left: number, right: number) => void,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  for (let b = 0; b < info.batchSize; b++) {
    for (let i = 0; i < outHeight; i++) {
      const y = i * info.strideHeight - padInfo.top;
      const bottom = Math.min(inHeight, y + info.filterHeight);
      for (let j = 0; j < outWidth; j++) {
        const z = j * info.strideWidth - padInfo.left;
        const right = Math.min(inWidth, z + info.filterWidth);
        const at = ((b * outHeight + i) * outWidth + j) * inChannels;
        if (bottom > 0 && right > 0) {
          visit(at, b * inHeight * inWidth, Math.max(0, y), bottom, Math.max(0, z), right);
        }
      }
    }
  }
}
