// Data files arrive plain, gzipped or compressed, whatever their names say: the first bytes decide.

import { CompressionError } from './compression-error.ts';
import { decompressGzip, isGzip } from './gzip.ts';
import { decompressLzw, isLzw } from './lzw.ts';
import { checkMaxBytes, DEFAULT_MAX_BYTES, tooLarge } from './output.ts';

/** What the first bytes of a file say about its packing. */
export type Compression = 'none' | 'gzip' | 'lzw';

const FOREIGN: readonly [name: string, magic: readonly number[]][] = [
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['7z', [0x37, 0x7a, 0xbc, 0xaf]],
  ['pack', [0x1f, 0x1e]],
  ['compress -H', [0x1f, 0xa0]],
];

/**
 * The packing of `bytes`, by their first bytes.
 * @throws CompressionError for a packing that is known but not read here, such as zip.
 */
export function detectCompression(bytes: Uint8Array): Compression {
  if (isGzip(bytes)) return 'gzip';
  if (isLzw(bytes)) return 'lzw';
  for (const [name, magic] of FOREIGN) {
    if (magic.every((byte, i) => bytes[i] === byte)) {
      throw new CompressionError(
        `decompress: expected plain text, gzip or Unix compress (.Z), got ${name}. Unpack it first.`,
      );
    }
  }
  return 'none';
}

/**
 * The plain bytes of `bytes`: gzip and `.Z` are unpacked, anything else is returned as it is.
 * `maxBytes` bounds the result (default 64 MiB).
 * @throws CompressionError for damaged data, an unsupported packing, or a result larger than `maxBytes`.
 */
export function decompress(bytes: Uint8Array, maxBytes = DEFAULT_MAX_BYTES): Uint8Array {
  checkMaxBytes(maxBytes);
  switch (detectCompression(bytes)) {
    case 'gzip':
      return decompressGzip(bytes, maxBytes);
    case 'lzw':
      return decompressLzw(bytes, maxBytes);
    default:
      if (bytes.length > maxBytes) throw tooLarge(maxBytes);
      return bytes;
  }
}
