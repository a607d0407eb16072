// The input gradient of a depthwise 2D convolution: every output gradient is spread over the inputs it came from.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeZeros, type WasmBackend } from '../heap.ts';
import { type ConvolutionAttributes, convolutionInfo } from './convolution.ts';

/**
 * dx[b, i·stride + r·dilation − top, j·stride + s·dilation − left, c] += Σ_m dy[b, i, j, c·M + m] · w[r, s, c, m].
 * dy `[B, OH, OW, C·M]`, filter `[fh, fw, C, M]` → `[B, H, W, C]`.
 */
export const depthwiseBackpropInput: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: number[] };
  const heap = backend as WasmBackend;
  const { inputShape } = attributes;
  const info = convolutionInfo(
    'DepthwiseConv2dNativeBackpropInput',
    inputShape,
    filter.shape,
    attributes,
    true,
  );
  const { inHeight, inWidth, inChannels, outHeight, outWidth, padInfo } = info;
  const multiplier = filter.shape[3]!;
  const out = makeZeros(heap, inputShape, 'float32');
  const gradient = floats(heap, dy);
  const weights = floats(heap, filter);
  const sums = floats(heap, out);
  for (let b = 0; b < info.batchSize; b++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++) {
        const at = ((b * outHeight + i) * outWidth + j) * inChannels * multiplier;
        for (let r = 0; r < info.filterHeight; r++) {
          const y = i * info.strideHeight + r * info.dilationHeight - padInfo.top;
          if (y < 0 || y >= inHeight) continue;
          for (let s = 0; s < info.filterWidth; s++) {
            const z = j * info.strideWidth + s * info.dilationWidth - padInfo.left;
            if (z < 0 || z >= inWidth) continue;
            const to = ((b * inHeight + y) * inWidth + z) * inChannels;
            const tap = (r * info.filterWidth + s) * inChannels * multiplier;
            for (let c = 0, k = 0; c < inChannels; c++) {
              let sum = 0;
              for (let m = 0; m < multiplier; m++, k++) sum += gradient[at + k]! * weights[tap + k]!;
              sums[to + c]! += sum;
            }
          }
        }
      }
    }
  }
  return out;
};
