// Decoding in a browser, in a page or a worker, by createImageBitmap. What it is told makes the result that of Node: turned
// upright, sRGB, alpha apart from the colours.

import { checkDecodable, type DecodeOptions } from '../image/decode-options.ts';
import { createImage, type Image, withChannels } from '../image/image.ts';
import { ImageError } from '../image/image-error.ts';
import { readImageHeader } from '../image/read-image-header.ts';

/** Types of chunks of a PNG file, four letters in one number. */
const ICCP = 0x69434350;
const IDAT = 0x49444154;

/**
 * Decodes a PNG, JPEG or WebP file: EXIF orientation applied, colour profiles turned into sRGB, the first picture of an
 * animation. RGBA unless `channels` are asked for: a browser does not tell what the file has. 16 bits become 8, and colours
 * of see-through pixels are rounded to steps of 255 / alpha, since a canvas keeps them so. Otherwise values are those of Node
 * to within 1, but for CMYK files without a profile.
 * @throws ImageError for other, damaged or cut files, and for more pixels than `maxPixels` or than a canvas may have.
 */
export async function decodeImage(source: Uint8Array | Blob, options: DecodeOptions = {}): Promise<Image> {
  const bytes = source instanceof Uint8Array ? source : new Uint8Array(await source.arrayBuffer());
  checkDecodable(bytes, options);
  const { file, channels = 4 } = options;
  try {
    const bitmap = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>]), {
      imageOrientation: 'from-image',
      colorSpaceConversion: isPlainPng(bytes) ? 'none' : 'default',
      premultiplyAlpha: 'none',
    });
    try {
      const image = pixelsOf(bitmap);
      return channels === 4 ? image : withChannels(image, channels);
    } finally {
      bitmap.close();
    }
  } catch (error) {
    const reason = (error as Error).message.split('\n')[0]!.replace(/\.$/, '');
    throw new ImageError(`image: it cannot be decoded: ${reason}. Is the file damaged?`, {
      file,
      cause: error,
    });
  }
}

/**
 * True for a PNG without a colour profile (iCCP, before the pixels in IDAT). Browsers would still change its values by
 * what it says about gamma (gAMA), which decoders outside of browsers, and data sets made with them, leave alone.
 */
function isPlainPng(bytes: Uint8Array): boolean {
  if (readImageHeader(bytes).format !== 'png') return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = view.getUint32(at + 4);
    if (type === ICCP) return false;
    if (type === IDAT) return true;
  }
  return true;
}

function pixelsOf(bitmap: ImageBitmap): Image {
  const { width, height } = bitmap;
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { colorSpace: 'srgb', willReadFrequently: true });
  if (!context) throw new Error(`the browser has no canvas of ${width} × ${height} pixels`);
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return createImage({ width, height, channels: 4, data });
}
