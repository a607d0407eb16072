// The filter gradient of a depthwise 2D convolution: plain loops, each channel has its own filters.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { floats, type WasmBackend } from '../heap.ts';
import { type ConvolutionAttributes, convolutionInfo } from './convolution.ts';

/**
 * dw[r, s, c, m] = Σ_{b,i,j} x[b, i·stride + r·dilation − top, j·stride + s·dilation − left, c] · dy[b, i, j, c·M + m].
 * x `[B, H, W, C]`, dy `[B, OH, OW, C·M]` → `[fh, fw, C, M]`.
 */
export const depthwiseBackpropFilter: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  const heap = backend as WasmBackend;
  const { filterShape } = attributes;
  const info = convolutionInfo('DepthwiseConv2dNativeBackpropFilter', x.shape, filterShape, attributes, true);
  const { inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  const multiplier = filterShape[3]!;
  const out = heap.makeOutput(filterShape, 'float32');
  const input = floats(heap, x);
  const gradient = floats(heap, dy);
  const sums = new Float64Array(info.filterHeight * info.filterWidth * inChannels * multiplier);
  for (let r = 0; r < info.filterHeight; r++) {
    for (let s = 0; s < info.filterWidth; s++) {
      const tap = (r * info.filterWidth + s) * inChannels * multiplier;
      for (let b = 0; b < info.batchSize; b++) {
        for (let i = 0; i < outHeight; i++) {
          const y = i * info.strideHeight + r * info.dilationHeight - padInfo.top;
          if (y < 0 || y >= inHeight) continue;
          for (let j = 0; j < outWidth; j++) {
            const z = j * info.strideWidth + s * info.dilationWidth - padInfo.left;
            if (z < 0 || z >= inWidth) continue;
            const from = ((b * inHeight + y) * inWidth + z) * inChannels;
            const at = ((b * outHeight + i) * outWidth + j) * inChannels * multiplier;
            for (let c = 0, k = 0; c < inChannels; c++) {
              const value = input[from + c]!;
              for (let m = 0; m < multiplier; m++, k++) sums[tap + k]! += value * gradient[at + k]!;
            }
          }
        }
      }
    }
  }
  floats(heap, out).set(sums);
  return out;
};
