// A trial that is a training: what most jobs of a search do.

import type { SampleSource } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { fit } from '../fit/fit.ts';
import type { FitOptions } from '../fit/options.ts';
import type { TrialInput, TrialResult } from './trial.ts';

/** The options of {@link fit} that a trial does not set itself. */
export type FitTrialOptions = Omit<FitOptions, 'epochs' | 'seed' | 'validation'> & {
  validation: SampleSource;
};

/**
 * Trains `model` up to `trial.budget` epochs, from the trial's checkpoint where there is one, and gives back the
 * validation losses that the search reads. Make the model with `trial.seed`; it is trained in place.
 * Where `earlyStopping` puts the best weights back, the loss at a budget is that of the best epoch up to there, else that of
 * the epoch itself. A schedule over the whole training needs its `epochs` set: `trial.budget` grows.
 * @throws as {@link fit} does.
 */
export async function fitTrial(
  model: Model,
  samples: SampleSource,
  options: FitTrialOptions,
  trial: TrialInput,
): Promise<TrialResult> {
  const { budget, seed, readAt, mayGoOn } = trial;
  const { checkpoint, resume = trial.checkpoint, ...rest } = options;
  const { earlyStopping } = options;
  let last: Uint8Array | undefined;
  const keep = {
    every: checkpoint?.every ?? budget,
    write(bytes: Uint8Array) {
      last = bytes;
      return checkpoint?.write(bytes);
    },
  };
  const { epochs } = await fit(model, samples, {
    ...rest,
    epochs: budget,
    seed,
    ...(resume && { resume }),
    ...((mayGoOn || checkpoint) && { checkpoint: keep }),
  });
  const lossAt = (epoch: number) => {
    const losses = epochs.slice(0, epoch).map(({ validationLoss }) => validationLoss!);
    if (!earlyStopping || earlyStopping.restoreBest === false) return losses.at(-1)!;
    const { minDelta = 0 } = earlyStopping;
    return losses.reduce((best, loss) => (loss < best - minDelta ? loss : best), Number.POSITIVE_INFINITY);
  };
  const losses = readAt.map((epoch) => ({ budget: epoch, loss: lossAt(epoch) }));
  // A training that had nothing left to do wrote nothing.
  const kept = last ?? resume;
  return { losses, ...(mayGoOn && kept && { checkpoint: kept }) };
}
