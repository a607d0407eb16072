// What the head `box` makes small, on the tape and as a loop for plans.

import * as tf from '@tensorflow/tfjs-core';
import type { VisionLoss } from '../vision-loss.ts';

/** Settings of {@link boxLoss}. */
export interface BoxLossOptions {
  /** Number of classes K, that of the head; default 0: the box alone. */
  classes?: number;
  /** How much the box counts next to the class; default 1. */
  boxWeight?: number;
}

const BOX = 4;

/** Where the smooth L1 turns from a square into a line, for boxes in shares of the picture. */
const BEND = 0.1;

/**
 * The loss of the head `box`: λ·Σ w·s(o − t) / Σ w over the four box values, plus the cross-entropy of the logits,
 * −Σ w·y·ln softmax(o) / Σ w·y, for targets `[4 + K]`: the box in shares of the picture (0 to 1), then the class, one-hot.
 * Smooth L1 s(r) is r²/2β for |r| < β = 0.1 and |r| − β/2 beyond (Girshick 2015, arXiv:1504.08083); λ is `boxWeight`.
 * Where nothing weighs, such as the boxes of pictures that have none, a part is 0.
 * @throws if a setting is out of bounds, or outputs and targets are not `[B, 4 + classes]`.
 */
export function boxLoss({ classes = 0, boxWeight = 1 }: BoxLossOptions = {}): VisionLoss {
  if (!(Number.isInteger(classes) && classes >= 0)) {
    throw new Error(`boxLoss: classes must be a whole number from 0, got ${classes}.`);
  }
  if (!(boxWeight > 0 && Number.isFinite(boxWeight))) {
    throw new Error(`boxLoss: boxWeight must be a number above 0, got ${boxWeight}.`);
  }
  const width = BOX + classes;
  const check = (output: readonly (number | undefined)[], y: readonly (number | undefined)[]) => {
    if (output.length === 1 && y.length === 1 && output[0] === width && y[0] === width) return;
    throw new Error(
      `boxLoss: outputs and targets must be [B, ${width}], a box and ${classes} classes, got [B, ${output.join(', ')}] and ` +
        `[B, ${y.join(', ')}].`,
    );
  };
  return {
    config: { type: 'box', classes, boxWeight },
    apply(output, y, weight = tf.onesLike(y)) {
      check(output.shape.slice(1), y.shape.slice(1));
      return tf.tidy(() => {
        const part = (of: tf.Tensor, from: number, size: number) =>
          tf.slice(of, [0, from], [of.shape[0]!, size]);
        const size = tf.abs(tf.sub(part(output, 0, BOX), part(y, 0, BOX)));
        const near = tf.minimum(size, BEND);
        const bent = tf.add(tf.div(tf.square(near), 2 * BEND), tf.sub(size, near));
        const box = tf.mul(meanOf(bent, part(weight, 0, BOX)), boxWeight);
        if (classes === 0) return box as tf.Scalar;
        const mass = tf.mul(part(weight, BOX, classes), part(y, BOX, classes));
        const logs = tf.neg(tf.logSoftmax(part(output, BOX, classes), -1));
        return tf.add(box, meanOf(logs, mass)) as tf.Scalar;
      });
    },
    plan({ view }, { value, gradient, shape }, { y, weight, shape: targets }) {
      check(shape, targets);
      return ({ batch }) => {
        const count = batch * width;
        const [o, t] = [view(value, count), view(y, count)];
        const w = weight && view(weight, count);
        const g = gradient && view(gradient, count);
        let [boxes, masses] = [0, 0];
        for (let i = 0; i < count; i++) {
          const own = w ? w[i]! : 1;
          if (i % width < BOX) boxes += own;
          else masses += own * t[i]!;
        }
        let loss = 0;
        for (let from = 0; from < count; from += width) {
          for (let i = from; i < from + BOX; i++) {
            const share = boxes > 0 ? (boxWeight * (w ? w[i]! : 1)) / boxes : 0;
            const r = o[i]! - t[i]!;
            const size = Math.abs(r);
            loss += share * (size < BEND ? (r * r) / (2 * BEND) : size - BEND / 2);
            if (g) g[i] = share * (size < BEND ? r / BEND : Math.sign(r));
          }
          if (classes > 0) loss += classLoss(from + BOX, from + width, { o, t, w, g, masses });
        }
        return loss;
      };
    },
  };
}

/** Σ w·l / Σ w, and 0 where nothing weighs. */
function meanOf(values: tf.Tensor, weights: tf.Tensor): tf.Tensor {
  const total = tf.sum(weights);
  return tf.div(tf.sum(tf.mul(values, weights)), tf.where(tf.greater(total, 0), total, tf.onesLike(total)));
}

/** Cross-entropy of the logits from `from` to before `to`, by its share of all `masses`. */
function classLoss(
  from: number,
  to: number,
  {
    o,
    t,
    w,
    g,
    masses,
  }: {
    o: Float32Array;
    t: Float32Array;
    w: Float32Array | undefined;
    g: Float32Array | undefined;
    masses: number;
  },
): number {
  let [largest, own] = [Number.NEGATIVE_INFINITY, 0];
  for (let i = from; i < to; i++) {
    largest = Math.max(largest, o[i]!);
    own += (w ? w[i]! : 1) * t[i]!;
  }
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(o[i]! - largest);
  const logSum = largest + Math.log(sum);
  let loss = 0;
  for (let i = from; i < to; i++) {
    const mass = masses > 0 ? ((w ? w[i]! : 1) * t[i]!) / masses : 0;
    loss += mass * (logSum - o[i]!);
    if (g) g[i] = (masses > 0 ? own / masses : 0) * Math.exp(o[i]! - logSum) - mass;
  }
  return loss;
}
