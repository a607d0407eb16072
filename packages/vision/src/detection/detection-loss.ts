// What both stages of a detector are to make small, on the tape and as a loop for plans: most of the targets weigh nothing,
// and a loop passes them by.

import * as tf from '@tensorflow/tfjs-core';
import type { VisionLoss } from '../vision-loss.ts';
import { type DetectionLayout, TARGET_SIZE } from './detection-layout.ts';

/** Where the smooth L1 turns from a square into a line: for anchors and for regions (Ren et al. 2015). */
const ANCHOR_BEND = 1 / 9;
const REGION_BEND = 1;

/**
 * The loss of both stages (Ren et al. 2015, Girshick 2015): for the anchors binary cross-entropy of the logits and smooth L1
 * of the codes, for the regions cross-entropy over nothing and K classes and smooth L1 of the codes; of each stage
 * `(Σ w·l + Σ w·s) / Σ w`, the last sum over what is sampled of anchors or regions, and both stages added.
 * Smooth L1 of r: `r² / 2β` for |r| < β, `|r| − β/2` beyond; β = 1/9 for anchors, 1 for regions.
 */
export function detectionLoss({ anchors, regions, classes }: DetectionLayout): VisionLoss {
  const logits = classes + 1;
  return {
    config: { type: 'detection', anchors, regions, classes },
    apply(output, y, weight = tf.onesLike(y)) {
      return tf.tidy(() => {
        const batch = y.shape[0]!;
        const stage = (from: tf.Tensor, start: number, [count, width]: [number, number]) =>
          tf.reshape(tf.slice(from, [0, start], [batch, count * width]), [batch * count, width]);
        const column = (from: tf.Tensor, start: number, width = 1) =>
          tf.slice(from, [0, start], [from.shape[0]!, width]);
        const begin = TARGET_SIZE * anchors;
        const [anchorY, anchorW] = [y, weight].map((each) => stage(each, 0, [anchors, TARGET_SIZE]));
        const [regionY, regionW] = [y, weight].map((each) => stage(each, begin, [regions, TARGET_SIZE]));
        const anchorOut = stage(output, 0, [anchors, TARGET_SIZE]);
        const regionOut = stage(output, begin, [regions, logits + 4]);
        const logit = column(anchorOut, 0);
        // softplus(o) − y·o, the cross-entropy of a logit.
        const objectness = tf.sub(tf.softplus(logit), tf.mul(column(anchorY!, 0), logit));
        const kinds = tf.oneHot(tf.cast(tf.reshape(column(regionY!, 0), [-1]), 'int32'), logits);
        const logProbability = tf.logSoftmax(column(regionOut, 0, logits), -1);
        const kind = tf.neg(tf.sum(tf.mul(kinds, logProbability), 1, true));
        const total = (each: tf.Tensor, boxes: tf.Tensor, weights: tf.Tensor) => {
          const own = column(weights, 0);
          const sum = tf.add(tf.sum(tf.mul(own, each)), tf.sum(tf.mul(column(weights, 1, 4), boxes)));
          return tf.div(sum, tf.maximum(tf.sum(own), 1));
        };
        const bend = (r: tf.Tensor, beta: number) => {
          const size = tf.abs(r);
          const near = tf.minimum(size, beta);
          return tf.add(tf.div(tf.square(near), 2 * beta), tf.sub(size, near));
        };
        const anchorCodes = tf.sub(column(anchorOut, 1, 4), column(anchorY!, 1, 4));
        const regionCodes = tf.sub(column(regionOut, logits, 4), column(regionY!, 1, 4));
        return tf.add(
          total(objectness, bend(anchorCodes, ANCHOR_BEND), anchorW!),
          total(kind, bend(regionCodes, REGION_BEND), regionW!),
        ) as tf.Scalar;
      });
    },
    plan({ view }, { value, gradient, shape: [width] }, { y, weight, shape: [targets] }) {
      return ({ batch }) => {
        const [o, t] = [view(value, batch * width!), view(y, batch * targets!)];
        const w = weight ? view(weight, batch * targets!) : new Float32Array(batch * targets!).fill(1);
        const g = gradient && view(gradient, batch * width!);
        g?.fill(0);
        const stages = [
          { count: anchors, logits: 1, beta: ANCHOR_BEND, fromY: 0, fromO: 0 },
          {
            ...{ count: regions, logits, beta: REGION_BEND },
            ...{ fromY: TARGET_SIZE * anchors, fromO: TARGET_SIZE * anchors },
          },
        ];
        let loss = 0;
        for (const { count, logits: wide, beta, fromY, fromO } of stages) {
          let total = 0;
          let sum = 0;
          for (let b = 0; b < batch; b++) {
            for (let i = 0; i < count; i++) total += w[b * targets! + fromY + TARGET_SIZE * i]!;
          }
          total = Math.max(1, total);
          for (let b = 0; b < batch; b++) {
            for (let i = 0; i < count; i++) {
              const at = b * targets! + fromY + TARGET_SIZE * i;
              const out = b * width! + fromO + (wide + 4) * i;
              const share = w[at]! / total;
              if (share > 0) sum += share * logLoss(o, g, { at: out, wide, kind: t[at]!, share });
              for (let k = 0; k < 4; k++) {
                const part = w[at + 1 + k]! / total;
                if (part === 0) continue;
                const r = o[out + wide + k]! - t[at + 1 + k]!;
                const size = Math.abs(r);
                sum += part * (size < beta ? (r * r) / (2 * beta) : size - beta / 2);
                if (g) g[out + wide + k] = part * (size < beta ? r / beta : Math.sign(r));
              }
            }
          }
          loss += sum;
        }
        return loss;
      };
    },
  };
}

/** Cross-entropy of the logits at `at`: of one logit and 0, or of `wide` and the class `kind`. Writes share · gradient. */
function logLoss(
  o: Float32Array,
  g: Float32Array | undefined,
  { at, wide, kind, share }: { at: number; wide: number; kind: number; share: number },
): number {
  if (wide === 1) {
    const logit = o[at]!;
    if (g) g[at] = share * (1 / (1 + Math.exp(-logit)) - kind);
    return Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - kind * logit;
  }
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < wide; k++) most = Math.max(most, o[at + k]!);
  let sum = 0;
  for (let k = 0; k < wide; k++) sum += Math.exp(o[at + k]! - most);
  if (g)
    for (let k = 0; k < wide; k++)
      g[at + k] = share * (Math.exp(o[at + k]! - most) / sum - Number(k === kind));
  return Math.log(sum) + most - o[at + kind]!;
}
