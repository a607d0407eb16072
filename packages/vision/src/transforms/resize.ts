// Another size by triangle-weighted means: bilinear where a picture grows, and of all covered pixels where it shrinks, so
// that fine patterns fade instead of turning into false ones.

import type { Image } from '../image/image.ts';

/** The pixels that one new pixel is a mean of, along one axis. */
interface Taps {
  first: number;
  weights: Float64Array;
}

/**
 * The picture with `height` × `width` pixels, the centres of pixels at +0.5, as PIL's and PyTorch's antialiased bilinear
 * resizing. Values are not rounded.
 * @throws if a size is no whole number from 1.
 */
export function resize(image: Image, { height, width }: { height: number; width: number }): Image {
  for (const [name, size] of Object.entries({ height, width })) {
    if (!(Number.isInteger(size) && size >= 1)) {
      throw new Error(`resize: ${name} must be a whole number from 1, got ${size}.`);
    }
  }
  if (height === image.height && width === image.width) return image;
  const { channels } = image;
  const columns = tapsOf(image.width, width);
  const wide = new Float32Array(image.height * width * channels);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = columns[x]!;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = 0; i < weights.length; i++) {
          sum += weights[i]! * image.data[(y * image.width + first + i) * channels + c]!;
        }
        wide[(y * width + x) * channels + c] = sum;
      }
    }
  }
  const rows = tapsOf(image.height, height);
  const row = width * channels;
  const data = new Float32Array(height * row);
  for (let y = 0; y < height; y++) {
    const { first, weights } = rows[y]!;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      const from = (first + i) * row;
      for (let x = 0; x < row; x++) data[y * row + x] = data[y * row + x]! + weight * wide[from + x]!;
    }
  }
  return { height, width, channels, data };
}

/** Triangle weights of each new pixel along an axis, of half width max(1, old/new). */
function tapsOf(from: number, to: number): Taps[] {
  const scale = from / to;
  const reach = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(from, Math.floor(centre + reach + 0.5));
    const weights = Float64Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs(first + k + 0.5 - centre) / reach),
    );
    const sum = weights.reduce((total, each) => total + each, 0);
    return { first, weights: weights.map((each) => each / sum) };
  });
}
