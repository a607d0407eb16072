import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '../check.ts';
import { checkClassCount, checkClassWeights, classMass } from './class-weights.ts';
import { checkShapes, type Loss } from './loss.ts';

/** Settings of {@link focal}. */
export interface FocalSettings {
  /** How much less easy examples count, from 0 (cross-entropy); default 2. */
  gamma?: number;
  /** Weight of each class; default 1 each. */
  alpha?: readonly number[];
}

/** 1 − p is kept this far from 0 on the tape, where the slope of its power may be infinite. */
const LEAST = 1e-7;

/**
 * Focal loss of logits `output [B, ..., K]` and class probabilities `y` of that shape (one-hot for known classes):
 * −Σ w·α·y·(1 − p)^γ·ln p / Σ w·y with p = softmax(output) over the last axis: examples that are right already hardly
 * count (Lin, Goyal, Girshick, He and Dollár 2017). `alpha` scales the loss; it is not divided out. For yes or no by one
 * logit: `binaryFocal`.
 */
export function focal({ gamma = 2, alpha }: FocalSettings = {}): Loss {
  checkNumber('focal: gamma', gamma, { min: 0 });
  const weights = checkClassWeights('focal: alpha', alpha);
  const config = { type: 'focal', gamma, ...(weights && { alpha: weights }) };
  return {
    config,
    probabilities: true,
    // α scales the loss and is not divided out.
    mass: (batch) => classMass(batch),
    apply(output, y, weight) {
      checkClassCount('focal', 'alpha', weights, y.shape[y.shape.length - 1]!);
      checkShapes(config.type, output.shape, y.shape);
      const mass = weight ? tf.mul(y, weight) : y;
      const logP = tf.logSoftmax(output, -1);
      const hard = tf.pow(tf.maximum(tf.sub(1, tf.exp(logP)), LEAST), gamma);
      const weighed = weights ? tf.mul(mass, tf.tensor1d([...weights])) : mass;
      return tf.neg(tf.div(tf.sum(tf.mul(weighed, tf.mul(hard, logP))), tf.sum(mass))) as tf.Scalar;
    },
    plan({ view }, { value, gradient, shape: own }, { y, weight, shape }) {
      const classes = shape[shape.length - 1]!;
      checkClassCount('focal', 'alpha', weights, classes);
      checkShapes(config.type, ['B', ...own], ['B', ...shape]);
      const size = shape.reduce((product, each) => product * each, 1);
      const exps = new Float64Array(classes);
      const slopes = new Float64Array(classes);
      return ({ batch }) => {
        const count = batch * size;
        const [o, t, w] = [view(value, count), view(y, count), weight && view(weight, count)];
        const g = gradient && view(gradient, count);
        let total = 0;
        for (let i = 0; i < count; i++) total += (w ? w[i]! : 1) * t[i]!;
        let sum = 0;
        for (let from = 0; from < count; from += classes) {
          let largest = Number.NEGATIVE_INFINITY;
          for (let k = 0; k < classes; k++) largest = Math.max(largest, o[from + k]!);
          let all = 0;
          for (let k = 0; k < classes; k++) {
            exps[k] = Math.exp(o[from + k]! - largest);
            all += exps[k]!;
          }
          const logAll = Math.log(all);
          let common = 0;
          for (let k = 0; k < classes; k++) {
            const mass = ((w ? w[from + k]! : 1) * (weights ? weights[k]! : 1) * t[from + k]!) / total;
            const logP = o[from + k]! - largest - logAll;
            const p = exps[k]! / all;
            const rest = Math.max(1 - p, LEAST);
            const hard = rest ** gamma;
            sum -= mass * hard * logP;
            // The slope by ln p.
            slopes[k] = -mass * (hard - logP * gamma * (hard / rest) * p);
            common += slopes[k]!;
          }
          if (g) for (let k = 0; k < classes; k++) g[from + k] = slopes[k]! - (exps[k]! / all) * common;
        }
        return sum;
      };
    },
  };
}
