// What keeps recurrent layers from learning by heart: variational dropout of inputs and states, zoneout, layer norm. A layer
// with none of them is the plain cell, by the fused kernels.

import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { CellVariant, LayerNormGains, PlanBuilder, Signal, StateName } from '@tidecast/backend';
import { createRandom, deriveSeed } from '@tidecast/data';
import { finiteNumber, flag, type Setting } from '../settings.ts';

/** Settings of the regularisers. */
export interface RegulariserSettings {
  /**
   * Share of input channels set to 0 while training, the same ones at all steps of a sequence; the others are divided by
   * 1 − dropout. Default 0 (Gal, Ghahramani 2016, arXiv:1512.05287).
   */
  dropout?: number;
  /** The same for h on its way into the recurrent product; the state itself stays. Default 0 (the same source). */
  recurrentDropout?: number;
  /**
   * Probability that a unit of h keeps its value from the step before while training; otherwise h moves on by its expectation
   * under that. Default 0 (Krueger et al. 2017, arXiv:1606.01305).
   */
  zoneout?: number;
  /** Layer norm in the cell, with a gain for each column; default false (Ba, Kiros, Hinton 2016, arXiv:1607.06450). */
  layerNorm?: boolean;
}

/** A share from 0 to below 1. */
export function share(trainingOnly: boolean): Setting {
  const setting = finiteNumber('a number from 0 to below 1', (rate) => rate >= 0 && rate < 1, 0);
  return { ...setting, trainingOnly };
}

/** The settings of {@link RegulariserSettings}, for a definition. */
export const regulariserSettings = {
  dropout: share(true),
  recurrentDropout: share(true),
  zoneout: share(false),
  layerNorm: flag(false),
} satisfies Record<keyof RegulariserSettings, Setting>;

/** Settings with zoneout of an lstm's cell. */
type AllSettings = Required<RegulariserSettings> & { cellZoneout?: number };

/** What a run of one direction is made of. */
interface VariantCall {
  settings: AllSettings;
  type: string;
  /** Name of the direction, for its own random choices. */
  prefix: string;
  rows: number;
  units: number;
  training: boolean;
  seed?: number | undefined;
  norm?: LayerNormGains | undefined;
  onState?: ((state: string, t: number, value: Tensor) => Tensor) | undefined;
}

/** The variant of the cell that a run needs; undefined where the plain cell is all. */
export function variantOf(call: VariantCall): CellVariant | undefined {
  const { settings, type, prefix, rows, units, training, norm, onState } = call;
  const { recurrentDropout, zoneout, cellZoneout = 0 } = settings;
  const zones = zoneout > 0 || cellZoneout > 0;
  const drops = training && recurrentDropout > 0;
  if (!(norm || zones || drops || onState)) return undefined;
  const seedFor = (setting: string) => seedOf(type, setting, call.seed);
  const keep = (state: StateName, t: number) => {
    const rate = state === 'h' ? zoneout : cellZoneout;
    if (rate === 0) return undefined;
    if (!training) return tf.scalar(rate);
    const random = createRandom(seedFor('zoneout'), 'zoneout', prefix + state, t);
    return tf.tensor(
      Float32Array.from({ length: rows * units }, () => Number(random.uniform() < rate)),
      [rows, units],
    );
  };
  return {
    ...(drops && {
      recurrentFactors: tf.tensor(
        factors(rows * units, recurrentDropout, seedFor('recurrentDropout'), `${prefix}recurrent`),
        [rows, units],
      ),
    }),
    ...(zones && { keep }),
    ...(norm && { norm }),
    ...(onState && { onState: (state, t, value) => onState(prefix + state, t, value) as Tensor2D }),
  };
}

/** A variant for the steps of x from `from` on, as a run of their own. */
export function fromStep(variant: CellVariant | undefined, from: number): CellVariant | undefined {
  if (!variant || from === 0) return variant;
  const { keep, onState } = variant;
  return {
    ...variant,
    ...(keep && { keep: (state, t) => keep(state, from + t) }),
    ...(onState && { onState: (state, t, value) => onState(state, from + t, value) }),
  };
}

/** Why a layer with these settings has no plan, or undefined. */
export function unplanned(settings: AllSettings, training: boolean): string | undefined {
  const { recurrentDropout, zoneout, cellZoneout = 0, layerNorm } = settings;
  const found =
    (training && recurrentDropout > 0 && 'recurrentDropout') ||
    ((zoneout > 0 || cellZoneout > 0) && 'zoneout') ||
    (layerNorm && 'layerNorm');
  return found ? `${found} has no planned form` : undefined;
}

/** `x [B, T, C]` without the channels that are dropped, the same ones at all steps. */
export function dropInputs(type: string, x: Tensor, rate: number, seed: number | undefined): Tensor {
  const [rows, , channels] = x.shape as [number, number, number];
  const kept = factors(rows * channels, rate, seedOf(type, 'dropout', seed), 'inputs');
  return tf.mul(x, tf.tensor(kept, [rows, 1, channels]));
}

/** {@link dropInputs} in a plan, for the layer at `position`. */
export function planDropInputs(plan: PlanBuilder, input: Signal, rate: number, position: number): Signal {
  const [steps, channels] = input.shape as [number, number];
  const { value, gradient, mask } = input;
  const output = {
    ...{ value: plan.block(value.length), shape: input.shape },
    ...(gradient && { gradient: plan.block(value.length) }),
    ...(mask && { mask }),
  };
  const kept = plan.block(plan.batch * channels);
  const scale = (batch: number, from: Float32Array, to: Float32Array) => {
    const each = plan.view(kept, batch * channels);
    for (let b = 0, i = 0; b < batch; b++) {
      for (let t = 0; t < steps; t++) {
        for (let c = 0; c < channels; c++, i++) to[i] = from[i]! * each[b * channels + c]!;
      }
    }
  };
  plan.forward(({ batch, seed }) => {
    const count = batch * channels;
    plan.view(kept, count).set(factors(count, rate, deriveSeed(seed, position), 'inputs'));
    scale(batch, plan.view(value, count * steps), plan.view(output.value, count * steps));
  });
  if (gradient) {
    plan.backward(({ batch }) => {
      const count = batch * steps * channels;
      scale(batch, plan.view(output.gradient!, count), plan.view(gradient, count));
    });
  }
  return output;
}

/** 0 with probability `rate`, else 1 / (1 − rate). */
function factors(count: number, rate: number, seed: number, what: string): Float32Array {
  const random = createRandom(seed, 'dropout', what);
  const kept = 1 / (1 - rate);
  return Float32Array.from({ length: count }, () => (random.uniform() < rate ? 0 : kept));
}

function seedOf(type: string, setting: string, seed: number | undefined): number {
  if (seed !== undefined) return seed;
  throw new Error(
    `${type}: training with ${setting} needs a seed, got none. Pass apply(x, { training: true, seed }).`,
  );
}
