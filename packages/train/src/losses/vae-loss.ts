// What a variational autoencoder makes small: how badly it gives back, and how far its latent variables are from the prior.

import * as tf from '@tensorflow/tfjs-core';
import type { PlanBuilder, Run, Signal } from '@tidecast/backend';
import { checkNumber, lookUp } from '../check.ts';
import type { Loss, PlannedTargets } from './loss.ts';
import { sigmoid, softplus } from './softplus.ts';

/** Settings of {@link vaeLoss}. */
export interface VaeLossSettings {
  /** Number of latent variables L, as in the network. */
  latent: number;
  /** Weight β of the divergence; default 1, the evidence lower bound. */
  beta?: number;
  /**
   * What the reconstruction means: `gaussian` (default): the mean of a normal distribution with deviation `sigma`;
   * `bernoulli`: the logit of a probability, for targets from 0 to 1.
   */
  reconstruction?: 'gaussian' | 'bernoulli';
  /** σ of `gaussian`, in the unit of the targets; default 1. */
  sigma?: number;
  /** Number of class logits K behind the latent variables; default 0. */
  classes?: number;
  /** Weight γ of the classes' cross-entropy; default 1. */
  classWeight?: number;
  /** Which examples are given back and follow the prior: `all` (default), or, with one class, its `positives`. */
  only?: 'all' | 'positives';
}

type Settings = Required<VaeLossSettings>;

/** Negative log-likelihood of one value and its slope by the output. */
interface Likelihood {
  value(output: number, y: number, sigma: number): number;
  slope(output: number, y: number, sigma: number): number;
  /** The same on tensors. */
  values(output: tf.Tensor, y: tf.Tensor, sigma: number): tf.Tensor;
}

/** ln σ√(2π). */
const logScale = (sigma: number) => Math.log(sigma) + Math.log(2 * Math.PI) / 2;

const likelihoods: Readonly<Record<Settings['reconstruction'], Likelihood>> = {
  gaussian: {
    value: (output, y, sigma) => ((output - y) / sigma) ** 2 / 2 + logScale(sigma),
    slope: (output, y, sigma) => (output - y) / sigma ** 2,
    values: (output, y, sigma) =>
      tf.add(tf.mul(tf.square(tf.sub(output, y)), 1 / (2 * sigma ** 2)), logScale(sigma)),
  },
  bernoulli: {
    value: (output, y) => softplus(output) - y * output,
    slope: (output, y) => sigmoid(output) - y,
    values: (output, y) => tf.sub(tf.softplus(output), tf.mul(y, output)),
  },
};

/**
 * The loss of a `vae` (Kingma and Welling 2014), in nats an example. Its output is `[B, D + 2L + K]`: reconstruction, means
 * μ, log-variances ln σ², class logits; the targets hold the D values to give back, in any shape, then the K of the
 * classes: `autoencoding(samples)` makes them of the inputs.
 *
 * `l = Σ_D −ln p(y | output) + β·½ Σ_L (μ² + σ² − ln σ² − 1) + γ·H`
 *
 * With β = 1, and without classes, −l is the evidence lower bound with one draw of z; β > 1 is the β-VAE (Higgins et al.
 * 2017). H is the cross-entropy of the K logits: with K = 1 of one logit for yes or no, else of a softmax.
 *
 * With `only: 'positives'` the first two terms are left out where the class is no, as in the debiasing VAE (Amini et al.
 * 2019), which gives back faces alone.
 *
 * Weights multiply the terms of their targets; the divergence weighs as much as the largest weight of its example's
 * reconstruction. The loss is the sum over all examples over the sum of their mean weights: without weights, the mean.
 * @throws where a setting is out of bounds, or outputs and targets do not have these sizes.
 */
export function vaeLoss(options: VaeLossSettings): Loss {
  const settings = checked(options);
  const { latent, classes } = settings;
  const config = { type: 'vaeLoss', ...settings };
  return {
    config,
    apply(output, y, weight) {
      const batch = y.shape[0]!;
      const target = tf.reshape(y, [batch, y.size / batch]);
      const weighs = weight ? tf.reshape(weight, target.shape) : tf.onesLike(target);
      const size = valuesGivenBack(settings, output.shape.slice(1), target.shape[1]!);
      const cut = (from: tf.Tensor, start: number, width: number) =>
        tf.slice(from, [0, start], [batch, width]);
      const given = cut(weighs, 0, size);
      const own = settings.only === 'positives' ? tf.mul(given, cut(target, size, 1)) : given;
      const { values } = likelihoods[settings.reconstruction];
      const unlikely = values(cut(output, 0, size), cut(target, 0, size), settings.sigma);
      const mean = cut(output, size, latent);
      const logVariance = cut(output, size + latent, latent);
      const divergence = tf.sum(
        tf.sub(tf.add(tf.square(mean), tf.exp(logVariance)), tf.add(logVariance, 1)),
        1,
      );
      let sum = tf.add(
        tf.sum(tf.mul(own, unlikely)),
        tf.mul(tf.sum(tf.mul(divergence, tf.max(own, 1))), settings.beta / 2),
      );
      if (classes > 0) {
        const logits = cut(output, size + 2 * latent, classes);
        const mass = cut(target, size, classes);
        const each =
          classes === 1
            ? tf.sub(tf.softplus(logits), tf.mul(mass, logits))
            : tf.neg(tf.mul(mass, tf.logSoftmax(logits, 1)));
        sum = tf.add(sum, tf.mul(tf.sum(tf.mul(cut(weighs, size, classes), each)), settings.classWeight));
      }
      return tf.div(sum, tf.sum(tf.mean(weighs, 1))) as tf.Scalar;
    },
    plan: (plan, output, targets) => planLoss(settings, plan, output, targets),
  };
}

/** All settings. @throws where one is out of bounds. */
function checked({
  latent,
  beta = 1,
  reconstruction = 'gaussian',
  sigma = 1,
  classes = 0,
  classWeight = 1,
  only = 'all',
}: VaeLossSettings): Settings {
  checkNumber('vaeLoss: latent', latent, { min: 1, integer: true });
  checkNumber('vaeLoss: beta', beta, { min: 0 });
  lookUp('vaeLoss: reconstruction', likelihoods, reconstruction);
  checkNumber('vaeLoss: sigma', sigma, { above: 0 });
  checkNumber('vaeLoss: classes', classes, { min: 0, integer: true });
  checkNumber('vaeLoss: classWeight', classWeight, { min: 0 });
  lookUp('vaeLoss: only', { all: true, positives: true }, only);
  if (only === 'positives' && classes !== 1) {
    throw new Error(`vaeLoss: only 'positives' needs one class, yes or no, got ${classes}. Set classes: 1.`);
  }
  return { latent, beta, reconstruction, sigma, classes, classWeight, only };
}

/** D. @throws where outputs of a shape, or targets of `targets` values, do not fit. */
function valuesGivenBack({ latent, classes }: Settings, output: readonly number[], targets: number): number {
  const size = targets - classes;
  const width = size + 2 * latent + classes;
  if (size >= 1 && output.length === 1 && output[0] === width) return size;
  throw new Error(
    `vaeLoss: for ${targets} targets (${classes} of them classes) and ${latent} latent variables the model's output ` +
      `must be [B, ${Math.max(width, 0)}], got [${['B', ...output].join(', ')}]. Make the network by vae(…) with the same ` +
      '`latent` and `classes`, and the samples by autoencoding(…).',
  );
}

function planLoss(
  settings: Settings,
  plan: PlanBuilder,
  output: Signal,
  { y, weight, shape }: PlannedTargets,
): (run: Run) => number {
  const { latent, beta, sigma, classes, classWeight, only } = settings;
  const targets = shape.reduce((product, each) => product * each, 1);
  const size = valuesGivenBack(settings, output.shape, targets);
  const width = size + 2 * latent + classes;
  const likelihood = likelihoods[settings.reconstruction];
  const ones = new Float32Array(targets).fill(1);
  const noGradient = new Float32Array(width);
  return ({ batch }) => {
    const [outputs, wanted] = [plan.view(output.value, batch * width), plan.view(y, batch * targets)];
    const weights = weight && plan.view(weight, batch * targets);
    const slopes = output.gradient && plan.view(output.gradient, batch * width);
    let sum = 0;
    let total = 0;
    for (let b = 0; b < batch; b++) {
      const row = outputs.subarray(b * width, (b + 1) * width);
      const target = wanted.subarray(b * targets, (b + 1) * targets);
      const weighs = weights?.subarray(b * targets, (b + 1) * targets) ?? ones;
      const slope = slopes?.subarray(b * width, (b + 1) * width) ?? noGradient;
      const part = only === 'positives' ? target[size]! : 1;
      let largest = 0;
      for (let d = 0; d < size; d++) {
        const w = part * weighs[d]!;
        if (w > largest) largest = w;
        total += weighs[d]! / targets;
        sum += w * likelihood.value(row[d]!, target[d]!, sigma);
        slope[d] = w * likelihood.slope(row[d]!, target[d]!, sigma);
      }
      const share = (beta * largest) / 2;
      for (let l = size; l < size + latent; l++) {
        const [mean, logVariance] = [row[l]!, row[l + latent]!];
        const variance = Math.exp(logVariance);
        sum += share * (mean * mean + variance - logVariance - 1);
        slope[l] = 2 * share * mean;
        slope[l + latent] = share * (variance - 1);
      }
      const logits = row.subarray(size + 2 * latent);
      const mass = target.subarray(size);
      const massWeights = weighs.subarray(size);
      sum += classWeight * crossEntropyOf(logits, mass, massWeights, slope.subarray(size + 2 * latent));
      for (let k = 0; k < classes; k++) {
        slope[size + 2 * latent + k]! *= classWeight;
        total += massWeights[k]! / targets;
      }
    }
    if (slopes) for (let i = 0; i < slopes.length; i++) slopes[i]! /= total;
    return sum / total;
  };
}

/** The weighted cross-entropy of logits, whose slopes it writes: of one for yes or no, or of a softmax. */
function crossEntropyOf(
  logits: Float32Array,
  y: Float32Array,
  weight: Float32Array,
  slope: Float32Array,
): number {
  const count = logits.length;
  if (count === 0) return 0;
  if (count === 1) {
    slope[0] = weight[0]! * (sigmoid(logits[0]!) - y[0]!);
    return weight[0]! * (softplus(logits[0]!) - y[0]! * logits[0]!);
  }
  let highest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < count; k++) highest = Math.max(highest, logits[k]!);
  let partition = 0;
  let mass = 0;
  for (let k = 0; k < count; k++) {
    partition += Math.exp(logits[k]! - highest);
    mass += weight[k]! * y[k]!;
  }
  const logPartition = highest + Math.log(partition);
  let sum = 0;
  for (let k = 0; k < count; k++) {
    sum += weight[k]! * y[k]! * (logPartition - logits[k]!);
    slope[k] = mass * Math.exp(logits[k]! - logPartition) - weight[k]! * y[k]!;
  }
  return sum;
}
