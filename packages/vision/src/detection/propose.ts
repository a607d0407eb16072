// The first stage on plain arrays: where something might be.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { type Box, clipBox } from './box.ts';
import { decodeBox } from './box-code.ts';
import type { Detector } from './detector.ts';
import { suppressOverlaps } from './suppress-overlaps.ts';

/** How many regions to propose. */
export interface ProposeOptions {
  /** The likeliest that are looked at; default 300. */
  candidates?: number;
  /** How many of them are kept; default 64. */
  proposals?: number;
  /** One that overlaps a likelier one by more than this is dropped; default 0.7. */
  maxIou?: number;
}

/** Proposals narrower or lower than this hold nothing [pixels]. */
const LEAST_SIDE = 2;

/** The outputs of a model for `x`, by its plan where there is one. */
export function runModel(model: Model, x: NdArray): NdArray {
  const planned = model.infer?.(x);
  if (planned) return planned;
  return tf.tidy(() => {
    const output = model.apply(tf.tensor(x.data, x.shape, 'float32'));
    return { data: output.dataSync<'float32'>(), shape: output.shape };
  });
}

/**
 * Regions of each picture where there may be something, likelier ones first, from the output of the `proposals` network:
 * decoded from the anchors, cut at the rim, thinned out.
 */
export function propose(
  { anchors, config: { input } }: Pick<Detector, 'anchors' | 'config'>,
  { data, shape }: NdArray,
  { candidates = 300, proposals = 64, maxIou = 0.7 }: ProposeOptions = {},
): Box[][] {
  return Array.from({ length: shape[0]! }, (_, picture) => {
    const start = picture * anchors.length * 5;
    const logit = (anchor: number) => data[start + 5 * anchor]!;
    const order = Uint32Array.from({ length: anchors.length }, (_, i) => i);
    order.sort((a, b) => logit(b) - logit(a) || a - b);
    const boxes: Box[] = [];
    const scores: number[] = [];
    for (const anchor of order.subarray(0, candidates)) {
      const at = start + 5 * anchor;
      const decoded = decodeBox(
        [data[at + 1]!, data[at + 2]!, data[at + 3]!, data[at + 4]!],
        anchors[anchor]!,
      );
      const box = clipBox(decoded, input[1], input[0]);
      if (!(box[2] - box[0] >= LEAST_SIDE && box[3] - box[1] >= LEAST_SIDE)) continue;
      boxes.push(box);
      scores.push(data[at]!);
    }
    return suppressOverlaps(boxes, scores, { maxIou, maxBoxes: proposals }).map((i) => boxes[i]!);
  });
}
