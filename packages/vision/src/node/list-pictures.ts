import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

const PICTURE = /\.(png|jpe?g|webp)$/i;

/**
 * Paths of the PNG, JPEG and WebP files in a folder and the folders in it, in the order of their names. Links are followed;
 * what begins with a dot is left out.
 */
export function listPictures(folder: string): Promise<string[]> {
  return picturesIn(folder, []);
}

/** The folders in a folder, and links to folders, but those that begin with a dot. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await visible(folder);
  const wanted = await Promise.all(entries.map((entry) => isFolder(folder, entry)));
  return entries.filter((_, i) => wanted[i]).map(({ name }) => name);
}

/** The same; a link to a folder whose real path is in `above`, as those around it are, leads nowhere. */
export async function picturesIn(folder: string, above: readonly string[]): Promise<string[]> {
  const place = await realpath(folder);
  if (above.includes(place)) return [];
  const found: string[][] = [];
  for (const entry of await visible(folder)) {
    const path = join(folder, entry.name);
    if (await isFolder(folder, entry)) found.push(await picturesIn(path, [...above, place]));
    else if (PICTURE.test(entry.name)) found.push([path]);
  }
  return found.flat().sort();
}

async function visible(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter(({ name }) => !name.startsWith('.'));
}

async function isFolder(folder: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  // A link to nothing stays a file, for whoever reads it to name.
  return stat(join(folder, entry.name)).then(
    (about) => about.isDirectory(),
    () => false,
  );
}
