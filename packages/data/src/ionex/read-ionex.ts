// The public reader: bytes in any of the usual packings to an IonexFile.

import { CompressionError } from '../compression/compression-error.ts';
import { decompress } from '../compression/decompress.ts';
import { assemble } from './assemble.ts';
import type { IonexFile } from './ionex-file.ts';
import { createLines } from './lines.ts';
import { readHeader } from './read-header.ts';
import { readMaps } from './read-maps.ts';
import type { IonexMode, Reader } from './reader.ts';

/** How to read a file. */
export interface ReadIonexOptions {
  /**
   * `'lenient'` (default): what real archives get wrong without changing a value becomes a warning, such as a missing
   * END OF FILE; damaged maps are an error. `'strict'`: any deviation from the standard is an error.
   * `'salvage'`: as lenient, and damaged or cut maps are left out, each with a warning.
   */
  mode?: IonexMode;
  /** Name of the file, for messages and for `IonexFile.file`. */
  file?: string;
  /** Largest size of the plain text [bytes]; default 64 MiB. */
  maxBytes?: number;
}

/**
 * Reads an IONEX 1.0 or 1.1 file: its text, or its bytes, which may be gzip or Unix compress (told by the first bytes).
 * Maps come in TECU or km; 9999 becomes NaN. Latitudes and longitudes keep the order of the file.
 * @throws IonexError for a file that is damaged or no IONEX file; CompressionError for damaged packing or more than
 *   `maxBytes` of text.
 * @see IONEX: The IONosphere Map EXchange Format, version 1 (Schaer, Gurtner, Feltens 1998) and version 1.1 (2015).
 */
export function readIonex(input: string | Uint8Array, options: ReadIonexOptions = {}): IonexFile {
  const { mode = 'lenient', file, maxBytes } = options;
  if (!['strict', 'lenient', 'salvage'].includes(mode)) {
    throw new Error(`readIonex: mode must be 'strict', 'lenient' or 'salvage', got '${mode}'.`);
  }
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) {
    throw new Error(`readIonex: input must be a string or a Uint8Array, got ${typeof input}.`);
  }
  let bytes: Uint8Array;
  try {
    bytes = decompress(typeof input === 'string' ? new TextEncoder().encode(input) : input, maxBytes);
  } catch (error) {
    if (error instanceof CompressionError && file)
      throw new CompressionError(`ionex: ${file}: ${error.message}`);
    throw error;
  }
  const reader: Reader = { lines: createLines(bytes), mode, file, warnings: new Map(), noticed: 0 };
  const header = readHeader(reader);
  return assemble(reader, header, readMaps(reader, header));
}
