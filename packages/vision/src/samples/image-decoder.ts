import type { DecodeOptions } from '../image/decode-options.ts';
import type { Image } from '../image/image.ts';

/** Gives the picture at a path, for example `readImage` of `@tidecast/vision/node`. */
export type ImageDecoder = (path: string, options: DecodeOptions) => Image | Promise<Image>;

/**
 * Pictures under way at the same time, unless told otherwise: more than Node has threads to decode them (4), since most of
 * them wait for their file or for the main thread.
 */
export const DECODED_AT_ONCE = 16;
