import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { createImage, type Image } from '../image/image.ts';
import { checkWhole } from '../samples/check-whole.ts';
import { chosenClass } from './chosen-class.ts';
import type { HeatMap } from './heat-map.ts';
import { inputsOf, type PictureOptions, pictureInput } from './picture-input.ts';

/** How to cover a picture. */
export interface OcclusionMapOptions extends PictureOptions {
  /** Which output; default the largest of the whole picture. */
  class?: number;
  /** Side of the square that covers [pixels]; default an eighth of the shorter side, at least 1. */
  patch?: number;
  /** Pixels from one square to the next, at most `patch`; default half of it, at least 1. */
  stride?: number;
  /** Value of the square from 0 to 255, or one for each channel; default the mean of the picture. */
  fill?: number | readonly number[];
  /** Pictures to run at once; default 64. */
  batchSize?: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/**
 * What the output of a class loses where a square is laid over the picture: y − y(covered), each pixel the mean over the
 * squares that cover it. Positive where something speaks for the class, negative where something speaks against it. It
 * asks the network for outputs alone, so it works for every network on pictures. The last square in a row or column
 * ends where the picture does.
 * Source: Zeiler and Fergus 2014, ECCV.
 * @throws if the picture has another size than the network takes, there is no such class, or a setting is out of range.
 */
export async function occlusionMap(
  model: Model,
  image: Image,
  options: OcclusionMapOptions = {},
): Promise<HeatMap> {
  const input = pictureInput('occlusionMap', model, image, options);
  const { height, width, channels } = createImage(image);
  const shorter = Math.min(height, width);
  const { patch = Math.max(1, Math.round(shorter / 8)), batchSize = 64, signal } = options;
  const { stride = Math.max(1, Math.floor(patch / 2)) } = options;
  for (const [name, value] of Object.entries({ patch, stride, batchSize })) {
    checkWhole(`occlusionMap: ${name}`, value, 1);
  }
  if (patch > shorter) {
    throw new Error(`occlusionMap: patch must be at most the shorter side, ${shorter}, got ${patch}.`);
  }
  if (stride > patch) throw new Error(`occlusionMap: stride must be at most patch, ${patch}, got ${stride}.`);
  const fill = options.fill ?? meansOf(image);
  const colour = new Float32Array(channels).fill(Number.NaN);
  if (typeof fill === 'number') colour.fill(fill);
  else if (fill.length === channels) colour.set(fill);
  if (!colour.every(Number.isFinite)) {
    throw new Error(
      `occlusionMap: fill must be a finite number, or one for each of ${channels} channels, got [${fill}].`,
    );
  }
  const cover = inputsOf(colour, channels, options);
  const whole = outputsOf(model, input);
  const place = chosenClass('occlusionMap', whole, options.class);
  const squares = startsOf(height, patch, stride).flatMap((top) =>
    startsOf(width, patch, stride).map((left) => ({ top, left })),
  );
  const lost = new Float64Array(height * width);
  const times = new Float64Array(height * width);
  const size = input.data.length;
  for (let from = 0; from < squares.length; from += batchSize) {
    signal?.throwIfAborted();
    const some = squares.slice(from, from + batchSize);
    const data = new Float32Array(some.length * size);
    some.forEach(({ top, left }, n) => {
      data.set(input.data, n * size);
      for (let y = top; y < top + patch; y++) {
        for (let x = left; x < left + patch; x++) data.set(cover, n * size + (y * width + x) * channels);
      }
    });
    const outputs = outputsOf(model, { data, shape: [some.length, height, width, channels] });
    const K = outputs.shape[1]!;
    some.forEach(({ top, left }, n) => {
      const loss = whole.data[place]! - outputs.data[n * K + place]!;
      for (let y = top; y < top + patch; y++) {
        for (let x = left; x < left + patch; x++) {
          lost[y * width + x]! += loss;
          times[y * width + x]!++;
        }
      }
    });
    // Lets go of the thread, so that pages stay alive and aborts arrive.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  return { height, width, data: Float32Array.from(lost, (sum, i) => sum / times[i]!) };
}

/** The network's outputs, by a plan where it has one. */
function outputsOf(model: Model, x: NdArray): NdArray {
  const planned = model.infer?.(x);
  if (planned) return planned;
  let shape: number[] = [];
  const data = tf.tidy(() => {
    const output = model.apply(tf.tensor(x.data, x.shape));
    shape = [...output.shape];
    return output.dataSync() as Float32Array;
  });
  return { data, shape };
}

/** Where squares start along an axis: every `stride`, and the last at the end. */
function startsOf(length: number, patch: number, stride: number): number[] {
  const count = Math.ceil((length - patch) / stride) + 1;
  return Array.from({ length: count }, (_, i) => Math.min(i * stride, length - patch));
}

/** Mean of each channel. */
function meansOf({ data, channels }: Image): number[] {
  const sums = Array<number>(channels).fill(0);
  for (let i = 0; i < data.length; i++) sums[i % channels]! += data[i]!;
  return sums.map((sum) => (sum * channels) / data.length);
}
