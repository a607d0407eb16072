// Into the latent space of a variational autoencoder, and out of it.

import { createRandom, type NdArray, type Samples } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber, lookUp } from '../check.ts';
import { type PredictOptions, predict } from '../fit/evaluate.ts';

/** The latent variables of N examples. */
export interface Latents {
  /** `[N, L]`. */
  means: NdArray;
  /** ln σ², `[N, L]`. */
  logVariances: NdArray;
  /** Class logits, `[N, K]`; K is 0 where the network has no classes. */
  logits: NdArray;
}

/** How a decoder's outputs are read. */
export interface DecodeOptions extends PredictOptions {
  /** As in the loss: `gaussian` (default) takes them as they are, `bernoulli` as logits, and gives probabilities. */
  reconstruction?: 'gaussian' | 'bernoulli';
}

const readings = {
  gaussian: (output: number) => output,
  bernoulli: (output: number) => 1 / (1 + Math.exp(-output)),
};

/**
 * What the encoder of a `vae` (`encoderOf(model)`) says about examples: Gaussians over `latent` variables, and class logits.
 * @throws where its output is narrower than 2·`latent`.
 */
export async function encode(
  encoder: Model,
  samples: Samples | NdArray,
  { latent, ...options }: PredictOptions & { latent: number },
): Promise<Latents> {
  checkNumber('encode: latent', latent, { min: 1, integer: true });
  const { data, shape } = await predict(encoder, samples, options);
  const [count = 0, width = 0] = shape;
  if (shape.length !== 2 || width < 2 * latent) {
    throw new Error(
      `encode: the encoder must give [N, ${2 * latent}] or more, got [${shape.join(', ')}]. ` +
        'Take encoderOf(model) of a vae with that many latent variables.',
    );
  }
  const columns = (from: number, to: number): NdArray => {
    const part = new Float32Array(count * (to - from));
    for (let i = 0; i < count; i++)
      part.set(data.subarray(i * width + from, i * width + to), i * (to - from));
    return { data: part, shape: [count, to - from] };
  };
  return {
    means: columns(0, latent),
    logVariances: columns(latent, 2 * latent),
    logits: columns(2 * latent, width),
  };
}

/** What the decoder of an autoencoder (`decoderOf(model)`) makes of latent variables `z [N, L]`. */
export async function decode(
  decoder: Model,
  z: NdArray,
  { reconstruction = 'gaussian', ...options }: DecodeOptions = {},
): Promise<NdArray> {
  const read = lookUp('decode: reconstruction', readings, reconstruction);
  const { data, shape } = await predict(decoder, z, options);
  return { data: data.map(read), shape };
}

/**
 * New examples: what the decoder of a `vae` makes of z drawn from the prior, N(0, 1). For `gaussian` these are the means
 * of p(x | z), without its noise.
 */
export async function sampleVae(
  decoder: Model,
  { count, seed, ...options }: DecodeOptions & { count: number; seed: number },
): Promise<NdArray> {
  checkNumber('sampleVae: count', count, { min: 1, integer: true });
  const [latent] = decoder.config.input;
  if (decoder.config.input.length !== 1 || typeof latent !== 'number') {
    throw new Error(
      `sampleVae: the decoder must take [B, L], got inputs of [${decoder.config.input.join(', ')}]. ` +
        'Take decoderOf(model).',
    );
  }
  const random = createRandom(seed, 'prior');
  const data = Float32Array.from({ length: count * latent }, () => random.normal());
  return decode(decoder, { data, shape: [count, latent] }, options);
}
