// The digits as files of float32, for peers in other languages.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { arraySamples, type Samples } from '@tidecast/data';
import { CLASSES, IMAGE_SHAPE } from './points.ts';

/** Digits to learn from and to be tested on, with one-hot classes. */
interface DigitSamples {
  train: Samples;
  test: Samples;
}

/** Writes `train-x`, `train-y`, `test-x` and `test-y` into `folder`. */
export function writeDigits(folder: string, samples: DigitSamples): void {
  for (const part of ['train', 'test'] as const) {
    const { count, batch } = samples[part];
    const { x, y } = batch(Uint32Array.from({ length: count }, (_, i) => i));
    for (const [name, { data }] of Object.entries({ x, y })) {
      writeFileSync(
        join(folder, `${part}-${name}`),
        new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      );
    }
  }
}

/** The digits that {@link writeDigits} wrote. */
export function readDigitFiles(folder: string): DigitSamples {
  const read = (name: string, shape: readonly number[]) => {
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    const data = new Float32Array(bytes.buffer);
    return { data, shape: [data.length / shape.reduce((product, size) => product * size, 1), ...shape] };
  };
  const samplesOf = (part: string) =>
    arraySamples({ x: read(`${part}-x`, IMAGE_SHAPE), y: read(`${part}-y`, [CLASSES]) });
  return { train: samplesOf('train'), test: samplesOf('test') };
}
