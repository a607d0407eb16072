// Updates on the tape: any model, any backend. The gradients leave it as arrays, and the rest is plain code.

import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { optimizerRule } from '../optimizers/optimizers.ts';
import { carriedSizes, statesBefore } from './carry.ts';
import { clipGradients } from './clip.ts';
import { forward, tapeGradients, toArrays } from './gradients.ts';
import { keptStatistics } from './learnt.ts';
import type { FitOptions } from './options.ts';
import { firstNonFinite, type RunState, setValues } from './run-state.ts';
import { nonFinite, type Stepper } from './step.ts';

/** A stepper that differentiates `model.apply`. `why` says what keeps the run from being planned. */
export function createTapeStepper(model: Model, state: RunState, options: FitOptions, why: string): Stepper {
  const { optimizer, freeze } = options;
  const rule = optimizerRule(optimizer);
  const keepStatistics = keptStatistics(model, freeze);
  /** Positions of the learnt weights among all values. */
  const positions = state.learnt.flatMap((each, i) => (each ? [i] : []));
  /** The states a batch starts from; none where it carries none. */
  const before = ({ carry }: Batch) =>
    carry && { state: statesBefore(carriedSizes(model), carry, state.carried) };
  return {
    path: 'tape',
    why,
    brings: { mask: true, weight: true, carry: true },
    takes: () => true,
    async step({ batch, seed, learningRate }) {
      const {
        loss,
        gradients,
        statistics,
        state: after = null,
      } = await tapeGradients(model, options.loss, batch, { seed, freeze, ...before(batch) });
      const { norm, byNorm, byValue, ...clipped } = clipGradients(gradients, options.clip);
      if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
        const index = positions[firstNonFinite(gradients)] ?? -1;
        throw nonFinite(state, loss, { what: 'gradient', index, batch });
      }
      const update = { config: optimizer, learningRate, step: state.progress.step + 1 };
      const values = state.values.map((array, i) => statistics[state.names[i]!]?.data ?? array);
      positions.forEach((at, i) => {
        values[at] = state.values[at]!.slice();
        rule.update(values[at], clipped.gradients[i]!, state.slots[at]!, update);
      });
      const bad = firstNonFinite(values);
      if (bad >= 0) throw nonFinite(state, loss, { what: 'updated weight', index: bad, batch });
      setValues(model, values);
      state.values = values;
      state.carried = after;
      state.progress.step++;
      return { loss, norm, byNorm, byValue };
    },
    async pass({ batch, seed }) {
      const after = tf.tidy(
        () => forward(model, batch, { training: true, seed, keepStatistics, ...before(batch) }).state,
      );
      try {
        state.carried = await toArrays(after);
      } finally {
        tf.dispose(after);
      }
    },
    // Every step leaves the state up to date.
    sync() {},
    dispose() {},
  };
}
