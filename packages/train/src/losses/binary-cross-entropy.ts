// Yes or no for each target: cross-entropy and focal loss of logits o, p = sigmoid(o).

import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '../check.ts';
import type { Loss } from './loss.ts';
import { perTarget } from './per-target.ts';
import { sigmoid, softplus } from './softplus.ts';

/** Settings of {@link binaryCrossEntropy}. */
export interface BinaryCrossEntropySettings {
  /** How much a positive counts against a negative; default 1. */
  positiveWeight?: number;
}

/**
 * Cross-entropy of logits and targets from 0 to 1, each its own question: l = −w₊·y·ln p − (1 − y)·ln(1 − p), with
 * w₊ = `positiveWeight`. Outputs are shaped like the targets; the sigmoid is part of the loss. Finite for any finite logits.
 */
export function binaryCrossEntropy({ positiveWeight = 1 }: BinaryCrossEntropySettings = {}): Loss {
  checkNumber('binaryCrossEntropy: positiveWeight', positiveWeight, { above: 0 });
  return perTarget({
    config: { type: 'binaryCrossEntropy', positiveWeight },
    probabilities: true,
    values([logit], y) {
      const positive = tf.mul(tf.mul(y, positiveWeight), tf.softplus(tf.neg(logit!)));
      return tf.add(positive, tf.mul(tf.sub(1, y), tf.softplus(logit!)));
    },
    measure(parameters, y, slopes) {
      const logit = parameters[0]!;
      slopes[0] = (1 - y) * sigmoid(logit) - positiveWeight * y * sigmoid(-logit);
      return positiveWeight * y * softplus(-logit) + (1 - y) * softplus(logit);
    },
  });
}

/** Settings of {@link binaryFocal}. */
export interface BinaryFocalSettings {
  /** How much less easy examples count, from 0 (cross-entropy); default 2. */
  gamma?: number;
  /** Weight of positives, with 1 − α for negatives, from 0 to 1; absent: 1 for both. */
  alpha?: number;
}

/**
 * Focal loss of logits and targets from 0 to 1 (Lin, Goyal, Girshick, He and Dollár 2017):
 * l = −α·y·(1 − p)^γ·ln p − (1 − α)·(1 − y)·p^γ·ln(1 − p). Outputs are shaped like the targets.
 */
export function binaryFocal({ gamma = 2, alpha }: BinaryFocalSettings = {}): Loss {
  checkNumber('binaryFocal: gamma', gamma, { min: 0 });
  if (alpha !== undefined) checkNumber('binaryFocal: alpha', alpha, { min: 0, max: 1 });
  const [positive, negative] = alpha === undefined ? [1, 1] : [alpha, 1 - alpha];
  return perTarget({
    config: { type: 'binaryFocal', gamma, ...(alpha !== undefined && { alpha }) },
    probabilities: true,
    values([logit], y) {
      // ln p = −softplus(−o), ln(1 − p) = −softplus(o): powers of them are stable where those of p and 1 − p are not.
      const [missed, hit] = [tf.softplus(tf.neg(logit!)), tf.softplus(logit!)];
      const side = (mass: tf.Tensor, own: tf.Tensor, other: tf.Tensor) =>
        tf.mul(mass, tf.mul(tf.exp(tf.mul(other, -gamma)), own));
      return tf.add(
        side(tf.mul(y, positive), missed, hit),
        side(tf.mul(tf.sub(1, y), negative), hit, missed),
      );
    },
    measure(parameters, y, slopes) {
      const logit = parameters[0]!;
      const p = sigmoid(logit);
      const rest = sigmoid(-logit);
      const [missed, hit] = [softplus(-logit), softplus(logit)];
      const yes = positive * y * Math.exp(-gamma * hit);
      const no = negative * (1 - y) * Math.exp(-gamma * missed);
      slopes[0] = yes * (-gamma * p * missed - rest) + no * (gamma * rest * hit + p);
      return yes * missed + no * hit;
    },
  });
}
