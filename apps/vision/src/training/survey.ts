// A look at the pictures to train on, before anything is decided: their size, their colours, their mean.

import { createRandom, shuffle } from '@tidecast/data';
import {
  type Image,
  type ImageDecoder,
  type ImageList,
  type Normalisation,
  resize,
  withChannels,
} from '@tidecast/vision';

/** Most pictures that are looked at. */
const MOST = 200;
/** Largest side that is taken unless a user asks for more. */
const LARGEST = 96;
const SMALLEST = 8;

/** What was found. */
export interface Survey {
  /** Shape of what the network sees. */
  input: [height: number, width: number, channels: 1 | 3];
  normalise: Normalisation;
}

/** Looks at a sample of the pictures; only those to train on may be given. */
export async function survey(
  { items }: ImageList,
  { decode, size, seed, signal }: { decode: ImageDecoder; size?: number; seed: number; signal?: AbortSignal },
): Promise<Survey> {
  const order = shuffle(Uint32Array.from(items.keys()), createRandom(seed, 'survey')).subarray(0, MOST);
  const [images, sides]: [Image[], number[]] = [[], []];
  const most = size ?? LARGEST;
  for (const index of order) {
    signal?.throwIfAborted();
    const image = await decode(items[index]!.path, {});
    const longer = Math.max(image.height, image.width);
    sides.push(longer);
    // Large photographs are not kept: two hundred of them need not fit in memory.
    images.push(longer > most ? resize(image, { height: most, width: most }) : image);
  }
  const side = size ?? Math.min(LARGEST, Math.max(SMALLEST, median(sides)));
  const channels = images.every(isGrey) ? 1 : 3;
  const seen = images.map((image) => resize(withChannels(image, channels), { height: side, width: side }));
  return { input: [side, side, channels], normalise: normalisationOf(seen, channels) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Grey in its file, or with three channels that are the same. */
function isGrey({ channels, data }: Image): boolean {
  if (channels === 1) return true;
  for (let i = 0; i < data.length; i += channels) {
    if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  }
  return true;
}

/** Mean and standard deviation of each channel, of values from 0 to 1. */
function normalisationOf(images: readonly Image[], channels: number): Normalisation {
  const mean = new Array<number>(channels).fill(0);
  const square = new Array<number>(channels).fill(0);
  let pixels = 0;
  for (const { data } of images) {
    pixels += data.length / channels;
    for (let i = 0; i < data.length; i++) {
      const value = data[i]! / 255;
      mean[i % channels]! += value;
      square[i % channels]! += value * value;
    }
  }
  const rounded = (value: number) => Number(value.toFixed(4));
  return {
    mean: mean.map((sum) => rounded(sum / pixels)),
    // A channel that never changes would divide by 0.
    std: square.map((sum, c) =>
      Math.max(0.01, rounded(Math.sqrt(Math.max(0, sum / pixels - (mean[c]! / pixels) ** 2)))),
    ),
  };
}
