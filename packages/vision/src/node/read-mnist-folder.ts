import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabelledImages } from '../readers/labelled-images.ts';
import { readMnist } from '../readers/read-mnist.ts';

/** The two parts of MNIST. */
export interface MnistParts {
  train: LabelledImages;
  test: LabelledImages;
}

/**
 * The digits in the four files of MNIST, under their published names, gzipped or plain, in `folder` or in `mnist` in it.
 * @throws if a file is not there, or as `readMnist` does.
 */
export async function readMnistFolder(folder: string): Promise<MnistParts> {
  const [train, test] = await Promise.all(
    ['train', 't10k'].map(async (part) => {
      const [images, labels] = await Promise.all(
        ['images-idx3', 'labels-idx1'].map((kind) => readFirst(folder, `${part}-${kind}-ubyte`)),
      );
      return readMnist(images!, labels!);
    }),
  );
  return { train: train!, test: test! };
}

async function readFirst(folder: string, name: string): Promise<Uint8Array> {
  const places = [folder, join(folder, 'mnist')];
  for (const place of places) {
    for (const file of [`${name}.gz`, name]) {
      try {
        return new Uint8Array(await readFile(join(place, file)));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
      }
    }
  }
  throw new Error(
    `readMnistFolder: expected ${name}.gz in ${places.join(' or ')}, found none. Give the folder of the four MNIST files.`,
  );
}
