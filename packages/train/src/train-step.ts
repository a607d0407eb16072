// One update: gradients, clipping, optimiser, and the checks that keep the weights finite.

import type { Batch, NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { type ClipResult, clipGradients } from './clip.ts';
import { tapeGradients } from './gradients.ts';
import { NonFiniteError } from './history.ts';
import { optimizerRule } from './optimizers.ts';
import type { FitOptions } from './options.ts';
import { firstNonFinite, type RunState, setWeights } from './run-state.ts';

/** What one update did. */
export interface StepResult extends Pick<ClipResult, 'norm' | 'byNorm' | 'byValue'> {
  loss: number;
}

/**
 * Updates the model and `state` from one batch.
 * @throws NonFiniteError, leaving the weights as they were, where the loss, a gradient or a new weight is not finite.
 */
export async function trainStep(
  model: Model,
  state: RunState,
  {
    batch,
    seed,
    learningRate,
    options,
  }: { batch: Batch; seed: number; learningRate: number; options: FitOptions },
): Promise<StepResult> {
  const { loss, gradients } = await tapeGradients(model, options.loss, batch, seed);
  const clip = clipGradients(gradients, options.clip);
  if (!Number.isFinite(loss) || !Number.isFinite(clip.norm)) {
    throw failure(state, loss, { what: 'gradient', index: firstNonFinite(gradients), batch });
  }
  const { optimizer } = options;
  const rule = optimizerRule(optimizer);
  const update = { config: optimizer, learningRate, step: state.progress.step + 1 };
  const weights = state.weights.map((array, i) => {
    const next = array.slice();
    rule.update(next, clip.gradients[i]!, state.slots[i]!, update);
    return next;
  });
  const bad = firstNonFinite(weights);
  if (bad >= 0) throw failure(state, loss, { what: 'updated weight', index: bad, batch });
  setWeights(model, weights);
  state.weights = weights;
  state.progress.step++;
  return { loss, norm: clip.norm, byNorm: clip.byNorm, byValue: clip.byValue };
}

function failure(
  { progress, names }: RunState,
  loss: number,
  { what, index, batch }: { what: string; index: number; batch: Batch },
): NonFiniteError {
  const { epoch, batch: done, epochs } = progress;
  const weight = index >= 0 ? names[index]! : undefined;
  const seen = weight
    ? `the loss is ${loss} and the first bad ${what} is that of ${weight}`
    : `the loss is ${loss}`;
  const place = `epoch ${epoch}, batch ${done + 1}`;
  const at = { epoch, batch: done + 1, weight, history: epochs };
  return new NonFiniteError(`fit: stopped at ${place}: ${seen}. ${advice(batch)}`, at);
}

function advice({ x, y }: Batch): string {
  const bad = ({ data }: NdArray) => firstNonFinite([data]) >= 0;
  if (bad(x)) return 'The inputs of this batch hold NaN or infinite values: drop or mask them.';
  if (bad(y))
    return 'The targets of this batch hold NaN or infinite values: drop them or give them weight 0.';
  return 'Lower the learning rate or clip the gradients. The weights are those of the last finite update.';
}
