// The kernels that training needs and tfjs-backend-wasm 4.22 lacks. Registered by name, never by being imported.

import { getKernel, type KernelConfig, registerKernel } from '@tensorflow/tfjs-core';
import { conv2dBackpropFilter } from './kernels/conv2d-backprop-filter.ts';
import { depthwiseBackpropFilter } from './kernels/depthwise-backprop-filter.ts';
import { depthwiseBackpropInput } from './kernels/depthwise-backprop-input.ts';
import { unsortedSegmentSum } from './kernels/unsorted-segment-sum.ts';

const kernels: KernelConfig[] = [
  { kernelName: 'Conv2DBackpropFilter', backendName: 'wasm', kernelFunc: conv2dBackpropFilter },
  {
    kernelName: 'DepthwiseConv2dNativeBackpropFilter',
    backendName: 'wasm',
    kernelFunc: depthwiseBackpropFilter,
  },
  {
    kernelName: 'DepthwiseConv2dNativeBackpropInput',
    backendName: 'wasm',
    kernelFunc: depthwiseBackpropInput,
  },
  { kernelName: 'UnsortedSegmentSum', backendName: 'wasm', kernelFunc: unsortedSegmentSum },
];

/**
 * Registers the training kernels for the backend `wasm`, each where there is none yet. May be called at any time and
 * again. {@link useBackend} calls it; call it yourself only to train on a WASM backend you started without it.
 */
export function registerKernels(): void {
  for (const kernel of kernels) {
    if (!getKernel(kernel.kernelName, 'wasm')) registerKernel(kernel);
  }
}
