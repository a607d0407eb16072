import type { DecodeOptions } from '../image/decode-options.ts';
import type { Image } from '../image/image.ts';
import { ImageError } from '../image/image-error.ts';
import { decodeImage } from './decode-image.ts';

/** How to read a picture from the web. */
export interface ReadImageOptions extends DecodeOptions {
  /** The most bytes a file may have; default 256 MiB. */
  maxBytes?: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

const MAX_BYTES = 256 * 2 ** 20;

/**
 * Fetches and decodes a picture, see `decodeImage`.
 * @throws ImageError, naming the address, if it is too large or `decodeImage` refuses it; or why it cannot be fetched.
 */
export async function readImage(url: string, options: ReadImageOptions = {}): Promise<Image> {
  const { maxBytes = MAX_BYTES, signal, file = url, ...decoding } = options;
  const response = await fetch(url, { signal });
  if (!response.ok) {
    throw new Error(`readImage: expected ${url} to be there, got status ${response.status}.`);
  }
  return decodeImage(await bodyOf(response, maxBytes, file), { ...decoding, file });
}

/** The bytes of an answer, read no further than `maxBytes`. */
async function bodyOf(response: Response, maxBytes: number, file: string): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return new Blob(parts);
    size += value.length;
    if (size > maxBytes) {
      await reader.cancel();
      throw new ImageError(`image: a file may have at most ${maxBytes} bytes, got more. Raise maxBytes.`, {
        file,
      });
    }
    parts.push(value);
  }
}
