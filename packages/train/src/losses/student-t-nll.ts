// A location, a scale and, where wanted, the weight of the tails for each target: outliers pull the mean no longer.

import * as tf from '@tensorflow/tfjs-core';
import { studentT } from '@tidecast/eval';
import { checkNumber } from '../check.ts';
import type { Loss } from './loss.ts';
import { perTarget } from './per-target.ts';
import { sigmoid, softplus } from './softplus.ts';

/** Settings of {@link studentTNll}. */
export interface StudentTNllSettings {
  /** ν of all targets. Absent: learnt, as a third output n of each target: ν = 2.01 + softplus(n). */
  degreesOfFreedom?: number;
  /** Smallest scale, in the unit of the scaled targets; default 1e-3. */
  floor?: number;
}

/** Least ν that is learnt: the variance stays finite. */
const LEAST_DEGREES = 2.01;

/**
 * Negative log-likelihood of a Student-t law (Lange, Little and Taylor 1989):
 * l = ln σ + ½ ln(νπ) − ln Γ((ν + 1)/2) + ln Γ(ν/2) + (ν + 1)/2·ln(1 + z²/ν), z = (y − μ)/σ, with outputs `[..., 2]` of
 * μ and s, or `[..., 3]` of μ, s and n; σ = softplus(s) + floor. Finite for any finite outputs.
 */
export function studentTNll({ degreesOfFreedom, floor = 1e-3 }: StudentTNllSettings = {}): Loss {
  if (degreesOfFreedom !== undefined) {
    checkNumber('studentTNll: degreesOfFreedom', degreesOfFreedom, { above: 0 });
  }
  checkNumber('studentTNll: floor', floor, { above: 0 });
  const fixed = degreesOfFreedom;
  return perTarget({
    config: { type: 'studentTNll', ...(fixed !== undefined && { degreesOfFreedom: fixed }), floor },
    head: {
      parameters: fixed === undefined ? 3 : 2,
      distributions: (column) =>
        studentT({
          location: column(0),
          scale: column(1).map((raw) => softplus(raw) + floor),
          degreesOfFreedom: fixed ?? column(2).map((raw) => LEAST_DEGREES + softplus(raw)),
        }),
    },
    values([location, rawScale, rawDegrees], y) {
      const scale = tf.add(tf.softplus(rawScale!), floor);
      const nu = rawDegrees ? tf.add(tf.softplus(rawDegrees), LEAST_DEGREES) : tf.scalar(fixed!);
      const z = tf.div(tf.sub(y, location!), scale);
      const spread = tf.log(tf.add(tf.div(tf.square(z), nu), 1));
      const own = tf.sub(tf.mul(tf.log(tf.mul(nu, Math.PI)), 0.5), logGammaRatio(tf.mul(nu, 0.5)));
      return tf.add(tf.add(tf.log(scale), own), tf.mul(tf.mul(tf.add(nu, 1), 0.5), spread));
    },
    measure(parameters, y, slopes) {
      const [location, rawScale, rawDegrees] = [parameters[0]!, parameters[1]!, parameters[2]!];
      const scale = softplus(rawScale) + floor;
      const nu = fixed ?? LEAST_DEGREES + softplus(rawDegrees);
      const z = (y - location) / scale;
      const q = (z * z) / nu;
      slopes[0] = (-(nu + 1) * z) / (nu * scale * (1 + q));
      slopes[1] = ((1 - ((nu + 1) * q) / (1 + q)) * sigmoid(rawScale)) / scale;
      if (fixed === undefined) {
        const slope =
          0.5 / nu -
          0.5 * logGammaRatioSlope(nu / 2) +
          0.5 * Math.log1p(q) -
          ((nu + 1) * q) / (2 * nu * (1 + q));
        slopes[2] = slope * sigmoid(rawDegrees);
      }
      const own = 0.5 * Math.log(nu * Math.PI) - logGammaRatioOf(nu / 2);
      return Math.log(scale) + own + 0.5 * (nu + 1) * Math.log1p(q);
    },
  });
}

// D(x) = ln Γ(x + ½) − ln Γ(x), where tensors have no ln Γ: the recurrence up to x + 6, then its asymptotic series
// ½ ln x − 1/(8x) + 1/(192x³) − 1/(640x⁵) + 17/(14336x⁷), within 1e-10 for x > 0 (from DLMF 5.11.8).

const SHIFTS = [0, 1, 2, 3, 4, 5];
const SERIES = [-1 / 8, 1 / 192, -1 / 640, 17 / 14336];

function logGammaRatio(x: tf.Tensor): tf.Tensor {
  const far = tf.add(x, SHIFTS.length);
  const inverse = tf.reciprocal(far);
  const square = tf.square(inverse);
  const series = SERIES.reduceRight<tf.Tensor>(
    (sum, coefficient) => tf.add(tf.mul(sum, square), coefficient),
    tf.zerosLike(x),
  );
  const start = tf.add(tf.mul(tf.log(far), 0.5), tf.mul(series, inverse));
  return SHIFTS.reduce<tf.Tensor>(
    (sum, shift) => tf.sub(sum, tf.log(tf.div(tf.add(x, shift + 0.5), tf.add(x, shift)))),
    start,
  );
}

function logGammaRatioOf(x: number): number {
  const far = x + SHIFTS.length;
  const series = SERIES.reduceRight((sum, coefficient) => sum / (far * far) + coefficient, 0) / far;
  return SHIFTS.reduce(
    (sum, shift) => sum - Math.log((x + shift + 0.5) / (x + shift)),
    0.5 * Math.log(far) + series,
  );
}

function logGammaRatioSlope(x: number): number {
  const far = x + SHIFTS.length;
  // d/dx of c/x^(2k + 1) is −(2k + 1)·c/x^(2k + 2).
  const series =
    SERIES.reduceRight((sum, coefficient, k) => sum / (far * far) - (2 * k + 1) * coefficient, 0) / far ** 2;
  return SHIFTS.reduce((sum, shift) => sum - 1 / (x + shift + 0.5) + 1 / (x + shift), 0.5 / far + series);
}
