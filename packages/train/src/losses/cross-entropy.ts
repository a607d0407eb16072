import * as tf from '@tensorflow/tfjs-core';
import { checkNumber } from '../check.ts';
import { checkClassCount, checkClassWeights, classMass } from './class-weights.ts';
import { checkShapes, type Loss } from './loss.ts';

/** Settings of {@link crossEntropy}. */
export interface CrossEntropySettings {
  /** How much each class counts, for example from `classWeights`; default 1 each. */
  classWeights?: readonly number[];
  /** ε from 0 to below 1: learns from (1 − ε)·y + ε/K instead of y (Szegedy et al. 2016); default 0. */
  labelSmoothing?: number;
}

/**
 * Cross-entropy of logits `output [B, ..., K]` and class probabilities `y` of that shape (one-hot for known classes):
 * −Σ w·c·y·ln softmax(output) / Σ w·c·y over the last axis, c the weights of the classes. Without weights, and where the
 * probabilities of each example sum to 1, that is the mean over examples. The softmax is part of the loss: end the
 * network in a `linear` layer.
 */
export function crossEntropy({ classWeights, labelSmoothing = 0 }: CrossEntropySettings = {}): Loss {
  const weights = checkClassWeights('crossEntropy: classWeights', classWeights);
  checkNumber('crossEntropy: labelSmoothing', labelSmoothing, { min: 0, below: 1 });
  const plain = !weights && labelSmoothing === 0;
  const config = {
    type: 'crossEntropy',
    ...(weights && { classWeights: weights }),
    ...(labelSmoothing > 0 && { labelSmoothing }),
  };
  return {
    config,
    probabilities: true,
    mass({ y, weight }) {
      if (labelSmoothing === 0) return classMass({ y, weight }, weights);
      const data = y.data.slice();
      smooth(data, y.shape[y.shape.length - 1]!, labelSmoothing);
      return classMass({ y: { ...y, data }, weight }, weights);
    },
    plan({ kernels, batch: most, block, view }, { value, gradient, shape: own }, { y, weight, shape }) {
      const classes = shape[shape.length - 1]!;
      checkClassCount('crossEntropy', 'classWeights', weights, classes);
      checkShapes(config.type, ['B', ...own], ['B', ...shape]);
      const rows = shape.reduce((product, each) => product * each, 1) / classes;
      // What the kernel takes as y and weight is w·c·y in one.
      const mass = plain ? undefined : block(most * rows * classes);
      return ({ batch }) => {
        const count = batch * rows * classes;
        if (mass) {
          const m = view(mass, count);
          m.set(view(y, count));
          if (labelSmoothing > 0) smooth(m, classes, labelSmoothing);
          if (weights) for (let i = 0; i < count; i++) m[i]! *= weights[i % classes]!;
          const w = weight && view(weight, count);
          if (w) for (let i = 0; i < count; i++) m[i]! *= w[i]!;
        }
        return kernels.crossEntropy(
          batch * rows,
          classes,
          value.address,
          (mass ?? y).address,
          mass ? 0 : (weight?.address ?? 0),
          gradient?.address ?? 0,
        );
      };
    },
    apply(output, y, weight) {
      const classes = y.shape[y.shape.length - 1]!;
      checkClassCount('crossEntropy', 'classWeights', weights, classes);
      checkShapes(config.type, output.shape, y.shape);
      let mass = y;
      if (labelSmoothing > 0) {
        const shared = tf.mul(tf.sum(y, -1, true), labelSmoothing / classes);
        mass = tf.add(tf.mul(mass, 1 - labelSmoothing), shared);
      }
      if (weights) mass = tf.mul(mass, tf.tensor1d([...weights]));
      if (weight) mass = tf.mul(mass, weight);
      return tf.neg(tf.div(tf.sum(tf.mul(mass, tf.logSoftmax(output, -1))), tf.sum(mass))) as tf.Scalar;
    },
  };
}

/** y ← (1 − ε)·y + ε/K·Σy in every row. */
function smooth(y: Float32Array, classes: number, share: number): void {
  for (let from = 0; from < y.length; from += classes) {
    let sum = 0;
    for (let k = from; k < from + classes; k++) sum += y[k]!;
    for (let k = from; k < from + classes; k++) y[k] = (1 - share) * y[k]! + (share / classes) * sum;
  }
}
