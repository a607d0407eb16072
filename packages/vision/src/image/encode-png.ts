import { encode } from 'fast-png';
import type { Image } from './image.ts';

/** The picture as the bytes of a PNG file of 8 bits; values are rounded, and cut at 0 and 255. */
export function encodePng({ height, width, channels, data }: Image): Uint8Array {
  return encode({ width, height, channels, depth: 8, data: Uint8ClampedArray.from(data) });
}
