// Pictures that have been decoded, as many as a number of bytes allows: those not asked for the longest go first.

import type { Image } from '../image/image.ts';

/** A cache of pictures, with what belongs to them, by their index. */
export interface PictureCache<T extends { image: Image }> {
  get(index: number): T | undefined;
  /** Keeps a picture, unless it alone is larger than the whole cache. */
  put(index: number, picture: T): void;
}

/** An empty cache of at most `maxBytes` of pixels. */
export function createPictureCache<T extends { image: Image }>(maxBytes: number): PictureCache<T> {
  // A map gives its keys in the order in which they were set.
  const kept = new Map<number, T>();
  let bytes = 0;
  return {
    get(index) {
      const picture = kept.get(index);
      if (!picture) return undefined;
      kept.delete(index);
      kept.set(index, picture);
      return picture;
    },
    put(index, picture) {
      const size = picture.image.data.byteLength;
      if (size > maxBytes || kept.has(index)) return;
      kept.set(index, picture);
      bytes += size;
      for (const [oldest, { image }] of kept) {
        if (bytes <= maxBytes) break;
        kept.delete(oldest);
        bytes -= image.data.byteLength;
      }
    },
  };
}
