// From a picture to what a network takes.

import type { NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { createImage, type Image } from '../image/image.ts';
import { type Normalisation, pixelWriter } from '../samples/image-pixels.ts';

/** How pixels become inputs. */
export interface PictureOptions {
  /** As when the network was trained; default mean 0 and standard deviation 1, which leaves values from 0 to 1. */
  normalise?: Normalisation;
}

/** Height, width and channels of the pictures a network takes. */
export type PictureShape = readonly [height: number, width: number, channels: Image['channels']];

/** @throws if the network takes no pictures. */
export function pictureShape(who: string, { config: { input } }: Model): PictureShape {
  const [height, width, channels] = input;
  if (input.length !== 3 || (channels !== 1 && channels !== 3 && channels !== 4)) {
    throw new Error(
      `${who}: the network must take pictures [height, width, channels] of 1, 3 or 4 channels, got input [${input.join(', ')}].`,
    );
  }
  return [height!, width!, channels];
}

/** Inputs of pixels, row-major with channels last. @throws if mean or std do not fit. */
export function inputsOf(
  data: Image['data'],
  channels: Image['channels'],
  { normalise }: PictureOptions,
): Float32Array {
  const inputs = new Float32Array(data.length);
  pixelWriter(channels, normalise)({ height: 1, width: data.length / channels, channels, data }, inputs);
  return inputs;
}

/** The picture as a batch of one, `[1, H, W, C]`. @throws if the network takes pictures of another size. */
export function pictureInput(who: string, model: Model, image: Image, options: PictureOptions): NdArray {
  const { height, width, channels, data } = createImage(image);
  const expected = pictureShape(who, model);
  if (expected[0] !== height || expected[1] !== width || expected[2] !== channels) {
    throw new Error(
      `${who}: the network takes pictures [${expected.join(', ')}], got [${height}, ${width}, ${channels}]. ` +
        'Use fitToInput first.',
    );
  }
  return { data: inputsOf(data, channels, options), shape: [1, height, width, channels] };
}
