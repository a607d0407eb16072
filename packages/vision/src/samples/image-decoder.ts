import type { DecodeOptions } from '../image/decode-options.ts';
import type { Image } from '../image/image.ts';

/** Gives the picture at a path, for example `readImage` of `@tidecast/vision/node`. */
export type ImageDecoder = (path: string, options: DecodeOptions) => Image | Promise<Image>;

/** Pictures decoded at the same time, unless told otherwise: as many as Node has threads for it. */
export const DECODED_AT_ONCE = 4;
