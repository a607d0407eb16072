// Runs a test on the composition of plain ops: recurrent ops look their kernels up, and find none.

import * as tf from '@tensorflow/tfjs-core';

/** Calls `run` while the running backend has no fused recurrent kernels. */
export function withoutKernels<T>(run: () => T): T {
  const backend = tf.getBackend();
  const kernels = tf
    .getKernelsForBackend(backend)
    .filter(({ kernelName }) => kernelName.startsWith('Tidecast'));
  if (kernels.length === 0) throw new Error(`${backend} has no fused kernels to leave out`);
  for (const { kernelName } of kernels) tf.unregisterKernel(kernelName, backend);
  try {
    return run();
  } finally {
    for (const kernel of kernels) tf.registerKernel(kernel);
  }
}
