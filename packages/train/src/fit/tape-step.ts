// Updates on the tape: any model, any backend. The gradients leave it as arrays, and the rest is plain code.

import type { Model } from '@tidecast/models';
import { optimizerRule } from '../optimizers/optimizers.ts';
import { clipGradients } from './clip.ts';
import { tapeGradients } from './gradients.ts';
import type { FitOptions } from './options.ts';
import { firstNonFinite, type RunState, setWeights } from './run-state.ts';
import { nonFinite, type Stepper } from './step.ts';

/** A stepper that differentiates `model.apply`. `why` says what keeps the run from being planned. */
export function createTapeStepper(model: Model, state: RunState, options: FitOptions, why: string): Stepper {
  const { optimizer } = options;
  const rule = optimizerRule(optimizer);
  return {
    path: 'tape',
    why,
    brings: { mask: true, weight: true },
    takes: () => true,
    async step({ batch, seed, learningRate }) {
      const { loss, gradients } = await tapeGradients(model, options.loss, batch, seed);
      const { norm, byNorm, byValue, ...clipped } = clipGradients(gradients, options.clip);
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
        throw nonFinite(state, loss, { what: 'gradient', index: firstNonFinite(gradients), batch });
      }
      const update = { config: optimizer, learningRate, step: state.progress.step + 1 };
      const weights = state.weights.map((array, i) => {
        const next = array.slice();
        rule.update(next, clipped.gradients[i]!, state.slots[i]!, update);
        return next;
      });
      const bad = firstNonFinite(weights);
      if (bad >= 0) throw nonFinite(state, loss, { what: 'updated weight', index: bad, batch });
      setWeights(model, weights);
      state.weights = weights;
      state.progress.step++;
      return { loss, norm, byNorm, byValue };
    },
    // Every step leaves the state up to date.
    sync() {},
    dispose() {},
  };
}
