// The filter gradient of a 2D convolution: the input is unfolded into columns, and one matrix product does the rest.

import type { backend_util, KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { floats, makeZeros, matMul, type WasmBackend, withShape } from '../heap.ts';
import { type ConvolutionAttributes, convolutionInfo } from './convolution.ts';

/** Columns are unfolded for as many images at a time as fit in this many floats (16 MB). */
const CHUNK = 4 * 1024 * 1024;

/**
 * dw[r, s, c, k] = Σ_{b,i,j} x[b, i·stride + r − top, j·stride + s − left, c] · dy[b, i, j, k].
 * x `[B, H, W, C]`, dy `[B, OH, OW, K]` → `[fh, fw, C, K]`.
 */
export const conv2dBackpropFilter: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  const heap = backend as WasmBackend;
  const { filterShape } = attributes;
  const info = convolutionInfo('Conv2DBackpropFilter', x.shape, filterShape, attributes, false);
  const { batchSize, inChannels, outChannels } = info;
  const rows = info.filterHeight * info.filterWidth * inChannels;
  const pixels = info.outHeight * info.outWidth;
  const out = makeZeros(heap, filterShape, 'float32');
  if (rows * outChannels * batchSize * pixels === 0) return out;
  const images = Math.max(1, Math.min(batchSize, Math.floor(CHUNK / (rows * pixels))));
  for (let start = 0; start < batchSize; start += images) {
    const count = Math.min(images, batchSize - start);
    const columns = heap.makeOutput([1, rows, count * pixels], 'float32');
    unfold(floats(heap, x), floats(heap, columns), info, start, count);
    const whole = count === batchSize;
    const shape = [1, count * pixels, outChannels];
    const part = whole ? withShape(dy, shape) : heap.makeOutput(shape, 'float32');
    if (!whole) {
      const from = start * pixels * outChannels;
      floats(heap, part).set(floats(heap, dy).subarray(from, from + count * pixels * outChannels));
    }
    const product = matMul(heap, columns, part);
    const sums = floats(heap, out);
    const terms = floats(heap, product);
    for (let i = 0; i < sums.length; i++) sums[i]! += terms[i]!;
    for (const each of whole ? [columns, product] : [columns, product, part]) heap.disposeData(each.dataId);
  }
  return out;
};

/** columns[(r, s, c), (b, i, j)] = x[b, i·stride + r − top, j·stride + s − left, c], 0 in the padding. */
function unfold(
  x: Float32Array,
  columns: Float32Array,
  info: backend_util.Conv2DInfo,
  start: number,
  count: number,
): void {
  const { inHeight, inWidth, inChannels, outHeight, outWidth, strideHeight, strideWidth, padInfo } = info;
  const width = count * outHeight * outWidth;
  columns.fill(0);
  for (let r = 0; r < info.filterHeight; r++) {
    for (let s = 0; s < info.filterWidth; s++) {
      const row = (r * info.filterWidth + s) * inChannels * width;
      for (let b = 0; b < count; b++) {
        for (let i = 0; i < outHeight; i++) {
          const y = i * strideHeight + r - padInfo.top;
          if (y < 0 || y >= inHeight) continue;
          const line = ((start + b) * inHeight + y) * inWidth;
          for (let j = 0; j < outWidth; j++) {
            const z = j * strideWidth + s - padInfo.left;
            if (z < 0 || z >= inWidth) continue;
            const from = (line + z) * inChannels;
            let to = row + (b * outHeight + i) * outWidth + j;
            for (let c = 0; c < inChannels; c++, to += width) columns[to] = x[from + c]!;
          }
        }
      }
    }
  }
}
