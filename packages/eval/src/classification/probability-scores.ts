// Whether a classifier's probabilities mean what they say: of all that is given 70 %, 70 % should happen.

import { type ClassScoreOptions, checkClasses, scorable } from './examples.ts';

/** Options of scores of probabilities. */
export interface ProbabilityOptions extends ClassScoreOptions {
  /** K where `probabilities` is row-major `[N, K]`; absent: `[N]`, the probability of label 1 against 0. */
  classes?: number;
}

/**
 * Brier score: mean of Σ_k (p_k − [label = k])² over the classes; of two classes given by one probability, (p − label)².
 * 0 is perfect. Source: Brier 1950, Monthly Weather Review 78, 1–3.
 */
export function brierScore(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: ProbabilityOptions = {},
): number {
  const { indices, weightOf, width } = checkedProbabilities('brierScore', probabilities, labels, options);
  let sum = 0;
  let total = 0;
  for (const i of indices) {
    const weight = weightOf(i);
    for (let k = 0; k < width; k++) {
      const happened = labels[i] === (width === 1 ? 1 : k) ? 1 : 0;
      sum += weight * (probabilities[i * width + k]! - happened) ** 2;
    }
    total += weight;
  }
  return sum / total;
}

/**
 * Log loss, the mean of −ln of the probability of what happened; 0 is perfect, and one certain mistake makes it infinite.
 * Source: Good 1952, Journal of the Royal Statistical Society B 14, 107–114.
 */
export function logLoss(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: ProbabilityOptions = {},
): number {
  const { indices, weightOf, width } = checkedProbabilities('logLoss', probabilities, labels, options);
  let sum = 0;
  let total = 0;
  for (const i of indices) {
    const weight = weightOf(i);
    if (weight === 0) continue;
    const said = width === 1 ? probabilities[i]! : probabilities[i * width + labels[i]!]!;
    sum -= weight * Math.log(width === 1 && labels[i] === 0 ? 1 - said : said);
    total += weight;
  }
  return sum / total;
}

/** Examples of about one probability. */
export interface ReliabilityBin {
  /** Edges: probabilities p with from ≤ p < to, and p = 1 in the last. */
  from: number;
  to: number;
  /** Weight of the examples. */
  weight: number;
  /** Mean of their probabilities; NaN without examples. */
  probability: number;
  /** Share of them that happened; NaN without examples. */
  frequency: number;
}

/**
 * The reliability curve in `bins` (default 10) bins of equal width: the mean probability said, and how often it came true.
 * With `classes`, of the most likely class of each example: its probability, and whether it was right.
 */
export function probabilityReliability(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { bins = 10, ...options }: ProbabilityOptions & { bins?: number } = {},
): ReliabilityBin[] {
  if (!(Number.isInteger(bins) && bins >= 1)) {
    throw new Error(`probabilityReliability: bins must be a whole number from 1, got ${bins}.`);
  }
  const { indices, weightOf, width } = checkedProbabilities(
    'probabilityReliability',
    probabilities,
    labels,
    options,
  );
  const said = new Float64Array(bins);
  const happened = new Float64Array(bins);
  const weights = new Float64Array(bins);
  for (const i of indices) {
    let best = 0;
    for (let k = 1; k < width; k++) {
      if (probabilities[i * width + k]! > probabilities[i * width + best]!) best = k;
    }
    const probability = probabilities[i * width + best]!;
    const bin = Math.min(bins - 1, Math.floor(probability * bins));
    weights[bin]! += weightOf(i);
    said[bin]! += weightOf(i) * probability;
    if (labels[i] === (width === 1 ? 1 : best)) happened[bin]! += weightOf(i);
  }
  return Array.from(weights, (weight, bin) => ({
    from: bin / bins,
    to: (bin + 1) / bins,
    weight,
    probability: said[bin]! / weight,
    frequency: happened[bin]! / weight,
  }));
}

/**
 * Expected calibration error: Σ (weight of a bin / all)·|frequency − probability| over the bins of
 * {@link probabilityReliability}. 0 is calibrated; it depends on the bins, so compare figures of the same number of bins.
 * Source: Naeini, Cooper and Hauskrecht 2015, AAAI; Guo et al. 2017, ICML.
 */
export function expectedCalibrationError(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  options: ProbabilityOptions & { bins?: number } = {},
): number {
  let error = 0;
  let total = 0;
  for (const { weight, probability, frequency } of probabilityReliability(probabilities, labels, options)) {
    if (weight > 0) error += weight * Math.abs(frequency - probability);
    total += weight;
  }
  return error / total;
}

/** The examples to score, with `width` probabilities each. @throws if lengths differ, or values are no probabilities. */
export function checkedProbabilities(
  what: string,
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { classes, weights }: ProbabilityOptions,
) {
  if (classes !== undefined) checkClasses(what, classes);
  const width = classes ?? 1;
  const scored = scorable(what, probabilities, labels, { width, classes: classes ?? 2, weights });
  for (const i of scored.indices) {
    for (let k = 0; k < width; k++) {
      const probability = probabilities[i * width + k]!;
      if (probability >= 0 && probability <= 1) continue;
      throw new Error(
        `${what}: probabilities must be from 0 to 1, got ${probability}. Are these logits? Apply softmax or sigmoid.`,
      );
    }
  }
  return { ...scored, width };
}
