// Some quantiles for each target, without a law behind them (Koenker and Bassett 1978).

import * as tf from '@tensorflow/tfjs-core';
import { gaussian, quantiles } from '@tidecast/eval';
import { shown } from '../check.ts';
import type { Loss } from './loss.ts';
import { perTarget } from './per-target.ts';
import { sigmoid, softplus } from './softplus.ts';

const standard = gaussian({ mean: [0], sd: [1] });

/** Settings of {@link quantileLoss}. */
export interface QuantileLossSettings {
  /** Levels between 0 and 1 in increasing order, for example `[0.05, 0.25, 0.5, 0.75, 0.95]`. */
  levels: readonly number[];
}

/**
 * Twice the mean pinball loss over Q levels: l = 2/Q·Σ max(τ·(y − q_τ), (τ − 1)·(y − q_τ)), which tends to the CRPS for
 * many levels and is |y − q| for the median alone. Slope 0 where y = q_τ.
 *
 * Outputs `[..., Q]`; quantiles never cross: the output of the level nearest to ½ is its quantile as it is, and the others
 * are reached from there, up and down, by steps of c·softplus(output) > 0. Each step has its c, such that outputs of 0 mean
 * quantiles as far apart as those of the standard normal law: a network starts out with a sensible band for any levels.
 */
export function quantileLoss({ levels }: QuantileLossSettings): Loss {
  const count = Array.isArray(levels) ? levels.length : 0;
  const increasing = (level: unknown, k: number) =>
    typeof level === 'number' && level > (levels[k - 1] ?? 0) && level < 1;
  if (count === 0 || !levels.every(increasing)) {
    throw new Error(
      `quantileLoss: levels must be a list that increases between 0 and 1, got ${shown(levels)}.`,
    );
  }
  const middle = levels.reduce(
    (best, level, k) => (Math.abs(level - 0.5) < Math.abs(levels[best]! - 0.5) ? k : best),
    0,
  );
  /** For each level the c of the step to it from the one before, seen from the middle. */
  const steps = levels.map((level, k) => {
    const before = levels[k > middle ? k - 1 : k + 1] ?? level;
    return Math.abs(standard.quantile(level)[0]! - standard.quantile(before)[0]!) / Math.LN2;
  });
  /** Quantiles of one target, from its outputs. */
  const stack = (outputs: ArrayLike<number>, result: Float64Array) => {
    result[middle] = outputs[middle]!;
    for (let k = middle + 1; k < count; k++) result[k] = result[k - 1]! + steps[k]! * softplus(outputs[k]!);
    for (let k = middle - 1; k >= 0; k--) result[k] = result[k + 1]! - steps[k]! * softplus(outputs[k]!);
  };
  const held = new Float64Array(count);
  return perTarget({
    config: { type: 'quantileLoss', levels: [...levels] },
    head: {
      parameters: count,
      levels: [...levels],
      distributions(column) {
        const outputs = levels.map((_, k) => column(k));
        const size = outputs[0]!.length;
        const values = new Float64Array(count * size);
        for (let i = 0; i < size; i++) {
          stack(
            outputs.map((each) => each[i]!),
            held,
          );
          for (let k = 0; k < count; k++) values[k * size + i] = held[k]!;
        }
        return quantiles({ levels, values });
      },
    },
    values(outputs, y) {
      const placed: tf.Tensor[] = [];
      placed[middle] = outputs[middle]!;
      const step = (k: number) => tf.mul(tf.softplus(outputs[k]!), steps[k]!);
      for (let k = middle + 1; k < count; k++) placed[k] = tf.add(placed[k - 1]!, step(k));
      for (let k = middle - 1; k >= 0; k--) placed[k] = tf.sub(placed[k + 1]!, step(k));
      const pinball = placed.map((quantile, k) => {
        const error = tf.sub(y, quantile);
        const level = levels[k]!;
        return tf.add(tf.mul(tf.relu(error), level), tf.mul(tf.relu(tf.neg(error)), 1 - level));
      });
      return tf.mul(tf.addN(pinball), 2 / count);
    },
    measure(outputs, y, slopes) {
      stack(outputs, held);
      let sum = 0;
      // Slopes by the quantiles first.
      for (let k = 0; k < count; k++) {
        const error = y - held[k]!;
        const slope = error > 0 ? -levels[k]! : error < 0 ? 1 - levels[k]! : 0;
        sum -= (2 / count) * slope * error;
        slopes[k] = (2 / count) * slope;
      }
      // An output moves its own quantile and all that are reached through it.
      for (let k = count - 2; k >= middle; k--) slopes[k]! += slopes[k + 1]!;
      let below = 0;
      for (let k = 0; k < middle; k++) {
        below += slopes[k]!;
        slopes[k] = -below * steps[k]! * sigmoid(outputs[k]!);
      }
      slopes[middle]! += below;
      for (let k = middle + 1; k < count; k++) slopes[k]! *= steps[k]! * sigmoid(outputs[k]!);
      return sum;
    },
  });
}
