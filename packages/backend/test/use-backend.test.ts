import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';

setUpBackend();

it('registers gradients', () => {
  const a = tf.ones([2, 3]);
  const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.tanh(x)))(a);
  expect(gradient.shape).toEqual([2, 3]);
  tf.dispose([a, gradient]);
});
