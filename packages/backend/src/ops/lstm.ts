import type { Tensor } from '@tensorflow/tfjs-core';
import {
  type GatedOptions,
  type RecurrentResult,
  type RecurrentWeights,
  recurrentCall,
} from './recurrent-call.ts';
import { runRecurrent } from './run-recurrent.ts';

/**
 * Long short-term memory over x `[B, T, C]` (Hochreiter, Schmidhuber 1997; Gers, Schmidhuber, Cummins 2000):
 * `[i f g o] = x·W + h·U + b`, `c′ = σ(f)∘c + σ(i)∘φ(g)`, `h′ = σ(o)∘φ(c′)`.
 * Weights: W `kernel [C, 4H]`, U `recurrent [H, 4H]`, b `bias [4H]`; states `[h, c]`. One op with its gradient by all of
 * them, by x and by the initial states; no second derivatives.
 * @throws if a shape or an option is wrong.
 */
export function lstm(x: Tensor, weights: RecurrentWeights, options: GatedOptions = {}): RecurrentResult {
  return runRecurrent(() => recurrentCall('lstm', 'lstm', x, weights, options));
}
