// The picture a channel or a class answers to most: gradient ascent in the input, with just enough pull towards calm pictures
// that something can be recognised.

import { createRandom } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { createImage, type Image } from '../image/image.ts';
import { checkWhole } from '../samples/check-whole.ts';
import { activationSlope, type RaisedOptions, type Slope } from './activation-slope.ts';
import { type PictureShape, pictureShape } from './picture-input.ts';

/** What to look for, and how. */
export interface MaximiseOptions extends RaisedOptions {
  /** Steps of ascent; default 128. */
  steps?: number;
  /** Root mean square of a step, of a range of values from 0 to 1; default 0.03. */
  learningRate?: number;
  /** Decides the first picture and the jitter; default 0. */
  seed?: number;
  /** The picture is moved by up to so many pixels before each step, round its edges; default 1. */
  jitter?: number;
  /** Pull towards mid-grey, as a part of the slope; default 0.3. */
  l2?: number;
  /** Pull towards neighbouring pixels, as a part of the slope; default 1. */
  totalVariation?: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/** Where to start, in turn, until the slope is not 0: mean and spread of noise. ReLU lets some channels sleep in mid-grey. */
const STARTS = [
  [0.5, 0.1],
  [0.5, 0.5],
  [0.1, 0.3],
  [0.9, 0.3],
] as const;

/**
 * A picture that raises the mean of a channel, or the output of a class, by `steps` steps
 * u ← u + learningRate·(g/‖g‖ − l2·2(u − ½) + totalVariation·Δu), cut to [0, 1]: u the picture, g the slope of what is
 * raised, ‖·‖ the root mean square, Δ the sum of differences to the four neighbours. It starts from seeded noise.
 * Source: Simonyan, Vedaldi and Zisserman 2014, ICLR workshop; jitter and variation as in Olah, Mordvintsev and Schubert 2017.
 * @throws if there is no such layer, channel or class, a setting is out of range, or nothing rose.
 */
export async function maximiseActivation(model: Model, options: MaximiseOptions): Promise<Image> {
  const { steps = 128, learningRate = 0.03, seed = 0, jitter = 1, l2 = 0.3, totalVariation = 1 } = options;
  checkWhole('maximiseActivation: steps', steps, 1);
  checkWhole('maximiseActivation: jitter', jitter, 0);
  for (const [name, value] of Object.entries({ learningRate, l2, totalVariation })) {
    if (value >= 0 && Number.isFinite(value)) continue;
    throw new Error(`maximiseActivation: ${name} must be a finite number from 0, got ${value}.`);
  }
  const shape = pictureShape('maximiseActivation', model);
  const [height, width, channels] = shape;
  const slope = activationSlope(model, shape, options);
  const { picture, first } = startOf(slope, shape, seed);
  const random = createRandom(seed, 'maximiseActivation', 'jitter');
  const offset = () => random.integer(2 * jitter + 1) - jitter;
  for (let step = 0; step < steps; step++) {
    options.signal?.throwIfAborted();
    const [down, right] = [offset(), offset()];
    const { gradient } = slope(rolled(picture, shape, { down, right }));
    const size = rootMeanSquare(gradient);
    const ascent = rolled(gradient, shape, { down: -down, right: -right });
    const calm = laplacian(picture, shape);
    for (let i = 0; i < picture.length; i++) {
      const direction =
        (size > 0 ? ascent[i]! / size : 0) - 2 * l2 * (picture[i]! - 0.5) + totalVariation * calm[i]!;
      picture[i] = Math.min(1, Math.max(0, picture[i]! + learningRate * direction));
    }
    // Lets go of the thread, so that pages stay alive and aborts arrive.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const last = slope(picture).value;
  if (!(last > first)) {
    throw new Error(
      `maximiseActivation: expected a higher value after ${steps} steps, got ${last} from ${first}. ` +
        'Lower l2, totalVariation or learningRate, or try another seed.',
    );
  }
  return createImage({ height, width, channels, data: picture.map((value) => 255 * value) });
}

/** The first start with a slope that is not 0. @throws if there is none. */
function startOf(
  slope: Slope,
  [height, width, channels]: PictureShape,
  seed: number,
): { picture: Float32Array; first: number } {
  for (const [mean, spread] of STARTS) {
    const random = createRandom(seed, 'maximiseActivation', mean, spread);
    const picture = Float32Array.from({ length: height * width * channels }, () =>
      Math.min(1, Math.max(0, mean + spread * random.normal())),
    );
    const { value, gradient } = slope(picture);
    if (rootMeanSquare(gradient) > 0) return { picture, first: value };
  }
  throw new Error(
    'maximiseActivation: expected a value that depends on the picture, got the same for all noise. ' +
      'The channel may be dead; try another one or another seed.',
  );
}

function rootMeanSquare(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum / values.length);
}

/** The picture moved round its edges. */
function rolled(
  picture: Float32Array,
  [height, width, channels]: PictureShape,
  { down, right }: { down: number; right: number },
): Float32Array {
  const result = new Float32Array(picture.length);
  const wrap = (place: number, length: number) => ((place % length) + length) % length;
  for (let y = 0; y < height; y++) {
    const row = wrap(y + down, height) * width;
    for (let x = 0; x < width; x++) {
      const to = (row + wrap(x + right, width)) * channels;
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) result[to + c] = picture[from + c]!;
    }
  }
  return result;
}

/** Sum of the differences to the neighbours above, below, left and right, of which there are fewer at the edges. */
function laplacian(picture: Float32Array, [height, width, channels]: PictureShape): Float32Array {
  const result = new Float32Array(picture.length);
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    for (let i = 0; i < row; i++) {
      const at = y * row + i;
      const own = picture[at]!;
      let sum = 0;
      if (y > 0) sum += picture[at - row]! - own;
      if (y < height - 1) sum += picture[at + row]! - own;
      if (i >= channels) sum += picture[at - channels]! - own;
      if (i < row - channels) sum += picture[at + channels]! - own;
      result[at] = sum;
    }
  }
  return result;
}
