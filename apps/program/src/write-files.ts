// Writes a set of files so that nothing half-written is ever seen under its final name.

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Contents by file name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/**
 * Writes `files` into `folder` (made if needed): all under temporary names first, then each renamed. When
 * anything fails or `signal` aborts before the renaming, the temporary files are removed.
 * @returns the path of each file, in the given order.
 */
export async function writeFiles(folder: string, files: Files, signal?: AbortSignal): Promise<string[]> {
  await mkdir(folder, { recursive: true }).catch((error: Error) => {
    throw new Error(`out: cannot make the folder '${folder}': ${error.message}.`);
  });
  const names = Object.keys(files);
  const temporary = (name: string) => join(folder, `.${name}.${process.pid}.tmp`);
  try {
    for (const name of names) {
      signal?.throwIfAborted();
      await writeFile(temporary(name), files[name]!);
    }
    signal?.throwIfAborted();
    for (const name of names) await rename(temporary(name), join(folder, name));
  } catch (error) {
    await Promise.all(names.map((name) => rm(temporary(name), { force: true })));
    throw error;
  }
  return names.map((name) => join(folder, name));
}
