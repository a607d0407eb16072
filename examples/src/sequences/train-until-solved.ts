// Training on a task that draws a new example every time: the loss of a batch before its update is then the loss on
// examples never seen, and training may stop as soon as the last ones are good enough.

import type { Samples } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { type FitOptions, fit, NonFiniteError } from '@tidecast/train';

/** What came of it. */
export interface Solved {
  /** Updates made. */
  updates: number;
  /** Mean losses of the updates, by pieces of {@link SolveOptions.every}. */
  losses: { updates: number; loss: number }[];
}

/** How to train, and when it is enough. */
export interface SolveOptions extends Omit<FitOptions, 'epochs' | 'onProgress'> {
  /** Solved once the mean loss over `every` updates is below this. */
  below: number;
  every: number;
}

/** Trains `model` on all of `samples`, each seen once, or until it is solved. So does a loss that is not finite. */
export async function trainUntilSolved(
  model: Model,
  samples: Samples,
  { below, every, signal, ...options }: SolveOptions,
): Promise<Solved> {
  const enough = new AbortController();
  const losses: Solved['losses'] = [];
  let updates = 0;
  let sum = 0;
  try {
    await fit(model, samples, {
      ...options,
      epochs: 1,
      signal: signal ? AbortSignal.any([signal, enough.signal]) : enough.signal,
      onProgress(event) {
        if (event.kind !== 'batch') return;
        updates = event.batch;
        sum += event.loss;
        if (updates % every > 0) return;
        losses.push({ updates, loss: sum / every });
        if (sum / every < below) enough.abort();
        sum = 0;
      },
    });
  } catch (error) {
    if (signal?.aborted || !(enough.signal.aborted || error instanceof NonFiniteError)) throw error;
  }
  return { updates, losses };
}
