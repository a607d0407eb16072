import { ImageError } from '../image/image-error.ts';
import type { LabelledImages } from './labelled-images.ts';
import { readIdx } from './read-idx.ts';

/**
 * The MNIST digits (or a set in the same format, such as Fashion-MNIST) from the bytes of an images and a labels file,
 * plain or gzipped: grey images `[28, 28, 1]`, ten classes.
 * @throws ImageError if a file is damaged, a label is above 9, or the two do not belong together.
 */
export function readMnist(images: Uint8Array, labels: Uint8Array): LabelledImages {
  const pictures = readIdx(images, { file: 'images' });
  const classes = readIdx(labels, { file: 'labels' });
  const [count, height, width] = pictures.shape;
  if (pictures.shape.length !== 3 || classes.shape.length !== 1) {
    throw new ImageError(
      `mnist: expected images of 3 axes and labels of 1, got ${pictures.shape.length} and ${classes.shape.length}. ` +
        'Are the two files in this order?',
    );
  }
  if (classes.shape[0] !== count) {
    throw new ImageError(`mnist: expected as many labels as images, got ${classes.shape[0]} for ${count}.`);
  }
  const wrong = classes.data.findIndex((label) => label > 9);
  if (wrong >= 0) {
    throw new ImageError(`mnist: labels must be from 0 to 9, got ${classes.data[wrong]} for image ${wrong}.`);
  }
  return {
    count,
    height: height!,
    width: width!,
    channels: 1,
    data: pictures.data,
    labels: classes.data,
    classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
  };
}
