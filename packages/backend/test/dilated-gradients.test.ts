// On WASM the kernels take dilations; elsewhere, as on tfjs's own CPU backend, filters with zeros stand in for them.

import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import { useBackend } from '../src/index.ts';
import * as reference from './reference/kernels.ts';
import { expectClose, geometryOf, noise } from './reference/support.ts';
import '@tensorflow/tfjs-backend-cpu';

setUpBackend();

afterEach(async () => {
  await useBackend(testBackend);
});

type Shape = [number, number, number, number];

/** A tensor of noise. */
function tensor(shape: Shape, seed: number): tf.Tensor4D {
  return tf.tensor4d(noise(tf.util.sizeFromShape(shape), seed), shape);
}

const xShape: Shape = [2, 7, 8, 3];
const dilations: [number, number] = [2, 3];

describe.each([testBackend, 'cpu'])(
  'gradients of dilated convolutions on %s: relative error < 2e-6',
  (where) => {
    const begin = () => (where === 'cpu' ? tf.setBackend('cpu') : Promise.resolve());

    for (const pad of ['valid', 'same'] as const) {
      it(`conv2d, ${pad}`, async () => {
        await begin();
        const filterShape: Shape = [3, 2, 3, 4];
        const geometry = geometryOf(xShape, filterShape, [1, 1], pad, dilations);
        const [x, w, dy] = [tensor(xShape, 1), tensor(filterShape, 2), tensor([2, ...geometry.out, 4], 3)];
        const convolve = (a: tf.Tensor, b: tf.Tensor) =>
          tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, pad, 'NHWC', dilations) as tf.Tensor;
        const [dx, dw] = tf.grads(convolve)([x, w], dy) as [tf.Tensor, tf.Tensor];
        const [xs, ws, dys] = [x.dataSync(), w.dataSync(), dy.dataSync()];
        await expectClose(dx, reference.conv2dInputGradient(geometry, ws, dys).data, 2e-6);
        await expectClose(dw, reference.conv2dFilterGradient(geometry, xs, dys).data, 2e-6);
        tf.dispose([x, w, dy, dx, dw]);
      });

      it(`depthwiseConv2d, ${pad}`, async () => {
        await begin();
        const filterShape: Shape = [3, 2, 3, 2];
        const geometry = geometryOf(xShape, filterShape, [1, 1], pad, dilations);
        const [x, w, dy] = [tensor(xShape, 1), tensor(filterShape, 2), tensor([2, ...geometry.out, 6], 3)];
        const convolve = (a: tf.Tensor, b: tf.Tensor) =>
          tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, pad, 'NHWC', dilations) as tf.Tensor;
        const [dx, dw] = tf.grads(convolve)([x, w], dy) as [tf.Tensor, tf.Tensor];
        const [xs, ws, dys] = [x.dataSync(), w.dataSync(), dy.dataSync()];
        await expectClose(dx, reference.depthwiseInputGradient(geometry, ws, dys).data, 2e-6);
        await expectClose(dw, reference.depthwiseFilterGradient(geometry, xs, dys).data, 2e-6);
        tf.dispose([x, w, dy, dx, dw]);
      });
    }

    it('second derivative of conv2d', async () => {
      await begin();
      const filterShape: Shape = [2, 3, 3, 4];
      const [x, w, v] = [tensor(xShape, 1), tensor(filterShape, 2), tensor(xShape, 3)];
      const convolve = (a: tf.Tensor, b: tf.Tensor) =>
        tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same', 'NHWC', dilations);
      // With f = Σ y²/2 and s = v · ∂f/∂x = (v ∗ w) · (x ∗ w), ∂s/∂w is the sum of two filter gradients.
      const slope = (b: tf.Tensor) =>
        tf.grad((a: tf.Tensor) => tf.div(tf.sum(tf.square(convolve(a, b))), 2))(x);
      const actual = tf.grad((b: tf.Tensor) => tf.sum(tf.mul(slope(b), v)))(w);
      const geometry = geometryOf(xShape, filterShape, [1, 1], 'same', dilations);
      const y = reference.conv2d(geometry, x.dataSync(), w.dataSync()).data;
      const z = reference.conv2d(geometry, v.dataSync(), w.dataSync()).data;
      const one = reference.conv2dFilterGradient(geometry, v.dataSync(), y).data;
      const two = reference.conv2dFilterGradient(geometry, x.dataSync(), z).data;
      const expected = one.map((value, i) => value + two[i]!);
      await expectClose(actual, expected, 2e-6);
      tf.dispose([x, w, v, actual]);
    });
  },
);
