import type { Tensor } from '@tensorflow/tfjs-core';
import {
  type RecurrentOptions,
  type RecurrentResult,
  type RecurrentWeights,
  recurrentCall,
} from './recurrent-call.ts';
import { runRecurrent } from './run-recurrent.ts';

/**
 * Simple recurrence over x `[B, T, C]` (Elman 1990): `h′ = φ(x·W + h·U + b)`.
 * Weights: W `kernel [C, H]`, U `recurrent [H, H]`, b `bias [H]`; states `[h]`. One op with its gradient by all of them, by
 * x and by the initial state; no second derivatives.
 * @throws if a shape or an option is wrong.
 */
export function rnn(x: Tensor, weights: RecurrentWeights, options: RecurrentOptions = {}): RecurrentResult {
  return runRecurrent(() => recurrentCall('rnn', 'rnn', x, weights, options));
}
