// Decoding in Node, by sharp (libvips). What sharp is told makes the result that of a browser: turned upright, sRGB;
// a file with an error in it is refused, never half shown.

import type Sharp from 'sharp';
import { checkDecodable, type DecodeOptions } from '../image/decode-options.ts';
import { createImage, type Image, withChannels } from '../image/image.ts';
import { ImageError } from '../image/image-error.ts';

/**
 * Decodes a PNG, JPEG or WebP file: EXIF orientation applied, CMYK and colour profiles turned into sRGB, the first picture
 * of an animation. A 16-bit value v is v / 257. Needs the package sharp.
 * @throws ImageError for other, damaged or cut files, and for more pixels than `maxPixels`.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<Image> {
  checkDecodable(bytes, options);
  const sharp = await loadSharp();
  const { file, channels } = options;
  try {
    const source = sharp(bytes, { failOn: 'error', limitInputPixels: false });
    const { depth, hasAlpha, space } = await source.metadata();
    const deep = depth === 'ushort';
    const grey = !hasAlpha && (space === 'b-w' || space === 'grey16');
    const { data, info } = await source
      .autoOrient()
      .toColourspace(deep ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'srgb')
      .raw({ depth: deep ? 'ushort' : 'uchar' })
      .toBuffer({ resolveWithObject: true });
    const { width, height } = info;
    const image = createImage({
      width,
      height,
      channels: info.channels as Image['channels'],
      data: deep ? fromSixteenBits(data) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return channels === undefined ? image : withChannels(image, channels);
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0]!;
    throw new ImageError(`image: it cannot be decoded: ${reason}. Is the file damaged?`, {
      file,
      cause: error,
    });
  }
}

function fromSixteenBits(data: Buffer): Float32Array {
  const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = values[i]! / 257;
  return result;
}

async function loadSharp(): Promise<typeof Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (error) {
    throw new Error('decodeImage: needs the package sharp. Install it: npm install sharp', { cause: error });
  }
}
