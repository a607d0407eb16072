// The gradients of a 2D convolution. Those of tfjs-backend-wasm 4.22 are half there: none by the filter, a slow one by the
// input. Both take dilations.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { loadedKernels, type WasmBackend, withScratch } from '../heap.ts';
import { type ConvolutionAttributes, convolutionGeometry } from './convolution-geometry.ts';

/** Conv2DBackpropFilter: x `[B, H, W, C]`, dy `[B, OH, OW, K]` → `[fh, fw, C, K]`. */
export const convolutionFilterGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  const { filterShape } = attributes;
  const geometry = convolutionGeometry('Conv2DBackpropFilter', x.shape, filterShape, attributes, false);
  const out = (backend as WasmBackend).makeOutput(filterShape, 'float32');
  const { kernels, addressOf } = loadedKernels();
  withScratch(kernels.convolutionScratch(...geometry), (scratch) => {
    kernels.convolutionFilterGradient(addressOf(x), addressOf(dy), addressOf(out), 0, ...geometry, scratch);
  });
  return out;
};

/** Conv2DBackpropInput: dy `[B, OH, OW, K]`, filter `[fh, fw, C, K]` → `[B, H, W, C]`. */
export const convolutionInputGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: number[] };
  const { inputShape } = attributes;
  const geometry = convolutionGeometry('Conv2DBackpropInput', inputShape, filter.shape, attributes, false);
  const out = (backend as WasmBackend).makeOutput(inputShape, 'float32');
  const { kernels, addressOf } = loadedKernels();
  withScratch(kernels.convolutionScratch(...geometry), (scratch) => {
    kernels.convolutionInputGradient(addressOf(dy), addressOf(filter), addressOf(out), ...geometry, scratch);
  });
  return out;
};
