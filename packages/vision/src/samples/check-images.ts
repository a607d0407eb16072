// Bad files are best found before training: one at a time, each with its reason.

import { ImageError } from '../image/image-error.ts';
import type { ImageItem, ImageList } from '../sources/image-list.ts';
import { checkWhole } from './check-whole.ts';
import { DECODED_AT_ONCE, type ImageDecoder } from './image-decoder.ts';

/** How to check. */
export interface CheckImagesOptions {
  decode: ImageDecoder;
  /** Pictures to decode at the same time; default 16. */
  concurrency?: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/** A list without the pictures that cannot be decoded, and those with the reason. */
export interface CheckedImages {
  list: ImageList;
  refused: { item: ImageItem; reason: string }[];
}

/**
 * Decodes every picture of a list once. Only an {@link ImageError} is a refusal; a file that is not there, for example, is
 * an error of the whole.
 * @throws what `decode` throws beside that, and `signal.reason` once aborted.
 */
export async function checkImages(
  { items, classes }: ImageList,
  { decode, concurrency = DECODED_AT_ONCE, signal }: CheckImagesOptions,
): Promise<CheckedImages> {
  checkWhole('checkImages: concurrency', concurrency, 1);
  const reasons = new Array<string | undefined>(items.length);
  let next = 0;
  const work = async () => {
    while (next < items.length) {
      signal?.throwIfAborted();
      const index = next++;
      const { path } = items[index]!;
      try {
        await decode(path, { file: path });
      } catch (error) {
        if (error instanceof ImageError) {
          reasons[index] = error.message;
          continue;
        }
        next = items.length;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return {
    list: { items: items.filter((_, i) => reasons[i] === undefined), classes },
    refused: items.flatMap((item, i) => (reasons[i] === undefined ? [] : [{ item, reason: reasons[i]! }])),
  };
}
