// A mean and a spread for each target: the noise that the inputs tell of (Nix and Weigend 1994).

import * as tf from '@tensorflow/tfjs-core';
import { gaussian } from '@tidecast/eval';
import { checkNumber } from '../check.ts';
import type { Loss, LossConfig } from './loss.ts';
import { perTarget } from './per-target.ts';
import { sigmoid, softplus } from './softplus.ts';

/** Settings of {@link gaussianNll}. */
export interface GaussianNllSettings {
  /** Smallest standard deviation, in the unit of the scaled targets; default 1e-3. */
  floor?: number;
}

/** Settings of {@link betaNll}. */
export interface BetaNllSettings extends GaussianNllSettings {
  /** From 0 (the plain likelihood) to 1 (the mean learns as under the squared error); default 0.5. */
  beta?: number;
}

/**
 * Negative log-likelihood of a normal law: l = ln σ + (y − μ)²/(2σ²) + ½ ln 2π with outputs `[..., 2]` of μ and s,
 * σ = softplus(s) + floor. Finite for any finite outputs.
 */
export function gaussianNll({ floor = 1e-3 }: GaussianNllSettings = {}): Loss {
  checkNumber('gaussianNll: floor', floor, { above: 0 });
  return gaussianLoss({ type: 'gaussianNll', floor }, floor, 0);
}

/**
 * The likelihood of {@link gaussianNll} with every target weighed by its own σ^(2β), through which no gradient flows:
 * l = ⌊σ^(2β)⌋·(ln σ + (y − μ)²/(2σ²) + ½ ln 2π). Keeps points with large errors from being given up as noise early in
 * training. Its value is no proper score: compare models by the likelihood or the CRPS.
 * Source: Seitzer, Tavakoli, Antic and Martius 2022.
 */
export function betaNll({ beta = 0.5, floor = 1e-3 }: BetaNllSettings = {}): Loss {
  checkNumber('betaNll: beta', beta, { min: 0, max: 1 });
  checkNumber('betaNll: floor', floor, { above: 0 });
  return gaussianLoss({ type: 'betaNll', beta, floor }, floor, beta);
}

const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);

function gaussianLoss(config: LossConfig, floor: number, beta: number): Loss {
  return perTarget({
    config,
    head: {
      parameters: 2,
      distributions: (column) =>
        gaussian({ mean: column(0), sd: column(1).map((raw) => softplus(raw) + floor) }),
    },
    values([mean, raw], y) {
      const sd = tf.add(tf.softplus(raw!), floor);
      const z = tf.div(tf.sub(y, mean!), sd);
      const nll = tf.add(tf.add(tf.mul(tf.square(z), 0.5), tf.log(sd)), HALF_LOG_TWO_PI);
      return beta === 0 ? nll : tf.mul(detached(tf.pow(sd, 2 * beta)), nll);
    },
    measure(parameters, y, slopes) {
      const [mean, raw] = [parameters[0]!, parameters[1]!];
      const sd = softplus(raw) + floor;
      const z = (y - mean) / sd;
      const factor = beta === 0 ? 1 : sd ** (2 * beta);
      slopes[0] = (-factor * z) / sd;
      slopes[1] = (factor * (1 - z * z) * sigmoid(raw)) / sd;
      return factor * (Math.log(sd) + 0.5 * z * z + HALF_LOG_TWO_PI);
    },
  });
}

/** The same values, through which no gradient flows. */
function detached(x: tf.Tensor): tf.Tensor {
  return tf.customGrad((value) => ({
    value: tf.clone(value as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }))(x);
}
