// A list of pictures on disk: one folder for each class.

import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageItem, ImageList } from '../sources/image-list.ts';
import { foldersIn, picturesIn } from './list-pictures.ts';

/**
 * The pictures of a folder that has one folder for each class: `<folder>/<class>/**.png|jpg|jpeg|webp`. Classes and files
 * come in the order of their names; links are followed, and files and folders that begin with a dot are left out.
 * @throws if there are no classes, or a class has no picture.
 */
export async function readImageFolder(folder: string): Promise<ImageList> {
  const classes = (await foldersIn(folder)).sort();
  if (classes.length === 0) {
    throw new Error(`readImageFolder: expected a folder for each class in ${folder}, found none.`);
  }
  const root = await realpath(folder);
  const items: ImageItem[][] = [];
  for (const [label, name] of classes.entries()) {
    const files = await picturesIn(join(folder, name), [root]);
    if (files.length === 0) {
      throw new Error(
        `readImageFolder: expected .png, .jpg or .webp files in ${join(folder, name)}, found none.`,
      );
    }
    items.push(files.map((path) => ({ path, label })));
  }
  return { items: items.flat(), classes };
}
