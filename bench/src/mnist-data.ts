// The MNIST digits from a folder, as samples in memory: pixels from 0 to 1, less their mean and by their deviation.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { arraySamples, type Samples } from '@tidecast/data';
import { type LabelledImages, readMnist } from '@tidecast/vision';

/** Mean and standard deviation of a pixel of the 60,000 training digits, scaled to 0 … 1. */
export const PIXELS = { mean: 0.1307, deviation: 0.3081 };

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

/** Digits `from` to before `to` as samples: `x [28, 28, 1]` and the one-hot class. */
export function digitSamples(
  { height, width, data, labels, classes }: LabelledImages,
  from: number,
  to: number,
): Samples {
  const size = height * width;
  const count = to - from;
  const x = new Float32Array(count * size);
  const scale = 1 / (255 * PIXELS.deviation);
  const shift = PIXELS.mean / PIXELS.deviation;
  for (let i = 0; i < x.length; i++) x[i] = data[from * size + i]! * scale - shift;
  const y = new Float32Array(count * classes.length);
  for (let n = 0; n < count; n++) y[n * classes.length + labels[from + n]!] = 1;
  return arraySamples({
    x: { data: x, shape: [count, height, width, 1] },
    y: { data: y, shape: [count, classes.length] },
  });
}
