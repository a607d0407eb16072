// Networks whose answers are known without training, and pictures to show them.

import * as tf from '@tensorflow/tfjs-core';
import { cnn2d, createModel, dense, flatten, globalPool2d, type Model, network } from '@tidecast/models';
import { createImage, type Image } from '../../src/index.ts';

/** A grey picture of zeros with 255 where `isBright`. */
export function grey(height: number, width: number, isBright: (y: number, x: number) => boolean): Image {
  const data = Uint8Array.from({ length: height * width }, (_, i) =>
    isBright(Math.floor(i / width), i % width) ? 255 : 0,
  );
  return createImage({ height, width, channels: 1, data });
}

/** A model whose weights are the given values. */
export function withWeights(
  config: Parameters<typeof createModel>[0],
  values: Record<string, readonly number[]>,
) {
  const model = createModel(config);
  for (const [name, weight] of Object.entries(model.weights)) {
    tf.tidy(() => weight.assign(tf.tensor(values[name] ?? Array(weight.size).fill(0), weight.shape)));
  }
  return model;
}

/** Two filters on 12 × 12 pixels, for horizontal and for vertical lines; a class for the mean of each. */
export function linesNetwork(): Model {
  const horizontal = [-1, -1, -1, 2, 2, 2, -1, -1, -1];
  const vertical = [-1, 2, -1, -1, 2, -1, -1, 2, -1];
  return withWeights(
    network({
      input: [12, 12, 1],
      layers: [cnn2d({ filters: 2, padding: 'same' }), globalPool2d(), dense({ units: 2 })],
    }),
    {
      '0.cnn2d.kernel': horizontal.flatMap((each, i) => [each, vertical[i]!]),
      '2.dense.kernel': [1, 0, 0, 1],
    },
  );
}

/** A horizontal line in the left top corner and a vertical one in the right bottom corner. */
export const linesPicture = grey(
  12,
  12,
  (y, x) => (y === 2 && x >= 1 && x <= 4) || (x === 9 && y >= 7 && y <= 10),
);

/** On 8 × 8 pixels: class 0 is the brightness of the 2 × 2 pixels in the left top corner, class 1 its negative. */
export function cornerNetwork(): Model {
  const corner = Array.from({ length: 64 }, (_, i) => (i % 8 < 2 && i < 16 ? 0.25 : 0));
  return withWeights(network({ input: [8, 8, 1], layers: [flatten(), dense({ units: 2 })] }), {
    '1.dense.kernel': corner.flatMap((each) => [each, -each]),
  });
}
