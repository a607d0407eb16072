// Boots tfjs-backend-wasm: imports it on demand, tells it where its binaries are, and adds the kernels it lacks.

import * as tf from '@tensorflow/tfjs-core';
import { registerGradients } from './gradients.ts';

/** Makes WASM the current backend. */
export async function startWasm(): Promise<void> {
  await import('@tensorflow/tfjs-backend-wasm');
  if (!(await tf.setBackend('wasm'))) throw new Error('useBackend: wasm did not start.');
  await registerGradients();
}
