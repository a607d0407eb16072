// The gradients of a depthwise 2D convolution, which tfjs-backend-wasm 4.22 lacks. Both take dilations.

import type { KernelFunc, TensorInfo } from '@tensorflow/tfjs-core';
import { loadedKernels, type WasmBackend } from '../heap.ts';
import { type ConvolutionAttributes, convolutionGeometry } from './convolution-geometry.ts';

/** DepthwiseConv2dNativeBackpropFilter: x `[B, H, W, C]`, dy `[B, OH, OW, C·M]` → `[fh, fw, C, M]`. */
export const depthwiseFilterGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { x, dy } = inputs as { x: TensorInfo; dy: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: number[] };
  const { filterShape } = attributes;
  const kernel = 'DepthwiseConv2dNativeBackpropFilter';
  const geometry = convolutionGeometry(kernel, x.shape, filterShape, attributes, true);
  const out = (backend as WasmBackend).makeOutput(filterShape, 'float32');
  const { kernels, addressOf } = loadedKernels();
  kernels.depthwiseFilterGradient(addressOf(x), addressOf(dy), addressOf(out), 0, ...geometry);
  return out;
};

/** DepthwiseConv2dNativeBackpropInput: dy `[B, OH, OW, C·M]`, filter `[fh, fw, C, M]` → `[B, H, W, C]`. */
export const depthwiseInputGradient: KernelFunc = ({ inputs, backend, attrs }) => {
  const { dy, filter } = inputs as { dy: TensorInfo; filter: TensorInfo };
  const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: number[] };
  const { inputShape } = attributes;
  const kernel = 'DepthwiseConv2dNativeBackpropInput';
  const geometry = convolutionGeometry(kernel, inputShape, filter.shape, attributes, true);
  const out = (backend as WasmBackend).makeOutput(inputShape, 'float32');
  const { kernels, addressOf } = loadedKernels();
  kernels.depthwiseInputGradient(addressOf(dy), addressOf(filter), addressOf(out), ...geometry);
  return out;
};
