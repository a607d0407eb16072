// Reads `.Z` files of the Unix compress program: LZW with codes of 9 to 16 bits (Welch 1984).
// The format has no written standard; what follows was worked out from the behaviour of the program:
// codes stand with their lowest bit first, in groups of eight; when the code width changes, or after a CLEAR
// code, the rest of the group is padding. There is no length and no checksum, so a cut is found by the text reader.

import { CompressionError } from './compression-error.ts';
import { checkMaxBytes, DEFAULT_MAX_BYTES, firstBuffer, growBuffer } from './output.ts';

const CLEAR = 256;
const FIRST_WIDTH = 9;

/** True for bytes that begin like a `.Z` file. */
export function isLzw(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x9d;
}

/**
 * Unpacks a `.Z` file. At most `maxBytes` (default 64 MiB) come out.
 * @throws CompressionError for foreign or damaged bytes, and for more output than `maxBytes`.
 */
export function decompressLzw(input: Uint8Array, maxBytes = DEFAULT_MAX_BYTES): Uint8Array<ArrayBuffer> {
  checkMaxBytes(maxBytes);
  if (!isLzw(input))
    throw new CompressionError('decompress: expected a .Z file to begin with 1f 9d, got other bytes.');
  if (input.length < 3)
    throw new CompressionError('decompress: the .Z file ends within its header. Get it again.');
  const flags = input[2]!;
  const maxWidth = flags & 0x1f;
  const blockMode = (flags & 0x80) !== 0;
  if ((flags & 0x60) !== 0 || maxWidth < FIRST_WIDTH || maxWidth > 16) {
    throw new CompressionError(
      `decompress: expected a .Z file with codes of 9 to 16 bits, got flags 0x${flags.toString(16)}. Is it damaged?`,
    );
  }

  // With a limit of 9 the table stops at 512 strings, yet the codes grow to 10 bits: the program looks too late.
  const widest = Math.max(maxWidth, FIRST_WIDTH + 1);
  const tableSize = 1 << maxWidth;
  const firstFree = blockMode ? CLEAR + 1 : CLEAR;
  // Each string of the table occurs in the output already: it is the string of the code before it and one more byte.
  const starts = new Uint32Array(tableSize);
  const lengths = new Uint32Array(tableSize);
  let output = firstBuffer(input.length, maxBytes);
  let size = 0;

  let width = FIRST_WIDTH;
  let free = firstFree;
  let previousStart = -1;
  let previousLength = 0;
  let group = 3;
  let inGroup = 0;
  for (;;) {
    if (free === 1 << width && width < widest) {
      if (inGroup > 0) group += width;
      inGroup = 0;
      width++;
    }
    const bit = inGroup * width;
    const at = group + (bit >> 3);
    const shift = bit & 7;
    const last = group + ((bit + width - 1) >> 3);
    if (last >= input.length) {
      checkEnd(input, at, shift);
      break;
    }
    const bits = input[at]! | (input[at + 1]! << 8) | ((input[at + 2] ?? 0) << 16);
    const code = (bits >> shift) & ((1 << width) - 1);
    if (++inGroup === 8) {
      inGroup = 0;
      group += width;
    }

    if (code === CLEAR && blockMode) {
      if (inGroup > 0) group += width;
      inGroup = 0;
      width = FIRST_WIDTH;
      free = firstFree;
      previousStart = -1;
      continue;
    }
    // The code being defined right now may already be used: it is the string before it and that string's first byte.
    if (previousStart >= 0 && free < tableSize) {
      starts[free] = previousStart;
      lengths[free] = previousLength + 1;
      free++;
    }
    const start = size;
    if (code < 256) {
      output = growBuffer(output, size + 1, maxBytes);
      output[size++] = code;
    } else {
      if (code >= free) {
        throw new CompressionError(
          `decompress: the .Z file is damaged near byte ${at}: code ${code} is not defined yet. Get the file again.`,
        );
      }
      const from = starts[code]!;
      const length = lengths[code]!;
      output = growBuffer(output, size + length, maxBytes);
      for (let i = 0; i < length; i++) output[size + i] = output[from + i]!;
      size += length;
    }
    previousStart = start;
    previousLength = size - start;
  }
  return output.subarray(0, size);
}

/** What is left at the end may be padding of less than a byte, or zeros; anything more is a code cut in two. */
function checkEnd(input: Uint8Array, at: number, shift: number): void {
  let left = at < input.length ? input[at]! >> shift : 0;
  for (let i = at + 1; i < input.length; i++) left |= input[i]!;
  if (left !== 0) {
    throw new CompressionError('decompress: the .Z file ends within a code: it was cut off. Get it again.');
  }
}
