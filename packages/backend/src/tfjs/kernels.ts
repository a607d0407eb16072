// The kernels that training needs and tfjs-backend-wasm 4.22 lacks, has wrong or has slow. Registered by name, in a
// function, never by being imported.

import { getKernel, type KernelFunc, registerKernel, unregisterKernel } from '@tensorflow/tfjs-core';
import { convolutionFilterGradient, convolutionInputGradient } from './kernels/convolution-gradients.ts';
import { depthwiseFilterGradient, depthwiseInputGradient } from './kernels/depthwise-gradients.ts';
import { averagePoolGradient, maxPoolGradient } from './kernels/pool-gradients.ts';
import { recurrentKernels } from './kernels/recurrent.ts';
import { unsortedSegmentSum } from './kernels/unsorted-segment-sum.ts';
import { startKernels } from './start-kernels.ts';

type Kernels = Record<string, KernelFunc>;

/** Registered where there is none, so that a kernel of tfjs's own, or yours, stays. */
const missing: Kernels = { UnsortedSegmentSum: unsortedSegmentSum };

/** The same; they call the kernels in WebAssembly, which need SIMD. */
const missingWithoutSimd: Kernels = {
  Conv2DBackpropFilter: convolutionFilterGradient,
  DepthwiseConv2dNativeBackpropFilter: depthwiseFilterGradient,
  DepthwiseConv2dNativeBackpropInput: depthwiseInputGradient,
  ...recurrentKernels,
};

/** Registered in place of those of tfjs-backend-wasm, one of which is slow and knows no dilation. */
const faster: Kernels = { Conv2DBackpropInput: convolutionInputGradient };

/** Registered in place of those of tfjs-backend-wasm, which give wrong gradients. */
const repaired: Kernels = { MaxPoolGrad: maxPoolGradient, AvgPoolGrad: averagePoolGradient };

/**
 * Registers the training kernels for the backend `wasm`, which must have started. May be called again at any time.
 * {@link useBackend} calls it; call it yourself only to train on a WASM backend you started without it. Where the engine
 * has no SIMD, most are absent, and the wrong ones of tfjs are taken away.
 * @returns the build of the kernels in WebAssembly that runs; undefined without SIMD.
 * @throws if the backend has not started, or is tfjs's threaded build.
 */
export async function registerKernels(options: { strict?: boolean } = {}) {
  const kernels = await startKernels(options.strict ?? false);
  add(missing);
  if (kernels) {
    add(missingWithoutSimd);
    replace({ ...faster, ...repaired });
  } else {
    for (const kernelName of Object.keys(repaired)) {
      if (getKernel(kernelName, 'wasm')) unregisterKernel(kernelName, 'wasm');
    }
  }
  return kernels?.build;
}

function add(kernels: Kernels): void {
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    if (!getKernel(kernelName, 'wasm')) registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
}

function replace(kernels: Kernels): void {
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    const present = getKernel(kernelName, 'wasm');
    if (present?.kernelFunc === kernelFunc) continue;
    if (present) unregisterKernel(kernelName, 'wasm');
    registerKernel({ kernelName, backendName: 'wasm', kernelFunc });
  }
}
