// What keeps recurrent layers from learning by heart: variational dropout of inputs and states, zoneout, layer norm. A layer
// with none of them is the plain cell, by the fused kernels. In a plan the kernels do all of them, by the same draws.

import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type {
  Block,
  CellVariant,
  LayerNormGains,
  PlanBuilder,
  PlannedWeight,
  Signal,
  StateName,
} from '@tidecast/backend';
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
  const keeps = zoneout > 0 || cellZoneout > 0;
  const drops = training && recurrentDropout > 0;
  if (!(norm || keeps || drops || onState)) return undefined;
  const seedFor = (setting: string) => seedOf(type, setting, call.seed);
  const keep = (state: StateName, t: number) => {
    const rate = state === 'h' ? zoneout : cellZoneout;
    if (rate === 0) return undefined;
    if (!training) return tf.scalar(rate);
    return drawn(zones(rate, seedFor('zoneout'), prefix + state, t), [rows, units]);
  };
  return {
    ...(drops && {
      recurrentFactors: drawn(factors(recurrentDropout, seedFor('recurrentDropout'), `${prefix}recurrent`), [
        rows,
        units,
      ]),
    }),
    ...(keeps && { keep }),
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

/** What the kernels of one direction read in a plan, in rows of whole vectors; absent where there is none. */
export interface PlannedRegularisers {
  /** The gains of layer norm, and room. */
  norm?: Block;
  /** Factors of h on its way into the recurrent product, and room for the states as they are. */
  drops?: Block;
  /** How much of its value before a state keeps at each step: h, and the cell c. */
  keep?: Block;
  keepCell?: Block;
}

/** {@link variantOf} in a plan, but for layer norm: the steps that draw it, for the layer at `position`. */
export function planRegularisers(
  plan: PlanBuilder,
  settings: AllSettings & { units: number },
  { prefix, steps, position }: { prefix: string; steps: number; position: number },
): PlannedRegularisers {
  const { units, recurrentDropout, zoneout, cellZoneout = 0 } = settings;
  const stride = 4 * Math.ceil(units / 4);
  const planDrops = () => {
    const drops = plan.block(plan.kernels.recurrentDropsSize(plan.batch, steps, units));
    plan.forward(({ batch, seed }) => {
      const draw = factors(recurrentDropout, deriveSeed(seed, position), `${prefix}recurrent`);
      drawRows(plan.view(drops, batch * stride), units, stride, draw);
    });
    return drops;
  };
  const planKeep = (state: StateName, rate: number) => {
    const keep = plan.block(steps * plan.batch * stride);
    plan.forward(({ batch, seed }) => {
      const all = plan.view(keep, steps * batch * stride);
      if (!plan.training) {
        all.fill(rate);
        return;
      }
      const own = deriveSeed(seed, position);
      for (let t = 0; t < steps; t++) {
        const step = all.subarray(t * batch * stride, (t + 1) * batch * stride);
        drawRows(step, units, stride, zones(rate, own, prefix + state, t));
      }
    });
    return keep;
  };
  return {
    ...(plan.training && recurrentDropout > 0 && { drops: planDrops() }),
    ...(zoneout > 0 && { keep: planKeep('h', zoneout) }),
    ...(cellZoneout > 0 && { keepCell: planKeep('c', cellZoneout) }),
  };
}

/** What the kernels read of layer norm in a plan: the steps that put the gains there, and take their gradients. */
export function planLayerNorm(
  plan: PlanBuilder,
  gains: readonly PlannedWeight[],
  { steps, units, gates }: { steps: number; units: number; gates: number },
): Block {
  const rows = gains.reduce((sum, { value }) => sum + value.length / units, 0);
  const stride = 4 * Math.ceil(units / 4);
  const norm = plan.block(plan.kernels.recurrentNormSize(plan.batch, steps, units, gates, rows));
  // As the kernels lay them out: rows of all gains, and rows of their gradients.
  const { copyColumns } = plan.kernels;
  plan.forward(() => {
    plan.view(norm, rows * stride).fill(0);
    let to = norm.address;
    for (const { value } of gains) {
      const count = value.length / units;
      copyColumns(count, units, value.address, units, to, stride);
      to += 4 * count * stride;
    }
  });
  if (plan.training) {
    plan.backward(() => {
      let from = norm.address + 4 * rows * stride;
      for (const { value, gradient } of gains) {
        const count = value.length / units;
        copyColumns(count, units, from, stride, gradient!.address, units);
        from += 4 * count * stride;
      }
    });
  }
  return norm;
}

/** `x [B, T, C]` without the channels that are dropped, the same ones at all steps. */
export function dropInputs(type: string, x: Tensor, rate: number, seed: number | undefined): Tensor {
  const [rows, , channels] = x.shape as [number, number, number];
  const kept = drawn(factors(rate, seedOf(type, 'dropout', seed), 'inputs'), [rows, 1, channels]);
  return tf.mul(x, kept);
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
    const draw = factors(rate, deriveSeed(seed, position), 'inputs');
    drawRows(plan.view(kept, count), channels, channels, draw);
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

/** Draws of dropout: 0 with probability `rate`, else 1 / (1 − rate). */
function factors(rate: number, seed: number, what: string): () => number {
  const random = createRandom(seed, 'dropout', what);
  const kept = 1 / (1 - rate);
  return () => (random.uniform() < rate ? 0 : kept);
}

/** Draws of zoneout at step t: 1 with probability `rate`, else 0. */
function zones(rate: number, seed: number, state: string, t: number): () => number {
  const random = createRandom(seed, 'zoneout', state, t);
  return () => (random.uniform() < rate ? 1 : 0);
}

/** A tensor of draws. */
function drawn(draw: () => number, shape: number[]): Tensor {
  return tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, draw), shape);
}

/** The same draws in rows `stride` apart, 0 between them. */
function drawRows(rows: Float32Array, width: number, stride: number, draw: () => number): void {
  for (let row = 0; row < rows.length; row += stride) {
    for (let i = 0; i < width; i++) rows[row + i] = draw();
    rows.fill(0, row + width, row + stride);
  }
}

function seedOf(type: string, setting: string, seed: number | undefined): number {
  if (seed !== undefined) return seed;
  throw new Error(
    `${type}: training with ${setting} needs a seed, got none. Pass apply(x, { training: true, seed }).`,
  );
}
