import type { Tensor } from '@tensorflow/tfjs-core';
import {
  type GatedOptions,
  type RecurrentResult,
  type RecurrentWeights,
  recurrentCall,
} from './recurrent-call.ts';
import { runRecurrent } from './run-recurrent.ts';

/** Options of {@link gru}. */
export interface GruOptions extends GatedOptions {
  /** True (default): the reset gate multiplies h·U, as in PyTorch. False: it multiplies h before the product. */
  resetAfter?: boolean | undefined;
}

/**
 * Gated recurrent unit over x `[B, T, C]` (Cho et al. 2014, arXiv:1406.1078):
 * `r = σ(x·Wr + br + h·Ur + cr)`, `z = σ(x·Wz + bz + h·Uz + cz)`, `h′ = (1 − z)∘n + z∘h`, with
 * `n = φ(x·Wn + bn + r∘(h·Un + cn))`, or `n = φ(x·Wn + bn + (r∘h)·Un)` where `resetAfter` is false (no c then).
 * Weights, gates in the order r, z, n: W `kernel [C, 3H]`, U `recurrent [H, 3H]`, b `bias [3H]`, c `recurrentBias [3H]`;
 * states `[h]`. One op with its gradient by all of them, by x and by the initial state; no second derivatives.
 * @throws if a shape or an option is wrong.
 */
export function gru(
  x: Tensor,
  weights: RecurrentWeights & { recurrentBias?: Tensor | undefined },
  options: GruOptions = {},
): RecurrentResult {
  const { resetAfter = true, ...rest } = options;
  if (!resetAfter && weights.recurrentBias) {
    throw new Error('gru: recurrentBias must be absent with resetAfter false, got one. Add it to the bias.');
  }
  return runRecurrent(() => recurrentCall('gru', resetAfter ? 'gru' : 'gruBefore', x, weights, rest));
}
