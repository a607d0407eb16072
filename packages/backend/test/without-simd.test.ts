// In a file of its own, because tfjs-backend-wasm decides once in a process which binary it loads.

import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { currentKernels, useBackend } from '../src/index.ts';

it('starts without SIMD, says what is lacking, and leaves no wrong gradient', async () => {
  tf.env().set('WASM_HAS_SIMD_SUPPORT', false);
  const backend = await useBackend('wasm');
  expect(backend).toMatchObject({ name: 'wasm', simd: false });
  expect(backend.kernels).toBeUndefined();
  expect(backend.notes).toEqual([expect.stringContaining('no WebAssembly SIMD')]);
  expect(currentKernels()).toBeUndefined();
  const x = tf.ones<tf.Rank.R4>([1, 2, 2, 1]);
  for (const pool of [tf.maxPool, tf.avgPool]) {
    const gradient = tf.grad((a: tf.Tensor) => pool(a as tf.Tensor4D, 2, 2, 'valid'));
    expect(() => gradient(x)).toThrow(/PoolGrad' not registered/);
  }
  const sums = tf.unsortedSegmentSum(tf.tensor1d([1, 2, 3]), tf.tensor1d([1, 1, 0], 'int32'), 2);
  expect([...sums.dataSync()]).toEqual([3, 3]);
});
