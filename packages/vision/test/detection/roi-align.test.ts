import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { relativeError } from '../../../models/test/values.ts';
import { type FeatureShape, roiAlign } from '../../src/detection/roi-align.ts';

interface Golden {
  source: string;
  align: {
    name: string;
    options: { size: number; scale: number; samples: number };
    shape: FeatureShape;
    features: number[];
    boxes: number[][][];
    result: number[];
    probe: number[];
    gradient: number[];
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL('./golden/golden.json', import.meta.url), 'utf8'));

setUpBackend();

/** Result and gradient of sum(result · probe) by the features. */
function run({
  shape,
  features,
  boxes,
  probe,
  options,
}: Omit<Golden['align'][number], 'name' | 'result' | 'gradient'>) {
  return tf.tidy(() => {
    const corners = tf.tensor3d(boxes);
    const align = (x: tf.Tensor) => roiAlign(x as tf.Tensor4D, corners, options);
    const x = tf.tensor(features, [...shape]);
    const result = align(x);
    const gradient = tf.grad((each) =>
      tf.sum(tf.mul(align(each), tf.reshape(tf.tensor(probe), result.shape))),
    )(x);
    return {
      shape: result.shape,
      result: result.dataSync<'float32'>(),
      gradient: gradient.dataSync<'float32'>(),
    };
  });
}

describe(`RoI Align as the loops of torchvision, differentiated by ${golden.source}, relative error ≤ 1e-6`, () => {
  it.each(golden.align)('$name', (one) => {
    const { shape, result, gradient } = run(one);
    const regions = one.boxes.flat().length;
    expect(shape).toEqual([regions, one.options.size, one.options.size, one.shape[3]]);
    expect(relativeError(result, one.result)).toBeLessThanOrEqual(1e-6);
    expect(relativeError(gradient, one.gradient)).toBeLessThanOrEqual(1e-6);
  });
});

describe('roiAlign', () => {
  it('gives a plane back: the mean of a bin is its value in the middle', () => {
    // Feature (i, j) is 2i − 3j, in cells of 4 pixels.
    const features = tf.tidy(() =>
      tf.tensor4d(
        Array.from({ length: 48 }, (_, k) => 2 * Math.floor(k / 8) - 3 * (k % 8)),
        [1, 6, 8, 1],
      ),
    );
    const boxes = tf.tensor3d([[[5, 6, 21, 18]]]);
    const result = roiAlign(features, boxes, { size: 2, scale: 0.25 });
    const middle = (from: number, to: number, part: number) => (from + (to - from) * part) / 4 - 0.5;
    const expected = [0.25, 0.75].flatMap((y) =>
      [0.25, 0.75].map((x) => 2 * middle(6, 18, y) - 3 * middle(5, 21, x)),
    );
    expect(relativeError(result.dataSync(), expected)).toBeLessThan(1e-6);
    tf.dispose([features, boxes, result]);
  });

  it('its gradient is that of finite differences', () => {
    const random = createRandom(4);
    const shape = [2, 4, 5, 2] as const;
    const features = Array.from({ length: 80 }, () => Math.round(random.normal() * 64) / 64);
    const boxes = [[[1, 2, 17, 13]], [[-2, 5, 9, 18]]];
    const options = { size: 3, scale: 0.25, samples: 2 };
    const probe = Array.from({ length: 36 }, () => Math.round(random.normal() * 64) / 64);
    const { gradient } = run({ shape, features, boxes, probe, options });
    const valueAt = (index: number, by: number) => {
      const moved = features.map((each, i) => (i === index ? each + by : each));
      const { result } = run({ shape, features: moved, boxes, probe, options });
      return result.reduce((sum, each, i) => sum + each * probe[i]!, 0);
    };
    // It is linear, so a wide step is exact.
    const numeric = features.map((_, i) => (valueAt(i, 1) - valueAt(i, -1)) / 2);
    expect(relativeError(gradient, numeric)).toBeLessThan(1e-5);
  });

  it('refuses shapes and settings that do not fit', () => {
    const [features, boxes] = [tf.zeros([2, 3, 3, 1]) as tf.Tensor4D, tf.zeros([1, 2, 4]) as tf.Tensor3D];
    expect(() => roiAlign(features, boxes, { size: 2, scale: 0.5 })).toThrow(
      'boxes [B, R, 4], got [2, 3, 3, 1] and',
    );
    expect(() => roiAlign(features, boxes, { size: 0, scale: 0.5 })).toThrow(
      'size must be a whole number from 1',
    );
    expect(() => roiAlign(features, boxes, { size: 2, scale: 0 })).toThrow('scale must be greater than 0');
    tf.dispose([features, boxes]);
  });
});
