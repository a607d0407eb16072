// Bounds that every decoder keeps, and the one check of them: before any pixel is made.

import { ImageError } from './image-error.ts';
import { readImageHeader } from './read-image-header.ts';

/** How to decode. */
export interface DecodeOptions {
  /** Channels of the result: 1 grey, 3 RGB, 4 RGBA; default: as the file has them. Alpha is laid over white. */
  channels?: 1 | 3 | 4;
  /** The most pixels a picture may have, as its header says; default 2²⁶, about 67 million. */
  maxPixels?: number;
  /** Name of the file, for messages. */
  file?: string;
}

const MAX_PIXELS = 2 ** 26;
/** No side is longer: what JPEG can say, and more than WebP. */
const MAX_SIDE = 65_535;

/** @throws ImageError if the bytes are no picture, or one with more pixels than allowed. */
export function checkDecodable(bytes: Uint8Array, { maxPixels = MAX_PIXELS, file }: DecodeOptions): void {
  if (!(Number.isInteger(maxPixels) && maxPixels >= 1)) {
    throw new Error(`decodeImage: maxPixels must be a whole number from 1, got ${maxPixels}.`);
  }
  let header: ReturnType<typeof readImageHeader>;
  try {
    header = readImageHeader(bytes);
  } catch (error) {
    throw new ImageError((error as Error).message, { file, cause: error });
  }
  const { width, height } = header;
  if (width * height > maxPixels || Math.max(width, height) > MAX_SIDE) {
    throw new ImageError(
      `image: at most ${maxPixels} pixels and ${MAX_SIDE} a side may be decoded, got ${width} × ${height}. ` +
        'Raise maxPixels if you trust the file.',
      { file },
    );
  }
}
