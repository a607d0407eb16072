import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import { registerGradients } from '../src/index.ts';
import { expectClose, noise } from './reference/support.ts';

setUpBackend();

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const tensor = (shape: number[], seed: number) => tf.tensor(noise(tf.util.sizeFromShape(shape), seed), shape);

/** Broadcasts by repeating, which has a right gradient, and compares. */
async function expectLikeTiled(f: Binary, a: tf.Tensor, b: tf.Tensor, aTiles: number[], bTiles: number[]) {
  const spread = (x: tf.Tensor, tiles: number[]) => {
    return tf.tile(tf.reshape(x, [...tiles.slice(x.rank).fill(1), ...x.shape]), tiles);
  };
  const y = f(a, b);
  const dy = tensor(y.shape, 9);
  const actual = tf.grads(f)([a, b], dy);
  const expected = tf.grads((p: tf.Tensor, q: tf.Tensor) => f(spread(p, aTiles), spread(q, bTiles)))(
    [a, b],
    dy,
  );
  for (const i of [0, 1]) {
    expect(actual[i]!.shape).toEqual(expected[i]!.shape);
    await expectClose(actual[i]!, expected[i]!.dataSync(), 1e-6);
  }
  tf.dispose([a, b, y, dy, ...actual, ...expected]);
}

describe('gradients of broadcast operands', () => {
  for (const [name, f] of Object.entries({
    maximum: tf.maximum as Binary,
    minimum: tf.minimum as Binary,
    squaredDifference: tf.squaredDifference as Binary,
  })) {
    it(`${name} of [2, 3, 1] and [1, 5]`, async () => {
      await expectLikeTiled(f, tensor([2, 3, 1], 1), tensor([1, 5], 2), [1, 1, 5], [2, 3, 1]);
    });

    it(`${name} of [3, 4] and a scalar`, async () => {
      await expectLikeTiled(f, tensor([3, 4], 1), tensor([], 2), [1, 1], [3, 4]);
    });
  }

  it('matMul of [2, 3, 4] and [4, 5]', async () => {
    await expectLikeTiled(tf.matMul, tensor([2, 3, 4], 1), tensor([4, 5], 2), [1, 1, 1], [2, 1, 1]);
  });

  it('matMul of [1, 3, 4] and [2, 5, 4], transposed', async () => {
    const multiply: Binary = (a, b) => tf.matMul(a, b, false, true);
    await expectLikeTiled(multiply, tensor([1, 3, 4], 1), tensor([2, 5, 4], 2), [2, 1, 1], [1, 1, 1]);
  });

  it('matMul of one by one along the inner axis is not summed', async () => {
    await expectLikeTiled(tf.matMul, tensor([1, 1], 1), tensor([1, 1], 2), [1, 1], [1, 1]);
  });
});

describe('gradient of cumsum along axis 0 of a square', () => {
  for (const [exclusive, reverse, expected] of [
    [false, false, [101, 1010, 100, 1000]],
    [true, false, [100, 1000, 0, 0]],
    [false, true, [1, 10, 101, 1010]],
  ] as [boolean, boolean, number[]][]) {
    it(`exclusive ${exclusive}, reverse ${reverse}`, () => {
      const x = tf.ones([2, 2]);
      const dy = tf.tensor2d([1, 10, 100, 1000], [2, 2]);
      const dx = tf.grad((a: tf.Tensor) => tf.cumsum(a, 0, exclusive, reverse))(x, dy);
      expect([...dx.dataSync()]).toEqual(expected);
      tf.dispose([x, dy, dx]);
    });
  }
});

it('repairs once, however often it is called', async () => {
  const before = tf.getGradient(tf.Maximum);
  await registerGradients();
  expect(tf.getGradient(tf.Maximum)).toBe(before);
});
