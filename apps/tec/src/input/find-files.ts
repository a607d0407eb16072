// Finds the IONEX files among what the caller named, by the two naming customs of the GIM archives.

import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

const NAMES = /(\.\d\di|\.inx|\.ionex|\.ion)(\.z|\.gz)?$/i;
const LIMIT = 5000;

/**
 * The IONEX files of folders (not of folders within) and files, in order of name.
 * @throws if a path does not exist, a folder holds none, or there are more than 5000.
 */
export async function findGimFiles(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const info = await stat(path).catch(() => undefined);
    if (!info) throw new Error(`gim: there is no file or folder '${path}'. Check the path.`);
    if (!info.isDirectory()) {
      found.push(path);
      continue;
    }
    const names = (await readdir(path)).filter((name) => NAMES.test(name) && !name.startsWith('.'));
    if (names.length === 0) {
      throw new Error(
        `gim: the folder '${path}' holds no IONEX files. Expected names such as codg0080.20i, igsg0020.16i.Z or …_GIM.INX.gz.`,
      );
    }
    found.push(...names.map((name) => join(path, name)));
  }
  if (found.length > LIMIT) throw new Error(`gim: expected at most ${LIMIT} files, got ${found.length}.`);
  return [...new Set(found)].sort((a, b) => basename(a).localeCompare(basename(b)) || a.localeCompare(b));
}
