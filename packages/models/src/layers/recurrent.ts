// What the recurrent layers share: the loop over time, both directions, masks, last state or whole sequence.
// The input's part of every gate is one matrix product for all steps before the loop; inside it only h·U remains.

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Kernels } from '@tidecast/backend';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition, WeightSpec } from '../layer-definition.ts';
import { flag, type Setting, wholeNumber } from '../settings.ts';
import { sequenceShape } from '../shape.ts';
import { zeroMasked } from './masks.ts';
import { type PlannedCell, planRecurrent } from './planned-recurrent.ts';
import { stepsOf } from './taps.ts';

/** Settings every recurrent layer has. */
export interface RecurrentSettings {
  /** Size H of the state. */
  units: number;
  /** All states `[B, T, H]` instead of the last one `[B, H]`; default false. */
  returnSequences?: boolean;
  /** A second set of weights runs backwards; the two results are joined to 2H values; default false. */
  bidirectional?: boolean;
  /** Start of the input kernel; default `glorotUniform`. */
  kernelInit?: Initializer;
  /** Start of the recurrent kernel, gate by gate; default `orthogonal`. */
  recurrentInit?: Initializer;
  /** Start of the biases; default `zeros`. */
  biasInit?: Initializer;
}

/** The settings of {@link RecurrentSettings}, for a definition. */
export const recurrentSettings = {
  units: wholeNumber({ min: 1, max: 65_536 }),
  returnSequences: flag(false),
  bidirectional: flag(false),
  kernelInit: initializerSetting('glorotUniform'),
  recurrentInit: initializerSetting('orthogonal'),
  biasInit: initializerSetting('zeros', 'bias'),
} satisfies Record<keyof RecurrentSettings, Setting>;

/** Weights of one direction by their name within the cell. */
export type CellWeights = Readonly<Record<string, Tensor>>;

/** One step of a recurrence. The first state is the output h. */
export interface Cell<S extends RecurrentSettings> {
  type: string;
  /** Number of state tensors `[B, H]`. */
  states: number;
  weights(settings: Required<S>, channels: number): readonly WeightSpec[];
  /** Bias that is added to x·W once for all steps: `[gates·H]`. */
  inputBias(weights: CellWeights): Tensor;
  /** Prepares the step once; the step takes `x·W + b [B, gates·H]` of its time and the states. */
  step(settings: Required<S>, weights: CellWeights): (projected: Tensor, states: Tensor[]) => Tensor[];
  /** The kernels that run the cell in a plan, or why there are none for these settings. */
  planned(settings: Required<S>): ((kernels: Kernels) => PlannedCell) | string;
}

/** The layer that runs `cell` over time. `own` are the settings the cell adds to the shared ones. */
export function recurrentLayer<S extends RecurrentSettings>(
  cell: Cell<S>,
  own: Record<Exclude<keyof S, keyof RecurrentSettings>, Setting>,
): LayerDefinition<Required<S>> {
  return {
    settings: { ...recurrentSettings, ...own } as unknown as LayerDefinition<Required<S>>['settings'],
    outputShape(settings, input) {
      const { steps } = sequenceShape(cell.type, input);
      const width = settings.units * (settings.bidirectional ? 2 : 1);
      return settings.returnSequences ? [steps, width] : [width];
    },
    weights(settings, input) {
      const { channels } = sequenceShape(cell.type, input);
      return directions(settings).flatMap(({ prefix }) =>
        cell.weights(settings, channels).map((spec) => ({ ...spec, name: prefix + spec.name })),
      );
    },
    apply({ settings, weights, x, mask }) {
      const runs = directions(settings).map(({ prefix, reverse }) => {
        const specs = cell.weights(settings, x.shape[2]!);
        const own = Object.fromEntries(specs.map(({ name }) => [name, weights[prefix + name]!]));
        return scan(cell, { settings, weights: own, reverse, mask }, x);
      });
      if (!settings.returnSequences) {
        const last = runs.map((run) => run.last);
        return { x: last.length === 1 ? last[0]! : tf.concat(last, 1) };
      }
      const joined = runs.map((run) => tf.stack(run.outputs, 1));
      const sequence = joined.length === 1 ? joined[0]! : tf.concat(joined, 2);
      return mask ? { x: zeroMasked(sequence, mask), mask } : { x: sequence };
    },
    plan({ settings, weights, plan, input }) {
      const cellOf = cell.planned(settings);
      if (typeof cellOf === 'string') return cellOf;
      const specs = cell.weights(settings, input.shape[1]!);
      const { units, returnSequences } = settings as Required<RecurrentSettings>;
      return planRecurrent(plan, input, cellOf, {
        units,
        returnSequences,
        directions: directions(settings).map(({ prefix, reverse }) => ({
          reverse,
          weights: Object.fromEntries(specs.map(({ name }) => [name, weights[prefix + name]!])),
        })),
      });
    },
  };
}

function directions(settings: RecurrentSettings): { prefix: string; reverse: boolean }[] {
  if (!settings.bidirectional) return [{ prefix: '', reverse: false }];
  return [
    { prefix: 'forward.', reverse: false },
    { prefix: 'backward.', reverse: true },
  ];
}

interface Scan<S> {
  settings: Required<S>;
  weights: CellWeights;
  reverse: boolean;
  mask?: Tensor;
}

/** Runs over time from zero states. A masked step hands its states on unchanged. */
function scan<S extends RecurrentSettings>(
  cell: Cell<S>,
  { settings, weights, reverse, mask }: Scan<S>,
  x: Tensor,
): { outputs: Tensor[]; last: Tensor } {
  const [batch, steps, channels] = x.shape as [number, number, number];
  const byTime = tf.reshape(tf.transpose(x, [1, 0, 2]), [steps * batch, channels]);
  const projected = tf.add(
    tf.matMul(byTime as tf.Tensor2D, weights.kernel as tf.Tensor2D),
    cell.inputBias(weights),
  );
  const inputs = stepsOf(tf.reshape(projected, [steps, batch, projected.shape[1]!]), 0);
  const keep = mask && keepByTime(mask, settings.units);
  const step = cell.step(settings, weights);
  const outputs: Tensor[] = new Array(steps);
  let states: Tensor[] = Array.from({ length: cell.states }, () => tf.zeros([batch, settings.units]));
  for (let i = 0; i < steps; i++) {
    const t = reverse ? steps - 1 - i : i;
    const before = states;
    const after = step(inputs[t]!, before);
    states = keep ? after.map((state, n) => tf.where(keep[t]!, state, before[n]!)) : after;
    outputs[t] = states[0]!;
  }
  return { outputs, last: states[0]! };
}

/** For each step the boolean `[B, H]` that says which rows move on. */
function keepByTime(mask: Tensor, units: number): Tensor[] {
  const spread = tf.mul(tf.expandDims(tf.transpose(mask), 2), tf.ones([1, 1, units]));
  return stepsOf(spread, 0).map((step) => tf.greater(step, 0.5));
}

/** `a [B, H] · b [H, n]`. */
export function product(a: Tensor, b: Tensor): Tensor {
  return tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D);
}

/** `gates` copies of an initialiser: each gate is a matrix of its own. */
export function perGate(init: Initializer, gates: number): Initializer[] {
  return Array.from({ length: gates }, () => init);
}
