// Many small pictures side by side on one, to look at: a batch as the network sees it, filters, feature maps.

import { createImage, type Image, withChannels } from './image.ts';

/** How to lay pictures out. */
export interface ContactSheetOptions {
  /** Pictures in a row; default: about as many as rows. */
  columns?: number;
  /** Pixels between and around them; default 2. */
  gap?: number;
  /** Grey level between them; default 128. */
  background?: number;
  /** Each pixel becomes a square of so many; default 1. */
  zoom?: number;
}

/**
 * One picture of many, in rows from the top left. They may differ in size and channels: each stands in the left top corner
 * of a cell as large as the largest, and grey ones become RGB where there is one in colour.
 * @throws if there is none, or the sheet would have more than 2²⁶ pixels.
 */
export function contactSheet(images: readonly Image[], options: ContactSheetOptions = {}): Image {
  if (images.length === 0) throw new Error('contactSheet: expected at least one picture, got none.');
  const { columns = Math.ceil(Math.sqrt(images.length)), gap = 2, background = 128, zoom = 1 } = options;
  for (const [name, value, least] of [
    ['columns', columns, 1],
    ['gap', gap, 0],
    ['zoom', zoom, 1],
  ] as const) {
    if (!(Number.isInteger(value) && value >= least)) {
      throw new Error(`contactSheet: ${name} must be a whole number from ${least}, got ${value}.`);
    }
  }
  const channels = images.every((image) => image.channels === 1) ? 1 : 3;
  const across = Math.min(columns, images.length);
  const cellWidth = zoom * Math.max(...images.map((image) => image.width)) + gap;
  const cellHeight = zoom * Math.max(...images.map((image) => image.height)) + gap;
  const width = across * cellWidth + gap;
  const height = Math.ceil(images.length / across) * cellHeight + gap;
  if (height * width > 2 ** 26) {
    throw new Error(`contactSheet: at most 67108864 pixels, got ${height} × ${width}. Show fewer pictures.`);
  }
  const data = new Uint8ClampedArray(height * width * channels).fill(background);
  images.forEach((each, index) => {
    const image = withChannels(each, channels);
    const top = gap + Math.floor(index / across) * cellHeight;
    const left = gap + (index % across) * cellWidth;
    for (let y = 0; y < zoom * image.height; y++) {
      for (let x = 0; x < zoom * image.width; x++) {
        const from = (Math.floor(y / zoom) * image.width + Math.floor(x / zoom)) * channels;
        const to = ((top + y) * width + left + x) * channels;
        for (let c = 0; c < channels; c++) data[to + c] = image.data[from + c]!;
      }
    }
  });
  return createImage({ height, width, channels, data });
}
