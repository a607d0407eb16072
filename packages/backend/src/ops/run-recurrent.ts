// How a recurrent op runs: by the kernels of the running backend where it has them for what is asked, else composed. Chosen by
// look-up alone.

import * as tf from '@tensorflow/tfjs-core';
import { composeRecurrent } from './compose-recurrent.ts';
import { hasKernels } from './has-kernels.ts';
import type { RecurrentCall, RecurrentResult } from './recurrent-call.ts';
import { runFused } from './run-fused.ts';

/** Runs what `check` returns; its casts, too, leave nothing behind. */
export function runRecurrent(check: () => RecurrentCall): RecurrentResult {
  return tf.tidy(() => {
    const call = check();
    return (hasKernels(call)
      ? runFused(call)
      : composeRecurrent(call)) as unknown as tf.TensorContainerObject;
  }) as unknown as RecurrentResult;
}
