// Augmentation by pairs: every picture of a training batch is mixed with another one of it, and so are their targets.
// Without a draw nothing is mixed.

import {
  type Batch,
  changeBatch,
  createRandom,
  type Draw,
  type NdArray,
  type Random,
  type SampleSource,
  shuffle,
} from '@tidecast/data';
import { randomBeta } from './random-beta.ts';

/** How to mix. */
export interface MixOptions {
  /** α of λ ~ Beta(α, α), above 0: small ones leave most pictures nearly as they are, 1 draws λ evenly. */
  alpha: number;
}

/** Mixes row `other` of `whole` into `row`, with the share λ left of its own; returns the share that is left in fact. */
type MixRows = (mix: {
  row: Float32Array;
  other: Float32Array;
  share: number;
  shape: readonly number[];
  random: Random;
}) => number;

/**
 * The same samples, where training gets x̃ = λ·xᵢ + (1 − λ)·xⱼ and ỹ = λ·yᵢ + (1 − λ)·yⱼ, λ ~ Beta(α, α) for each row
 * (Zhang, Cisse, Dauphin and Lopez-Paz 2018, ICLR); i and j are rows of one batch. Targets must be such that their mean means
 * something, as probabilities of classes do. A target that is missing in one of the two is that of the other: weights are
 * mixed too, and means of targets weighted by them.
 * @throws if `alpha` is not above 0. A batch throws where it brings a mask or carries states.
 */
export function mixup<S extends SampleSource>(samples: S, { alpha }: MixOptions): S {
  return mixed('mixup', samples, alpha, ({ row, other, share }) => {
    for (let i = 0; i < row.length; i++) row[i] = share * row[i]! + (1 - share) * other[i]!;
    return share;
  });
}

/**
 * The same samples, where training gets pictures `[H, W, C]` with a rectangle out of another one of the batch, and targets
 * in the shares of their areas (Yun et al. 2019, ICCV): sides of √(1 − λ) of the picture's, λ ~ Beta(α, α), about a random
 * point, cut off at the rim. Targets and weights as in {@link mixup}.
 * @throws if `alpha` is not above 0, or inputs are no pictures. A batch throws where it brings a mask or carries states.
 */
export function cutmix<S extends SampleSource>(samples: S, { alpha }: MixOptions): S {
  if (samples.xShape.length !== 3) {
    throw new Error(`cutmix: inputs must be pictures [H, W, C], got [${samples.xShape.join(', ')}].`);
  }
  return mixed('cutmix', samples, alpha, ({ row, other, share, shape, random }) => {
    const [height, width, channels] = shape as [number, number, number];
    const side = Math.sqrt(1 - share);
    const [top, bottom] = spanAround(random.integer(height), side * height, height);
    const [left, right] = spanAround(random.integer(width), side * width, width);
    for (let y = top; y < bottom; y++) {
      const from = (y * width + left) * channels;
      row.set(other.subarray(from, (y * width + right) * channels), from);
    }
    return 1 - ((bottom - top) * (right - left)) / (height * width);
  });
}

/** Where a side of `length` pixels about `centre` begins and ends in a picture of `size`. */
function spanAround(centre: number, length: number, size: number): [number, number] {
  return [Math.max(0, Math.round(centre - length / 2)), Math.min(size, Math.round(centre + length / 2))];
}

function mixed<S extends SampleSource>(name: string, samples: S, alpha: number, mixRows: MixRows): S {
  if (!(alpha > 0 && alpha < Number.POSITIVE_INFINITY)) {
    throw new Error(`${name}: alpha must be greater than 0, got ${alpha}.`);
  }
  return {
    ...samples,
    batch(indices: ArrayLike<number>, draw?: Draw) {
      const batch = samples.batch(indices, draw);
      return draw ? changeBatch(batch, (whole) => mixedBatch(name, whole, { alpha, draw, mixRows })) : batch;
    },
  };
}

function mixedBatch(
  name: string,
  batch: Batch,
  { alpha, draw, mixRows }: { alpha: number; draw: Draw; mixRows: MixRows },
): Batch {
  if (batch.mask || batch.carry) {
    throw new Error(`${name}: samples must bring neither masks nor states: their steps cannot be mixed.`);
  }
  const rows = batch.x.shape[0]!;
  const random = createRandom(draw.seed, name, draw.epoch, draw.position);
  const partners = shuffle(
    Uint32Array.from({ length: rows }, (_, i) => i),
    random,
  );
  const x = copyOf(batch.x);
  const y = copyOf(batch.y);
  const weight = batch.weight && copyOf(batch.weight);
  const xSize = x.data.length / rows;
  const ySize = y.data.length / rows;
  for (let i = 0; i < rows; i++) {
    const j = partners[i]!;
    const share = mixRows({
      row: x.data.subarray(i * xSize, (i + 1) * xSize),
      other: batch.x.data.subarray(j * xSize, (j + 1) * xSize),
      share: randomBeta(random, alpha),
      shape: batch.x.shape.slice(1),
      random,
    });
    for (let k = 0; k < ySize; k++) {
      const [own, other] = [i * ySize + k, j * ySize + k];
      const ours = share * (batch.weight?.data[own] ?? 1);
      const theirs = (1 - share) * (batch.weight?.data[other] ?? 1);
      const sum = ours + theirs;
      if (sum > 0) y.data[own] = (ours * batch.y.data[own]! + theirs * batch.y.data[other]!) / sum;
      if (weight) weight.data[own] = sum;
    }
  }
  return { ...batch, x, y, ...(weight && { weight }) };
}

function copyOf({ data, shape }: NdArray): NdArray {
  return { data: data.slice(), shape: [...shape] };
}
