// The kernels that training needs and tfjs-backend-wasm 4.22 lacks or has wrong. Registered by name, in a function,
// never by being imported.

import { getKernel, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { conv2dBackpropFilter } from './kernels/conv2d-backprop-filter.ts';
import { depthwiseBackpropFilter } from './kernels/depthwise-backprop-filter.ts';
import { depthwiseBackpropInput } from './kernels/depthwise-backprop-input.ts';
import { averagePoolGradient, maxPoolGradient } from './kernels/pool-gradients.ts';
import { unsortedSegmentSum } from './kernels/unsorted-segment-sum.ts';

/** Registered where there is none, so that a kernel of tfjs's own, or yours, stays. */
const missing: Record<string, KernelFunc> = {
  Conv2DBackpropFilter: conv2dBackpropFilter,
  DepthwiseConv2dNativeBackpropFilter: depthwiseBackpropFilter,
  DepthwiseConv2dNativeBackpropInput: depthwiseBackpropInput,
  UnsortedSegmentSum: unsortedSegmentSum,
};

/** Registered in place of those of tfjs-backend-wasm, which give wrong gradients. */
const repaired: Record<string, KernelFunc> = {
  MaxPoolGrad: maxPoolGradient,
  AvgPoolGrad: averagePoolGradient,
};

/**
 * Registers the training kernels for the backend `wasm`. May be called again at any time. {@link useBackend} calls it;
 * call it yourself only to train on a WASM backend you started without it, after importing tfjs-backend-wasm.
 */
export function registerKernels(): void {
  for (const [kernelName, kernelFunc] of Object.entries(missing)) {
    if (!getKernel(kernelName, 'wasm')) registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
  for (const [kernelName, kernelFunc] of Object.entries(repaired)) {
    const present = getKernel(kernelName, 'wasm');
    if (present?.kernelFunc === kernelFunc) continue;
    if (present) unregisterKernel(kernelName, 'wasm');
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
}
