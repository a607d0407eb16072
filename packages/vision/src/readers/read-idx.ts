// IDX, the format of the MNIST database (LeCun, Cortes, Burges): a magic number, big-endian sizes, then the values.

import { decompress } from '@tidecast/data';
import { ImageError } from '../image/image-error.ts';

/** An array of bytes in an IDX file. */
export interface IdxArray {
  /** Sizes of the axes, the slowest first. */
  shape: readonly number[];
  data: Uint8Array;
}

const UNSIGNED_BYTE = 0x08;

/**
 * Reads an IDX file of unsigned bytes, plain or gzipped; at most `maxBytes` unpacked (default 256 MiB).
 * @throws ImageError for other bytes, another type of values, or more or fewer values than the sizes say.
 */
export function readIdx(
  bytes: Uint8Array,
  { maxBytes = 256 * 2 ** 20, file }: { maxBytes?: number; file?: string } = {},
): IdxArray {
  const plain = unpacked(bytes, maxBytes, file);
  const refuse = (expected: string, got: unknown) =>
    new ImageError(`idx: expected ${expected}, got ${got}. Is it an IDX file?`, { file });
  if (plain.length < 4 || plain[0] !== 0 || plain[1] !== 0) {
    throw refuse('a file that begins with 00 00', plain.length < 4 ? `${plain.length} bytes` : 'other bytes');
  }
  if (plain[2] !== UNSIGNED_BYTE) {
    throw refuse('values of type 0x08 (unsigned byte)', `type 0x${plain[2]!.toString(16).padStart(2, '0')}`);
  }
  const axes = plain[3]!;
  const start = 4 + 4 * axes;
  if (axes === 0 || plain.length < start) throw refuse('the sizes of 1 axis or more', `${axes} axes`);
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, each) => product * each, 1);
  if (plain.length - start !== size) {
    throw refuse(`${size} values for [${shape.join(', ')}]`, plain.length - start);
  }
  return { shape, data: plain.subarray(start) };
}

function unpacked(bytes: Uint8Array, maxBytes: number, file: string | undefined): Uint8Array {
  try {
    return decompress(bytes, maxBytes);
  } catch (error) {
    throw new ImageError(`idx: ${(error as Error).message}`, { file, cause: error });
  }
}
