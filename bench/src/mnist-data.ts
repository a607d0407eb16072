// The MNIST digits from a folder, as samples.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Samples } from '@tidecast/data';
import { imageSamples, type LabelledImages, readMnist } from '@tidecast/vision';

/** Mean and standard deviation of the pixels of the 60,000 training digits, scaled to 0 … 1. */
const PIXELS = { mean: [0.1307], std: [0.3081] };

/** The digits to learn from and the digits to be tested on. */
export interface Digits {
  train: LabelledImages;
  test: LabelledImages;
}

/**
 * Reads the four IDX files, gzipped or plain, of `folder` or of `mnist` in it.
 * @throws if one is not there, or is damaged.
 */
export function readDigits(folder: string): Digits {
  const places = [folder, join(folder, 'mnist')];
  const find = (name: string) =>
    places
      .flatMap((place) => [join(place, `${name}.gz`), join(place, name)])
      .find((path) => existsSync(path));
  const read = (part: string) => {
    const names = [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`];
    const [images, labels] = names.map((name) => {
      const path = find(name);
      if (path !== undefined) return new Uint8Array(readFileSync(path));
      throw new Error(
        `expected ${name}.gz in ${places.join(' or ')}, found none. Give the folder of the four MNIST files by --data.`,
      );
    });
    return readMnist(images!, labels!);
  };
  return { train: read('train'), test: read('t10k') };
}

/** The digits as samples: `x [28, 28, 1]` and the one-hot class. */
export function digitSamples(digits: LabelledImages): Samples {
  return imageSamples(digits, { input: [28, 28, 1], normalise: PIXELS });
}
