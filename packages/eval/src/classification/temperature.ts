// Logits of a trained network are mostly too sure of themselves. One number, fitted on held-out examples, takes that back
// and changes no decision.

import { type ClassScoreOptions, checkClasses, scorable } from './examples.ts';

/** Options of what is done with logits. */
export interface LogitOptions {
  /** K where `logits` is row-major `[N, K]`, for a softmax; absent: `[N]`, the log odds of label 1 against 0. */
  classes?: number;
}

/**
 * The temperature T > 0 that minimises the mean of −ln softmax(z / T)[label] over examples with logits z: above 1 where the
 * network is too sure, below 1 where it is not sure enough. Fit it on examples that trained nothing. In 1 / T the mean is
 * convex; its minimum is found by Newton's method between bounds, in float64. An example with a NaN is left out.
 * Source: Guo, Pleiss, Sun and Weinberger 2017, ICML.
 * @throws if lengths differ, a logit is infinite, or there is no best temperature: every example is right, or the logits
 * speak against the labels.
 */
export function fitTemperature(
  logits: ArrayLike<number>,
  labels: ArrayLike<number>,
  { classes, weights }: LogitOptions & ClassScoreOptions = {},
): number {
  const width = checkWidth('fitTemperature', logits, classes);
  const scored = scorable('fitTemperature', logits, labels, { width, classes: classes ?? 2, weights });
  const indices = scored.indices.filter((i) => scored.weightOf(i) > 0);
  const K = classes ?? 2;
  // Differences to the logit of the label: all that the loss depends on.
  const gaps = new Float64Array(indices.length * K);
  for (const [n, i] of indices.entries()) {
    const actual = logitOf(logits, i, labels[i]!, width);
    for (let k = 0; k < K; k++) gaps[n * K + k] = logitOf(logits, i, k, width) - actual;
  }
  if (!gaps.some((gap) => gap > 0)) {
    throw new Error(
      `fitTemperature: expected some of ${indices.length} examples to be wrong, got none: the smaller the temperature, ` +
        'the better. Give more examples, and none that trained the network.',
    );
  }
  /** First and second derivative of the loss by β = 1 / T: mean and variance of the gaps under softmax(β·z). */
  const derivatives = (beta: number) => {
    let [slope, curvature, total] = [0, 0, 0];
    for (const [n, i] of indices.entries()) {
      let highest = 0;
      for (let k = 0; k < K; k++) highest = Math.max(highest, gaps[n * K + k]!);
      let [sum, mean, square] = [0, 0, 0];
      for (let k = 0; k < K; k++) {
        const gap = gaps[n * K + k]!;
        const share = Math.exp(beta * (gap - highest));
        sum += share;
        mean += share * gap;
        square += share * gap * gap;
      }
      mean /= sum;
      const weight = scored.weightOf(i);
      slope += weight * mean;
      curvature += weight * Math.max(0, square / sum - mean * mean);
      total += weight;
    }
    return { slope: slope / total, curvature: curvature / total };
  };
  if (!(derivatives(0).slope < 0)) {
    throw new Error(
      'fitTemperature: expected logits that are higher for the labels than for other classes on average, ' +
        'got lower ones. Do labels and logits belong together?',
    );
  }
  let low = 0;
  let high = 1;
  while (derivatives(high).slope < 0) {
    low = high;
    high *= 2;
  }
  let beta = high;
  for (let round = 0; round < 200; round++) {
    const { slope, curvature } = derivatives(beta);
    if (slope < 0) low = beta;
    else high = beta;
    const newton = beta - slope / curvature;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - beta) <= 1e-14 * beta) break;
    beta = next;
  }
  return 1 / beta;
}

/**
 * Probabilities softmax(z / T) of logits, row-major `[N, K]`; without `classes` the probability of label 1,
 * 1 / (1 + exp(−z / T)), `[N]`. The likeliest class stays the likeliest. A NaN makes its example NaN.
 * @throws if the temperature is not above 0, a logit is infinite, or the number of logits is no multiple of `classes`.
 */
export function applyTemperature(
  logits: ArrayLike<number>,
  temperature: number,
  { classes }: LogitOptions = {},
): Float64Array {
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new Error(`applyTemperature: temperature must be finite and greater than 0, got ${temperature}.`);
  }
  const width = checkWidth('applyTemperature', logits, classes);
  const probabilities = new Float64Array(logits.length);
  for (let from = 0; from < logits.length; from += width) {
    let highest = width === 1 ? 0 : Number.NEGATIVE_INFINITY;
    for (let k = from; k < from + width; k++) highest = Math.max(highest, logits[k]!);
    let sum = width === 1 ? Math.exp(-highest / temperature) : 0;
    for (let k = from; k < from + width; k++) {
      probabilities[k] = Math.exp((logits[k]! - highest) / temperature);
      sum += probabilities[k]!;
    }
    for (let k = from; k < from + width; k++) probabilities[k]! /= sum;
  }
  return probabilities;
}

/** Values of an example. */
function checkWidth(what: string, logits: ArrayLike<number>, classes: number | undefined): number {
  if (classes !== undefined) checkClasses(what, classes);
  const width = classes ?? 1;
  if (logits.length % width !== 0) {
    throw new Error(`${what}: expected ${width} logits for each example, got ${logits.length} in all.`);
  }
  for (let i = 0; i < logits.length; i++) {
    if (Math.abs(logits[i]!) === Number.POSITIVE_INFINITY) {
      throw new Error(`${what}: logits must be finite, got ${logits[i]}. Are these logarithms of 0?`);
    }
  }
  return width;
}

/** The logit of a class; of one logit alone, that of class 0 is 0. */
function logitOf(logits: ArrayLike<number>, example: number, k: number, width: number): number {
  if (width === 1) return k === 1 ? logits[example]! : 0;
  return logits[example * width + k]!;
}
