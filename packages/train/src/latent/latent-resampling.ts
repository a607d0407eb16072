// Samples of which training sees the rare ones more often, where rare is what the latent space has few of: no label says
// which examples those are.

import { createRandom, type EpochRequest, type NdArray, type Samples, shuffle } from '@tidecast/data';
import { checkNumber, lookUp, sameShape } from '../check.ts';
import { checkNoOrder, weightedResampling } from '../rebalance/weighted-resampling.ts';
import { type DensityOptions, latentDensity } from './latent-density.ts';

/** How examples are resampled. */
export interface LatentResamplingOptions extends DensityOptions {
  /** The latent variables of all samples as the network sees them now, `[count, L]`: asked before every epoch. */
  encode: (samples: Samples) => NdArray | Promise<NdArray>;
  /** α: the smaller, the more often rare examples come; default 0.1. Far above 1 every example is as likely. */
  alpha?: number;
  /**
   * `product` (default): an example is as rare as all its latent variables make it together. `maximum`: as the rarest of
   * them makes it, which is milder where many latent variables see one trait.
   */
  combine?: 'product' | 'maximum';
  /** Examples that are resampled, among themselves; the others are seen once an epoch. Default: all. */
  among?: ArrayLike<number>;
  /** Told before every epoch how likely each draw is one of `among`, in their order. */
  onResample?: (probabilities: Float64Array, epoch: number) => void;
}

/**
 * The same samples in an order that favours rare ones (Amini et al. 2019): an epoch draws with replacement, example i with
 * probability `p(i) ∝ ∏_L 1 / (Q̂_L(z_L(i)) + α)`, or the largest of these factors. Q̂ is the histogram of each latent variable over all that are
 * resampled, relative to an even spread (`latentDensity`). It is estimated anew before every epoch.
 *
 * The order depends on the seed, the epoch, and the latent variables at its start. A run resumed from a checkpoint at the
 * end of an epoch finds the same ones, and goes on bit for bit; one resumed in the middle of an epoch, after an abort,
 * estimates that epoch anew.
 * @throws where the samples have an order already, an option is out of bounds, or the latent variables are not
 * `[count, L]`.
 */
export function latentResampling<S extends Samples>(samples: S, options: LatentResamplingOptions): S {
  const { encode, alpha = 0.1, combine = 'product', among, onResample, ...density } = options;
  const { count } = samples;
  checkNoOrder('latentResampling', samples);
  checkNumber('latentResampling: alpha', alpha, { above: 0 });
  const join = lookUp('latentResampling: combine', combinations, combine);
  const chosen = Uint32Array.from(among ?? { length: count }, (index, i) =>
    among ? checkNumber('latentResampling: among', index, { min: 0, max: count - 1, integer: true }) : i,
  );
  const isChosen = new Uint8Array(count);
  for (const index of chosen) isChosen[index] = 1;
  if (chosen.length === 0 || isChosen.reduce((sum, each) => sum + each, 0) < chosen.length) {
    throw new Error(
      'latentResampling: among must hold at least one example, and none twice. Leave it out to resample all.',
    );
  }
  const others = Uint32Array.from({ length: count }, (_, i) => i).filter((index) => !isChosen[index]);
  return {
    ...samples,
    async order(request: EpochRequest) {
      const latents = await encode(samples);
      const latent = latents.shape[1] ?? 0;
      if (!sameShape(latents.shape, [count, latent]) || latent === 0) {
        throw new Error(
          `latentResampling: encode must give [${count}, L], got [${latents.shape.join(', ')}]. ` +
            'Give the means that encode(…) returns.',
        );
      }
      const own = new Float32Array(chosen.length * latent);
      for (const [i, index] of chosen.entries()) {
        own.set(latents.data.subarray(index * latent, (index + 1) * latent), i * latent);
      }
      const densities = latentDensity({ data: own, shape: [chosen.length, latent] }, density);
      const probabilities = rarity(densities, { latent, alpha, join });
      onResample?.(probabilities, request.epoch);
      const drawn = await weightedResampling({ ...samples, count: chosen.length }, probabilities).order!(
        request,
      );
      const order = Uint32Array.from({ length: count }, (_, i) =>
        i < chosen.length ? chosen[drawn[i]!]! : others[i - chosen.length]!,
      );
      return shuffle(order, createRandom(request.seed, 'latent', request.epoch));
    },
  };
}

/** How the logarithms of the factors of one example become one. */
const combinations = {
  product: (a: number, b: number) => a + b,
  maximum: (a: number, b: number) => Math.max(a, b),
};

/** What is proportional to 1 / (Q̂ + α), made to sum to 1; by logarithms, so that no product overflows. */
function rarity(
  densities: Float64Array,
  { latent, alpha, join }: { latent: number; alpha: number; join: (a: number, b: number) => number },
): Float64Array {
  const logs = Float64Array.from({ length: densities.length / latent }, (_, i) =>
    densities
      .subarray(i * latent, (i + 1) * latent)
      .map((density) => -Math.log(density + alpha))
      .reduce(join),
  );
  const highest = logs.reduce((a, b) => Math.max(a, b));
  const weights = logs.map((log) => Math.exp(log - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
