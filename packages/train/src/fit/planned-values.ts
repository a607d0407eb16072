// Where the values of a model stand in a plan: what is learnt in one block, so that clipping and the optimiser are one call each;
// frozen weights and statistics in blocks of their own.

import * as tf from '@tensorflow/tfjs-core';
import type { Block, CurrentKernels, Plan, PlanBuilder, PlannedWeight } from '@tidecast/backend';
import type { Model, PlannedStatistic } from '@tidecast/models';
import { optimizerRule } from '../optimizers/optimizers.ts';
import { keptStatistics, variablesOf } from './learnt.ts';
import type { FitOptions } from './options.ts';
import { firstNonFinite, type RunState } from './run-state.ts';

/** The values of a model in a plan that is being laid out. */
export interface PlannedValues {
  /** Floats that are learnt, with the gaps between weights. */
  count: number;
  weight: Block;
  /** Takes the weights as they were before an update. */
  previous: Block;
  gradient: Block;
  slots: Readonly<Record<string, Block>>;
  /** What the layers are given. */
  weights: Readonly<Record<string, PlannedWeight>>;
  statistics: Readonly<Record<string, PlannedStatistic>>;
  /** Copies all values of the run into the plan. */
  load(plan: Plan): void;
  /** Takes the statistics of the last batch over, and puts what has changed into the model's variables. */
  publish(plan: Plan): void;
  /** Copies what has changed back into the run. */
  save(plan: Plan): void;
  /** Position among all values of the first one whose gradient, or which itself, is not finite; −1 where there is none. */
  firstBad(plan: Plan, what: 'value' | 'gradient'): number;
}

/** Weights begin on whole vectors. */
const up4 = (count: number) => Math.ceil(count / 4) * 4;

/** Gives all values of `model` their blocks. */
export function planValues(
  plan: PlanBuilder,
  current: CurrentKernels,
  { model, state, options }: { model: Model; state: RunState; options: FitOptions },
): PlannedValues {
  const { optimizer, freeze } = options;
  const variables = Object.values(variablesOf(model));
  const positions = state.learnt.flatMap((each, i) => (each ? [i] : []));
  const count = positions.reduce((sum, at) => sum + up4(variables[at]!.size), 0);
  const block = () => plan.block(count);
  const [weight, previous, gradient] = [block(), block(), block()];
  const slotNames = optimizerRule(optimizer).slots(optimizer);
  const slots = Object.fromEntries(slotNames.map((name) => [name, block()]));
  let start = 0;
  const parts = positions.map((at) => {
    const { size } = variables[at]!;
    const part = (of: Block) => plan.slice(of, start, size);
    const own = {
      ...{ at, value: part(weight), gradient: part(gradient) },
      slots: Object.fromEntries(slotNames.map((name) => [name, part(slots[name]!)])),
    };
    start += up4(size);
    return own;
  });
  const values: Block[] = [];
  for (const { at, value } of parts) values[at] = value;
  state.names.forEach((_, at) => {
    values[at] ??= plan.block(variables[at]!.size);
  });
  const gradients = new Map(parts.map(({ at, gradient: own }) => [at, own]));
  const kept = keptStatistics(model, freeze);
  const first = Object.keys(model.weights).length;
  const moving = Object.keys(model.statistics ?? {}).flatMap((name, i) => {
    return kept.includes(name) ? [] : [{ at: first + i, next: plan.block(variables[first + i]!.size) }];
  });
  const nexts = new Map(moving.map(({ at, next }) => [at, next]));
  const named = <T>(from: number, to: number, entry: (at: number) => T) =>
    Object.fromEntries(state.names.slice(from, to).map((name, i) => [name, entry(from + i)]));
  /** In place, unless somebody holds a copy that shares the values. */
  const show = (laid: Plan, at: number) => {
    const variable = variables[at]!;
    const value = values[at]!;
    if (current.owns(variable)) {
      current.kernels.copy(value.length, value.address, current.addressOf(variable));
      current.changed(variable);
    } else {
      tf.tidy(() => variable.assign(tf.tensor(laid.view(value).slice(), variable.shape, 'float32')));
    }
  };
  return {
    ...{ count, weight, previous, gradient, slots },
    weights: named(0, first, (at) => {
      const own = gradients.get(at);
      return { value: values[at]!, ...(own && { gradient: own }) };
    }),
    statistics: named(first, values.length, (at) => {
      const next = nexts.get(at);
      return { value: values[at]!, ...(next && { next }) };
    }),
    load(laid) {
      for (const each of [weight, previous, gradient, ...Object.values(slots)]) laid.view(each).fill(0);
      values.forEach((value, at) => {
        laid.view(value).set(state.values[at]!);
      });
      for (const { at, slots: own } of parts) {
        for (const [name, slot] of Object.entries(own)) laid.view(slot).set(state.slots[at]![name]!);
      }
    },
    publish(laid) {
      for (const { at } of parts) show(laid, at);
      for (const { at, next } of moving) {
        const value = values[at]!;
        current.kernels.copy(value.length, next.address, value.address);
        show(laid, at);
      }
    },
    save(laid) {
      const kept = [...state.values];
      const slotsOf = [...state.slots];
      for (const { at, value, slots: own } of parts) {
        kept[at] = laid.view(value).slice();
        slotsOf[at] = Object.fromEntries(
          Object.entries(own).map(([name, slot]) => [name, laid.view(slot).slice()]),
        );
      }
      for (const { at } of moving) kept[at] = laid.view(values[at]!).slice();
      state.values = kept;
      state.slots = slotsOf;
    },
    firstBad(laid, what) {
      const bad = firstNonFinite(parts.map((part) => laid.view(part[what])));
      return bad < 0 ? bad : parts[bad]!.at;
    },
  };
}
