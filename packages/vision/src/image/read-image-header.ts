// Format and size of a picture from its first bytes, before anything is decoded: a file of a few bytes may claim
// billions of pixels. PNG (ISO/IEC 15948), JPEG (ITU-T T.81), WebP (RFC 9649).

import { ImageError } from './image-error.ts';

/** What a file says about its picture, before it is decoded and turned upright. */
export interface ImageHeader {
  format: 'png' | 'jpeg' | 'webp';
  width: number;
  height: number;
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** @throws ImageError if the bytes are no PNG, JPEG or WebP, or end before their size is told. */
export function readImageHeader(bytes: Uint8Array): ImageHeader {
  if (PNG.every((byte, i) => bytes[i] === byte)) return pngHeader(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return jpegHeader(bytes);
  if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 4) === 'WEBP') return webpHeader(bytes);
  const start = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  throw new ImageError(
    `image: expected a PNG, JPEG or WebP file, got one that begins with ${start || 'nothing'}. Convert it first.`,
  );
}

function pngHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length < 24 || text(bytes, 12, 4) !== 'IHDR') throw cut('PNG', 'its header IHDR');
  const view = viewOf(bytes);
  return sized({ format: 'png', width: view.getUint32(16), height: view.getUint32(20) });
}

/** Walks over the segments to the frame header SOF. */
function jpegHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  let at = 2;
  while (at + 9 < bytes.length) {
    if (bytes[at] !== 0xff) {
      throw new ImageError(
        `image: expected a JPEG marker at byte ${at}, got other data. Is the file damaged?`,
      );
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    // C4, C8 and CC are tables, not frames.
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame)
      return sized({ format: 'jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7) });
    at += 2 + view.getUint16(at + 2);
  }
  throw cut('JPEG', 'its frame header');
}

function webpHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  const chunk = text(bytes, 12, 4);
  if (bytes.length < 30) throw cut('WebP', 'its size');
  const format = 'webp';
  if (chunk === 'VP8X') {
    const uint24 = (at: number) => view.getUint16(at, true) + 0x10000 * bytes[at + 2]!;
    return sized({ format, width: uint24(24) + 1, height: uint24(27) + 1 });
  }
  if (chunk === 'VP8L') {
    const bits = view.getUint32(21, true);
    return sized({ format, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 });
  }
  if (chunk === 'VP8 ') {
    const size = (at: number) => view.getUint16(at, true) & 0x3fff;
    return sized({ format, width: size(26), height: size(28) });
  }
  throw new ImageError(
    `image: expected a WebP chunk VP8, VP8L or VP8X, got '${chunk}'. Is the file damaged?`,
  );
}

function sized(header: ImageHeader): ImageHeader {
  if (header.width >= 1 && header.height >= 1) return header;
  throw new ImageError(`image: expected a size from 1 × 1, got ${header.width} × ${header.height}.`);
}

function cut(format: string, what: string): ImageError {
  return new ImageError(`image: the ${format} file ends before ${what}. Is it cut off?`);
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
