// Which pictures there are: a folder with one folder for each class, or a table.

import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseTable } from '@tidecast/data';
import { type ImageList, readImageManifest } from '@tidecast/vision';
import { readImageFolder } from '@tidecast/vision/node';

const COLUMNS = ['path', 'label', 'group'];

/** Reads the list at `path`. Paths in a table start from where the table is. @throws if there is none. */
export async function readList(path: string): Promise<ImageList> {
  const about = await stat(path).catch(() => {
    throw new Error(`there is no file or folder '${path}'. Check the path.`);
  });
  if (about.isDirectory()) return readImageFolder(path);
  if (!/\.(csv|tsv|txt)$/i.test(path)) {
    throw new Error(
      `expected a folder with a folder for each class, or a .csv table, got the file '${path}'.`,
    );
  }
  const text = await readFile(path, 'utf8');
  const { header } = parseTable(text, undefined, { guesses: [',', ';', '\t'], wanted: COLUMNS });
  const { items, classes } = readImageManifest(text, header.includes('group') ? { group: 'group' } : {});
  return { items: items.map((item) => ({ ...item, path: resolve(dirname(path), item.path) })), classes };
}
