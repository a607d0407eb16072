import type { Image } from '../image/image.ts';

/** A part of a picture [pixels]. */
export interface CropWindow {
  top: number;
  left: number;
  height: number;
  width: number;
}

/** The part of a picture in `window`; what lies outside the picture is `fill`. @throws on sizes that make no sense. */
export function crop(image: Image, window: CropWindow, { fill = 0 }: { fill?: number } = {}): Image {
  const { top, left, height, width } = window;
  if (![top, left, height, width].every(Number.isInteger) || height < 1 || width < 1) {
    throw new Error(
      `crop: top and left must be whole numbers, height and width from 1, got ${JSON.stringify(window)}.`,
    );
  }
  const { channels } = image;
  const data = new Float32Array(height * width * channels).fill(fill);
  const from = Math.max(0, -left);
  const to = Math.min(width, image.width - left);
  for (let y = Math.max(0, -top); y < Math.min(height, image.height - top) && from < to; y++) {
    const start = ((y + top) * image.width + left + from) * channels;
    data.set(image.data.subarray(start, start + (to - from) * channels), (y * width + from) * channels);
  }
  return { height, width, channels, data };
}
