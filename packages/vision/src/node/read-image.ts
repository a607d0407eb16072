import { open } from 'node:fs/promises';
import type { DecodeOptions } from '../image/decode-options.ts';
import type { Image } from '../image/image.ts';
import { ImageError } from '../image/image-error.ts';
import { decodeImage } from './decode-image.ts';

/** How to read a picture from a file. */
export interface ReadImageOptions extends DecodeOptions {
  /** The most bytes a file may have; default 256 MiB. */
  maxBytes?: number;
}

const MAX_BYTES = 256 * 2 ** 20;

/**
 * Reads and decodes a picture, see `decodeImage`. Decoding runs on threads of its own (those of libuv), beside training.
 * @throws ImageError, naming the file, if it is too large or `decodeImage` refuses it; or why it cannot be read.
 */
export async function readImage(path: string, options: ReadImageOptions = {}): Promise<Image> {
  const { maxBytes = MAX_BYTES, file = path, ...decoding } = options;
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    if (size > maxBytes) {
      throw new ImageError(`image: a file may have at most ${maxBytes} bytes, got ${size}. Raise maxBytes.`, {
        file,
      });
    }
    return await decodeImage(await handle.readFile(), { ...decoding, file });
  } finally {
    await handle.close();
  }
}
