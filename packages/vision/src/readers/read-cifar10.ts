// The binary version of CIFAR-10 (Krizhevsky 2009): records of one label byte and 3 × 32 × 32 values, channel by channel.

import { ImageError } from '../image/image-error.ts';
import type { LabelledImages } from './labelled-images.ts';

const SIDE = 32;
const PLANE = SIDE * SIDE;
const RECORD = 1 + 3 * PLANE;

/** The classes of CIFAR-10, in the order of their numbers. */
export const CIFAR10_CLASSES = [
  'airplane',
  'automobile',
  'bird',
  'cat',
  'deer',
  'dog',
  'frog',
  'horse',
  'ship',
  'truck',
] as const;

/**
 * Reads one file of the binary version, `data_batch_1.bin` for example: RGB images `[32, 32, 3]`.
 * @throws ImageError if it is no whole number of records, or a label is above 9.
 */
export function readCifar10(bytes: Uint8Array, { file }: { file?: string } = {}): LabelledImages {
  const count = bytes.length / RECORD;
  if (!Number.isInteger(count) || count === 0) {
    throw new ImageError(`cifar10: expected records of ${RECORD} bytes, got ${bytes.length} bytes in all.`, {
      file,
    });
  }
  const data = new Uint8Array(count * 3 * PLANE);
  const labels = new Uint8Array(count);
  for (let n = 0; n < count; n++) {
    const from = n * RECORD;
    labels[n] = bytes[from]!;
    if (labels[n]! > 9) {
      throw new ImageError(`cifar10: labels must be from 0 to 9, got ${labels[n]} in record ${n}.`, { file });
    }
    for (let c = 0; c < 3; c++) {
      const plane = from + 1 + c * PLANE;
      for (let i = 0; i < PLANE; i++) data[(n * PLANE + i) * 3 + c] = bytes[plane + i]!;
    }
  }
  return { count, height: SIDE, width: SIDE, channels: 3, data, labels, classes: [...CIFAR10_CLASSES] };
}
