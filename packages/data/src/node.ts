// The only part of this package that needs Node: it reads files and hands their bytes to the readers.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { IonexFile } from './ionex/ionex-file.ts';
import { type ReadIonexOptions, readIonex } from './ionex/read-ionex.ts';

/** Reads an IONEX file from disk. Errors as {@link readIonex}, and those of the file system. */
export async function readIonexFile(path: string, options: ReadIonexOptions = {}): Promise<IonexFile> {
  return readIonex(await readFile(path), { file: basename(path), ...options });
}
