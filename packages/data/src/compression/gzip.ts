// Reads gzip (RFC 1952): pako inflates, this file keeps the output bounded, joins members and names what is wrong.

import {
  Z_BUF_ERROR,
  Z_NO_FLUSH,
  Z_OK,
  Z_STREAM_END,
  ZStream,
  zlibInflate,
  zlibInflateInit2,
  zlibInflateReset,
} from 'pako';
import { CompressionError } from './compression-error.ts';
import { checkMaxBytes, DEFAULT_MAX_BYTES, firstBuffer, growBuffer, tooLarge } from './output.ts';

const GZIP_WINDOW = 15 + 16;
const CHUNK = 1 << 16;

/** True for bytes that begin like a gzip file. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks a gzip file of one or more members, with their checksums verified. At most `maxBytes` (default 64 MiB) come out.
 * @throws CompressionError for foreign, damaged or cut bytes, and for more output than `maxBytes`.
 */
export function decompressGzip(input: Uint8Array, maxBytes = DEFAULT_MAX_BYTES): Uint8Array<ArrayBuffer> {
  checkMaxBytes(maxBytes);
  if (!isGzip(input))
    throw new CompressionError('decompress: expected a gzip file to begin with 1f 8b, got other bytes.');
  const stream = new ZStream();
  stream.input = input;
  stream.avail_in = input.length;
  if (zlibInflateInit2(stream, GZIP_WINDOW) !== Z_OK) throw damaged('it cannot be started');
  let output = firstBuffer(input.length, maxBytes);
  stream.output = output;
  for (;;) {
    const before = stream.next_out;
    if (before === output.length) {
      // One byte of room past the bound would do; a full buffer at the bound may still be the exact end.
      output = before < maxBytes ? growBuffer(output, Math.min(before + CHUNK, maxBytes), maxBytes) : output;
      stream.output = output;
    }
    const full = before === output.length;
    const room = full ? new Uint8Array(1) : undefined;
    if (room) {
      stream.output = room;
      stream.next_out = 0;
    }
    stream.avail_out = stream.output.length - stream.next_out;
    const status = zlibInflate(stream, Z_NO_FLUSH);
    if (room) {
      if (stream.next_out > 0) throw tooLarge(maxBytes);
      stream.output = output;
      stream.next_out = before;
    }
    if (status === Z_STREAM_END) {
      const rest = input.subarray(stream.next_in);
      if (rest.every((byte) => byte === 0)) return output.subarray(0, stream.next_out);
      if (!isGzip(rest)) throw damaged(`${rest.length} foreign bytes follow its end`);
      if (zlibInflateReset(stream) !== Z_OK) throw damaged('a further member cannot be started');
    } else if (status !== Z_OK && status !== Z_BUF_ERROR) {
      throw damaged(stream.msg || `error ${status}`);
    } else if (stream.avail_in === 0 && stream.avail_out > 0) {
      throw damaged('it was cut off');
    }
  }
}

function damaged(reason: string): CompressionError {
  return new CompressionError(`decompress: the gzip file is damaged: ${reason}. Get it again.`);
}
