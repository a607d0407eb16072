// Whole files or none: what a run leaves on disk is never half written.

import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';

/** Largest file that is read [bytes]. */
const MAX_BYTES = 2 ** 31 - 2 ** 20;

/**
 * Writes to a temporary name beside `path`, waits until it is on the disk, then renames it over `path`.
 * @throws with the path and the reason; the old file, if there is one, is untouched then.
 */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new Error(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads a file; undefined where there is none. @throws with the path and the reason. */
export async function readWhole(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) throw new Error(`it has ${size} bytes, more than the ${MAX_BYTES} allowed`);
    return await readFile(path);
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return undefined;
    throw new Error(`cannot read ${path}: ${(error as Error).message}`, { cause: error });
  }
}
