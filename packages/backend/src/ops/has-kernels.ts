// Whether the running backend has kernels for what a recurrent op is asked.

import * as tf from '@tensorflow/tfjs-core';
import { kernelNames } from './kernel-contract.ts';
import type { RecurrentCall } from './recurrent-call.ts';

/** What the kernels of a backend can do; backends that are not here can do all. */
const limits: Readonly<Record<string, (call: RecurrentCall) => boolean>> = {
  wasm: ({ cell, activation, recurrentActivation }) => {
    if (cell === 'rnn') return activation !== 'softmax';
    return takesSlopeFromValue(activation) && takesSlopeFromValue(recurrentActivation);
  },
  tensorflow: ({ cell, activation, recurrentActivation }) => {
    if (cell === 'rnn') return ['tanh', 'sigmoid', 'relu'].includes(activation);
    return activation === 'tanh' && recurrentActivation === 'sigmoid';
  },
};

/** True where a call runs fused. */
export function hasKernels(call: RecurrentCall): boolean {
  const backend = tf.getBackend();
  if (call.variant) return false;
  if (!tf.getKernel(kernelNames[call.cell], backend)) return false;
  return limits[backend]?.(call) ?? true;
}

/** The gated kernels keep the values of their gates, from which these functions have no derivative. */
function takesSlopeFromValue(activation: RecurrentCall['activation']): boolean {
  return activation !== 'swish' && activation !== 'softplus' && activation !== 'softmax';
}
