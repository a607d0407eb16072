// Networks that learn to give back what they are given through a narrow place: one config, like every other network.

import { type LayerConfig, type ModelConfig, network } from '../config.ts';
import { bottleneck } from '../layers/bottleneck.ts';
import { branches } from '../layers/branches.ts';
import { dense } from '../layers/dense.ts';
import { flatten } from '../layers/flatten.ts';
import { sampling } from '../layers/sampling.ts';

/** The parts of an autoencoder. */
export interface AutoencoderParts {
  /** Shape of one input: `[T, C]`, `[H, W, C]` or `[F]`. */
  input: ModelConfig['input'];
  /** Layers from the input to flat features `[B, F]`. */
  encoder: readonly LayerConfig[];
  /** Number of latent variables L. */
  latent: number;
  /** Layers from `[B, L]` to the shape of the input, or whatever else is to be given back. */
  decoder: readonly LayerConfig[];
}

/**
 * An autoencoder (Rumelhart, Hinton, Williams 1986): encoder, L linear units, decoder. Its output has the shape of the
 * input; train it with `mse()`, or any loss, towards the inputs themselves.
 */
export function autoencoder({ input, encoder, latent, decoder }: AutoencoderParts): ModelConfig {
  return network({ input, layers: [...encoder, dense({ units: latent }), bottleneck(), ...decoder] });
}

/**
 * A variational autoencoder (Kingma and Welling 2014). Beside the reconstruction (D values) its output carries what a
 * loss needs to see: `[B, D + 2L + K]`, the reconstruction laid flat, the means, the log-variances, and K class logits.
 * The decoder sees z = μ + σ·ε while training, and z = μ otherwise.
 *
 * `classes` K, default 0, are outputs of the encoder beside the latent variables, as in the debiasing VAE (Amini et al.
 * 2019): one logit for yes or no, or one for each class.
 */
export function vae({
  input,
  encoder,
  latent,
  decoder,
  classes = 0,
}: AutoencoderParts & { classes?: number }): ModelConfig {
  return network({
    input,
    layers: [
      ...encoder,
      dense({ units: 2 * latent + classes }),
      branches({ branches: [[sampling({ latent }), ...decoder, flatten()], []] }),
    ],
  });
}
