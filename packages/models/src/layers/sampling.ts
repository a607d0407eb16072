import * as tf from '@tensorflow/tfjs-core';
import { createRandom, deriveSeed } from '@tidecast/data';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { wholeNumber } from '../settings.ts';
import { formatShape } from '../shape.ts';
import { refuseMask } from './masks.ts';

/** Settings of {@link sampling}. */
export interface SamplingSettings {
  /** Number of latent variables L. */
  latent: number;
}

/** A sampling layer as data. */
export interface SamplingConfig extends SamplingSettings, LayerConfig {
  type: 'sampling';
}

/**
 * Draws latent variables from Gaussians: `[B, ≥ 2L]` to `[B, L]`. The first L inputs are the means μ, the next L the
 * logarithms of the variances ln σ²; what follows is left alone.
 * While training `z = μ + exp(½ ln σ²)·ε` with ε ~ N(0, 1) from the seed of the run, so that gradients reach both
 * (Kingma and Welling 2014); otherwise `z = μ`.
 */
export function sampling(settings: SamplingSettings): SamplingConfig {
  return { type: 'sampling', ...settings };
}

/** Definition of {@link sampling}. */
export const samplingLayer: LayerDefinition<Required<SamplingSettings>> = {
  settings: { latent: wholeNumber({ min: 1, max: 65_536 }) },
  outputShape({ latent }, input) {
    if (input.length === 1 && input[0]! >= 2 * latent) return [latent];
    throw new Error(
      `sampling: needs ${latent} means and as many log-variances, [B, ${2 * latent}] or more, got ` +
        `${formatShape(input)}. Put dense({ units: ${2 * latent} }) before it.`,
    );
  },
  apply({ settings: { latent }, x, mask, training, seed }) {
    refuseMask('sampling', mask, 'Use globalPool1d or a recurrent layer without returnSequences before it.');
    const batch = x.shape[0]!;
    const mean = tf.slice(x, [0, 0], [batch, latent]);
    if (!training) return { x: mean };
    if (seed === undefined) {
      throw new Error('sampling: training needs a seed, got none. Pass apply(x, { training: true, seed }).');
    }
    const random = createRandom(seed, 'sampling');
    const noise = Float32Array.from({ length: batch * latent }, () => random.normal());
    const spread = tf.exp(tf.mul(tf.slice(x, [0, latent], [batch, latent]), 0.5));
    return { x: tf.add(mean, tf.mul(spread, tf.tensor(noise, [batch, latent]))) };
  },
  plan({ settings: { latent }, plan, input, position }) {
    if (input.mask) return 'sampling cannot honour a mask';
    const width = input.shape[0]!;
    const output = plan.signal([latent]);
    /** σ·ε, which is also twice the slope of z by ln σ². */
    const deviations = plan.block(output.value.length);
    plan.forward(({ batch, seed }) => {
      const random = createRandom(deriveSeed(seed, position), 'sampling');
      const [x, z, deviation] = [plan.view(input.value), plan.view(output.value), plan.view(deviations)];
      for (let b = 0; b < batch; b++) {
        for (let l = 0; l < latent; l++) {
          const mean = x[b * width + l]!;
          if (plan.training) {
            deviation[b * latent + l] = Math.exp(x[b * width + latent + l]! / 2) * random.normal();
            z[b * latent + l] = mean + deviation[b * latent + l]!;
          } else z[b * latent + l] = mean;
        }
      }
    });
    const { gradient } = input;
    if (gradient) {
      plan.backward(({ batch }) => {
        const [dx, dz] = [plan.view(gradient, batch * width), plan.view(output.gradient!)];
        const deviation = plan.view(deviations);
        dx.fill(0);
        for (let b = 0; b < batch; b++) {
          for (let l = 0; l < latent; l++) {
            const slope = dz[b * latent + l]!;
            dx[b * width + l] = slope;
            dx[b * width + latent + l] = (slope * deviation[b * latent + l]!) / 2;
          }
        }
      });
    }
    return output;
  },
};
