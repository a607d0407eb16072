// Where unpacked bytes go: a buffer that grows as needed and never past the caller's bound.

import { CompressionError } from './compression-error.ts';

/** Default bound of unpacked data [bytes]: 64 MiB, forty times the largest daily map file. */
export const DEFAULT_MAX_BYTES = 64 * 1024 * 1024;

/**
 * A buffer that holds `buffer`'s bytes and at least `needed` in all.
 * @throws CompressionError if `needed` exceeds `maxBytes`.
 */
export function growBuffer(
  buffer: Uint8Array<ArrayBuffer>,
  needed: number,
  maxBytes: number,
): Uint8Array<ArrayBuffer> {
  if (needed <= buffer.length) return buffer;
  if (needed > maxBytes) throw tooLarge(maxBytes);
  const larger = new Uint8Array(Math.min(maxBytes, Math.max(needed, buffer.length * 2)));
  larger.set(buffer);
  return larger;
}

/** A first buffer for unpacking `packedBytes`: text of this kind unpacks to four or five times its size. */
export function firstBuffer(packedBytes: number, maxBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Math.min(maxBytes, packedBytes * 4 + 1024));
}

/** The error for data that unpack to more than `maxBytes`. */
export function tooLarge(maxBytes: number): CompressionError {
  return new CompressionError(
    `decompress: expected at most ${maxBytes} bytes after unpacking, got more. Is it really a data file? If so, raise maxBytes.`,
  );
}

/** Checks a caller's bound. @throws if it is not a positive whole number. */
export function checkMaxBytes(maxBytes: number): number {
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) {
    throw new Error(`decompress: maxBytes must be a positive whole number, got ${maxBytes}.`);
  }
  return maxBytes;
}
