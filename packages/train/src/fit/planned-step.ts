// Updates as a planned run: forward, loss, backward, clipping and optimiser over one arena of the WASM backend, with no
// tensor and no allocation in between. The numbers are those of the tape to within rounding.

import * as tf from '@tensorflow/tfjs-core';
import { createPlan, currentKernels } from '@tidecast/backend';
import type { Batch, SampleSource } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { optimizerRule } from '../optimizers/optimizers.ts';
import { carriedSizes, statesBefore } from './carry.ts';
import type { FitOptions } from './options.ts';
import { planValues } from './planned-values.ts';
import type { RunState } from './run-state.ts';
import { type Extras, nonFinite, type Stepper } from './step.ts';

/**
 * A planned stepper with room for what batches may `bring` beside inputs and targets, or why there is none: the backend,
 * a layer or the loss.
 */
export function createPlannedStepper(
  model: Model,
  samples: SampleSource,
  state: RunState,
  options: FitOptions,
  bring: Extras,
): Stepper | string {
  const current = currentKernels();
  if (tf.getBackend() !== 'wasm') return `the backend is ${tf.getBackend()}, and plans run on wasm`;
  if (!current) return 'the engine has no WASM SIMD';
  if (!model.plan) return 'the model has no planned form';
  const { loss, optimizer, clip = {} } = options;
  if (!loss.plan) return `the loss ${loss.config.type} has no planned form`;
  const rule = optimizerRule(optimizer);
  const capacity = Math.min(options.batchSize, samples.count);
  const { kernels } = current;
  const plan = createPlan(current, { batch: capacity, training: true });

  const values = planValues(plan, current, { model, state, options });
  const mask = bring.mask ? plan.block(capacity * samples.xShape[0]!) : undefined;
  const size = samples.xShape.reduce((product, each) => product * each, 1);
  // Nobody asks for the gradient by the inputs.
  const input = { value: plan.block(capacity * size), shape: samples.xShape, ...(mask && { mask }) };
  const stateSizes = bring.carry ? carriedSizes(model) : {};
  const states = Object.fromEntries(
    Object.entries(stateSizes).map(([name, units]) => {
      return [name, { before: plan.block(capacity * units), after: plan.block(capacity * units) }];
    }),
  );
  const output = model.plan(plan, input, values.weights, {
    statistics: values.statistics,
    ...(bring.carry && { states: { blocks: states, after: bring.carryAfter } }),
  });
  if (typeof output === 'string') return output;
  const targets = samples.yShape.reduce((product, size) => product * size, 1);
  const y = plan.block(capacity * targets);
  const weight = bring.weight ? plan.block(capacity * targets) : undefined;
  const measure = loss.plan(plan, output, { y, weight, shape: samples.yShape });
  if (typeof measure === 'string') return measure;

  const laid = plan.lay();
  values.load(laid);

  const load = ({ x, y: target, mask: real, weight: weighs, carry }: Batch) => {
    laid.feed(input, x.data, real?.data);
    for (const { before } of Object.values(states)) laid.view(before).fill(0);
    if (carry) {
      const given = statesBefore(stateSizes, carry, state.carried);
      for (const [name, { data }] of Object.entries(given)) {
        laid.view(states[name]!.before, data.length).set(data);
      }
    }
    laid.view(y, target.data.length).set(target.data);
    if (weight && !weighs) laid.view(weight).fill(1);
    if (weight && weighs) laid.view(weight, target.data.length).set(weighs.data);
  };
  /** The states that the batch in the blocks hands on. */
  const handedOn = ({ carry }: Batch) => {
    if (!carry) return null;
    const rows = carry.data.length;
    return Object.fromEntries(
      Object.entries(stateSizes).map(([name, units]) => {
        const data = laid.view(states[name]!.after, rows * units).slice();
        return [name, { data, shape: [rows, units] }];
      }),
    );
  };
  const run = { batch: 0, seed: 0 };
  const runForward = (batch: Batch, seed: number) => {
    load(batch);
    run.batch = batch.x.shape[0]!;
    run.seed = seed;
    laid.runForward(run);
  };

  return {
    path: 'planned',
    brings: bring,
    takes({ mask: real, weight: weighs, carry, carryAfter }) {
      if (carry && !(bring.carry && bring.carryAfter === carryAfter)) return false;
      return (!real || bring.mask) && (!weighs || bring.weight);
    },
    pass({ batch, seed }) {
      runForward(batch, seed);
      state.carried = handedOn(batch);
    },
    step({ batch, seed, learningRate }) {
      runForward(batch, seed);
      const value = measure(run);
      laid.runBackward(run);
      const { count, gradient, weight: weights, previous } = values;
      const raw = Math.sqrt(kernels.squaredNorm(count, gradient.address));
      if (!Number.isFinite(value) || !Number.isFinite(raw)) {
        throw nonFinite(state, value, {
          what: 'gradient',
          index: values.firstBad(laid, 'gradient'),
          batch,
        });
      }
      // A kernel's boolean is 0 or 1.
      const byValue =
        clip.value !== undefined && Number(kernels.clipValues(count, gradient.address, clip.value)) === 1;
      const cut = byValue ? Math.sqrt(kernels.squaredNorm(count, gradient.address)) : raw;
      const byNorm = clip.norm !== undefined && cut > clip.norm;
      const finite = rule.updatePlanned(
        kernels,
        {
          count,
          weight: weights,
          previous,
          gradient,
          scale: byNorm ? clip.norm! / (cut + 1e-6) : 1,
          slots: values.slots,
        },
        { config: optimizer, learningRate, step: state.progress.step + 1 },
      );
      if (!finite) {
        const index = values.firstBad(laid, 'value');
        laid.view(weights).set(laid.view(previous));
        throw nonFinite(state, value, { what: 'updated weight', index, batch });
      }
      values.publish(laid);
      state.carried = handedOn(batch);
      state.progress.step++;
      return { loss: value, norm: raw, byNorm, byValue };
    },
    sync: () => values.save(laid),
    dispose: laid.dispose,
  };
}
