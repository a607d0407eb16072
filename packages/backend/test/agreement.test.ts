// The same training run on both backends: a table of embeddings, a convolution, pooling and a dense layer.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { useBackend } from '../src/index.ts';
import { hasNative, needsNative } from './native.ts';
import { noise } from './reference/support.ts';

function losses(steps: number): number[] {
  const ids = tf.tensor2d(
    noise(24 * 9, 1).map((value) => Math.floor((value + 1) * 3.5)),
    [24, 9],
    'int32',
  );
  const y = tf.tensor2d(noise(24 * 2, 2), [24, 2]);
  const table = tf.variable(tf.tensor2d(noise(7 * 3, 3), [7, 3]));
  const kernel = tf.variable(tf.tensor3d(noise(2 * 3 * 5, 4), [2, 3, 5]));
  const dense = tf.variable(tf.tensor2d(noise(20 * 2, 5), [20, 2]));
  const optimizer = tf.train.adam(0.01);
  const result: number[] = [];
  for (let step = 0; step < steps; step++) {
    const loss = optimizer.minimize(() => {
      const hidden = tf.tanh(
        tf.conv1d(tf.gather(table, ids) as unknown as tf.Tensor3D, kernel as tf.Tensor3D, 1, 'valid'),
      );
      const pooled = tf.pool(
        tf.reshape(hidden, [24, 1, 8, 5]) as tf.Tensor4D,
        [1, 2],
        'max',
        'valid',
        1,
        [1, 2],
      );
      const output = tf.matMul(tf.reshape(pooled, [24, 20]), dense as tf.Tensor2D);
      return tf.mean(tf.square(tf.sub(output, y))) as tf.Scalar;
    }, true)!;
    result.push(loss.dataSync()[0]!);
    loss.dispose();
  }
  tf.dispose([ids, y, table, kernel, dense]);
  optimizer.dispose();
  return result;
}

describe.skipIf(!hasNative)(`wasm and native${needsNative}`, () => {
  it('agree loss by loss within 2e-5 over 50 steps of Adam', async () => {
    await useBackend('wasm');
    const wasm = losses(50);
    await useBackend('native');
    const native = losses(50);
    const worst = Math.max(...wasm.map((loss, step) => Math.abs(loss / native[step]! - 1)));
    expect(worst).toBeLessThan(2e-5);
    expect(wasm.at(-1)).toBeLessThan(wasm[0]! / 2);
  });
});
