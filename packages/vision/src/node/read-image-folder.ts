// A list of pictures on disk: one folder for each class.

import { readdir } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { ImageItem, ImageList } from '../sources/image-list.ts';

const PICTURE = /\.(png|jpe?g|webp)$/i;

/**
 * The pictures of a folder that has one folder for each class: `<folder>/<class>/**.png|jpg|jpeg|webp`. Classes and files
 * come in the order of their names; files and folders that begin with a dot are left out.
 * @throws if there are no classes, or a class has no picture.
 */
export async function readImageFolder(folder: string): Promise<ImageList> {
  const classes = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
  if (classes.length === 0) {
    throw new Error(`readImageFolder: expected a folder for each class in ${folder}, found none.`);
  }
  const items: ImageItem[] = [];
  for (const [label, name] of classes.entries()) {
    const files = (await readdir(join(folder, name), { recursive: true }))
      .filter((path) => PICTURE.test(path) && !path.split(sep).some((part) => part.startsWith('.')))
      .sort();
    if (files.length === 0) {
      throw new Error(
        `readImageFolder: expected .png, .jpg or .webp files in ${join(folder, name)}, found none.`,
      );
    }
    items.push(...files.map((path) => ({ path: join(folder, name, path), label })));
  }
  return { items, classes };
}
