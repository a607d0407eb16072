// Updates as a planned run: forward, loss, backward, clipping and optimiser over one arena of the WASM backend, with no
// tensor and no allocation in between. The numbers are those of the tape to within rounding.

import * as tf from '@tensorflow/tfjs-core';
import { type Block, createPlan, currentKernels } from '@tidecast/backend';
import type { Batch, SampleSource } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { optimizerRule } from '../optimizers/optimizers.ts';
import { carriedSizes, statesBefore } from './carry.ts';
import type { FitOptions } from './options.ts';
import { firstNonFinite, type RunState } from './run-state.ts';
import { type Extras, nonFinite, type Stepper } from './step.ts';

/** Weights begin on whole vectors. */
const up4 = (count: number) => Math.ceil(count / 4) * 4;

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

  const sizes = state.weights.map(({ length }) => length);
  const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((sum, size) => sum + up4(size), 0));
  const count = sizes.reduce((sum, size) => sum + up4(size), 0);
  const parts = (of: Block) => sizes.map((size, i) => plan.slice(of, starts[i]!, size));
  const weights = plan.block(count);
  const previous = plan.block(count);
  const gradients = plan.block(count);
  const slots = Object.fromEntries(rule.slots(optimizer).map((name) => [name, plan.block(count)]));
  const weightParts = parts(weights);
  const gradientParts = parts(gradients);
  const slotParts = Object.entries(slots).map(([name, block]) => ({ name, parts: parts(block) }));

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
  const output = model.plan(
    plan,
    input,
    Object.fromEntries(
      state.names.map((name, i) => [name, { value: weightParts[i]!, gradient: gradientParts[i]! }]),
    ),
    bring.carry ? { blocks: states, after: bring.carryAfter } : undefined,
  );
  if (typeof output === 'string') return output;
  const targets = samples.yShape.reduce((product, size) => product * size, 1);
  const y = plan.block(capacity * targets);
  const weight = bring.weight ? plan.block(capacity * targets) : undefined;
  const measure = loss.plan(plan, output, { y, weight, shape: samples.yShape });
  if (typeof measure === 'string') return measure;

  const laid = plan.lay();
  for (const block of [weights, previous, gradients, ...Object.values(slots)]) laid.view(block).fill(0);
  for (const [i, part] of weightParts.entries()) {
    laid.view(part).set(state.weights[i]!);
    for (const { name, parts: of } of slotParts) laid.view(of[i]!).set(state.slots[i]![name]!);
  }

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
  const variables = Object.values(model.weights);
  /** Puts the weights into the model: in place, unless somebody holds a copy that shares the values. */
  const publish = () => {
    for (let i = 0; i < variables.length; i++) {
      const variable = variables[i]!;
      const part = weightParts[i]!;
      if (current.owns(variable)) kernels.copy(part.length, part.address, current.addressOf(variable));
      else tf.tidy(() => variable.assign(tf.tensor(laid.view(part).slice(), variable.shape, 'float32')));
    }
  };
  const firstBad = (of: readonly Block[]) => firstNonFinite(of.map((block) => laid.view(block)));
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
      const raw = Math.sqrt(kernels.squaredNorm(count, gradients.address));
      if (!Number.isFinite(value) || !Number.isFinite(raw)) {
        throw nonFinite(state, value, { what: 'gradient', index: firstBad(gradientParts), batch });
      }
      // A kernel's boolean is 0 or 1.
      const byValue =
        clip.value !== undefined && Number(kernels.clipValues(count, gradients.address, clip.value)) === 1;
      const cut = byValue ? Math.sqrt(kernels.squaredNorm(count, gradients.address)) : raw;
      const byNorm = clip.norm !== undefined && cut > clip.norm;
      const finite = rule.updatePlanned(
        kernels,
        {
          count,
          weight: weights,
          previous,
          gradient: gradients,
          scale: byNorm ? clip.norm! / (cut + 1e-6) : 1,
          slots,
        },
        { config: optimizer, learningRate, step: state.progress.step + 1 },
      );
      if (!finite) {
        const index = firstBad(weightParts);
        laid.view(weights).set(laid.view(previous));
        throw nonFinite(state, value, { what: 'updated weight', index, batch });
      }
      publish();
      state.carried = handedOn(batch);
      state.progress.step++;
      return { loss: value, norm: raw, byNorm, byValue };
    },
    sync() {
      state.weights = weightParts.map((part) => laid.view(part).slice());
      state.slots = sizes.map((_, i) =>
        Object.fromEntries(slotParts.map(({ name, parts: of }) => [name, laid.view(of[i]!).slice()])),
      );
    },
    dispose: laid.dispose,
  };
}
