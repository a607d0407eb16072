// How well a score puts the examples of a class before all others, whatever threshold is used later.

import { type ClassScoreOptions, scorable } from './examples.ts';

/** One point for each distinct score, from the strictest threshold to the loosest. */
export interface ThresholdCurve {
  /** An example counts as found where its score is at least this. */
  thresholds: number[];
  /** Weight of the positives found, and of the negatives taken for positives. */
  truePositives: number[];
  falsePositives: number[];
  /** Weight of all positives and of all negatives. */
  positives: number;
  negatives: number;
}

/**
 * What is found at every threshold of `scores`, of `labels` 1 (positive) and 0; a NaN is left out. Examples of one score
 * are found together, so ties neither help nor hurt by their order.
 */
export function thresholdCurve(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  { weights }: ClassScoreOptions = {},
): ThresholdCurve {
  const { indices, weightOf } = scorable('thresholdCurve', scores, labels, { classes: 2, weights });
  indices.sort((a, b) => scores[b]! - scores[a]!);
  const curve: ThresholdCurve = {
    thresholds: [],
    truePositives: [],
    falsePositives: [],
    positives: 0,
    negatives: 0,
  };
  for (const [place, i] of indices.entries()) {
    if (labels[i] === 1) curve.positives += weightOf(i);
    else curve.negatives += weightOf(i);
    const next = indices[place + 1];
    if (next !== undefined && scores[next] === scores[i]) continue;
    curve.thresholds.push(scores[i]!);
    curve.truePositives.push(curve.positives);
    curve.falsePositives.push(curve.negatives);
  }
  return curve;
}

/**
 * Area under the receiver operating characteristic: the chance that a positive example scores above a negative one, ties
 * counting half. 0.5 is chance, whatever the share of positives. NaN without positives or negatives.
 * Source: Hanley and McNeil 1982, Radiology 143, 29–36.
 */
export function rocAuc(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: ClassScoreOptions = {},
): number {
  const { truePositives, falsePositives, positives, negatives } = thresholdCurve(scores, labels, options);
  let area = 0;
  for (const [i, found] of truePositives.entries()) {
    const width = falsePositives[i]! - (falsePositives[i - 1] ?? 0);
    area += (width * (found + (truePositives[i - 1] ?? 0))) / 2;
  }
  return area / (positives * negatives);
}

/**
 * Average precision, the area under the curve of precision against recall as a step function:
 * Σ (R_i − R_{i−1})·P_i over the thresholds. A useless score has the share of positives, so this is the figure for a rare
 * class. NaN without positives.
 * Source: Davis and Goadrich 2006, ICML (why not to interpolate linearly).
 */
export function averagePrecision(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: ClassScoreOptions = {},
): number {
  const { truePositives, falsePositives, positives } = thresholdCurve(scores, labels, options);
  let area = 0;
  for (const [i, found] of truePositives.entries()) {
    const gained = found - (truePositives[i - 1] ?? 0);
    if (gained > 0) area += gained * (found / (found + falsePositives[i]!));
  }
  return positives > 0 ? area / positives : Number.NaN;
}
