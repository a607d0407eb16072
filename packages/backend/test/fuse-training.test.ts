// Whole trainings of fused models: how many kernels they take, whether epochs go alike, and whether tensors stay behind.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import { gru, lstm, simpleRNN, twins } from './fuse-twins.ts';
import { noise } from './reference/support.ts';

setUpBackend();

const { bidirectional, dense, masking } = layers.layers;
const [B, T, C] = [5, 7, 3];
const inputShape = [T, C];
const sequential = (...of: layers.layers.Layer[]) => layers.sequential({ layers: of });
/** `[B, T, C]` with a third of all steps zeros. */
const padded = () =>
  tf.tensor3d(
    noise(B * T * C, 3).map((value, i) => (Math.floor(i / C) % 3 === 0 ? 0 : value)),
    [B, T, C],
  );

/** How many tfjs kernels one prediction takes. */
async function kernelsOf(model: layers.LayersModel, x: tf.Tensor): Promise<number> {
  const { kernels, result } = await tf.profile(() => model.predict(x) as tf.Tensor);
  tf.dispose(result);
  return kernels.length;
}

describe('fused models', () => {
  it.runIf(testBackend === 'wasm')(
    'runs a layer of 40 steps as fewer than 20 kernels, without it more than 200',
    async () => {
      const x = tf.tensor3d(noise(2 * 40 * C, 5), [2, 40, C]);
      for (const layer of [lstm, gru, simpleRNN]) {
        const { plain, fast, dispose } = twins(() => sequential(layer({ units: 4, inputShape: [40, C] })));
        expect(await kernelsOf(plain, x)).toBeGreaterThan(200);
        expect(await kernelsOf(fast, x)).toBeLessThan(20);
        dispose();
      }
      x.dispose();
    },
  );

  it('fits and evaluates alike: losses of 4 epochs within 1e-5', async () => {
    const pair = twins(() => sequential(lstm({ units: 4, inputShape }), dense({ units: 1 })));
    const [x, y] = [tf.tensor3d(noise(20 * T * C, 1), [20, T, C]), tf.tensor2d(noise(20, 2), [20, 1])];
    const histories: number[][] = [];
    for (const model of [pair.plain, pair.fast]) {
      const optimizer = tf.train.adam(0.01);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      const { history } = await model.fit(x, y, {
        epochs: 4,
        batchSize: 6,
        shuffle: false,
        validationSplit: 0.3,
        verbose: 0,
      });
      const [last] = tf.tidy(() => (model.evaluate(x, y, { batchSize: 7 }) as tf.Scalar).dataSync());
      histories.push([...history.loss!, ...history.val_loss!, last!] as number[]);
      optimizer.dispose();
    }
    for (const [index, loss] of histories[0]!.entries()) {
      expect(Math.abs(histories[1]![index]! - loss)).toBeLessThan(1e-5);
    }
    pair.dispose();
    tf.dispose([x, y]);
  });

  it('leaves no tensor behind in 20 steps of training, and none in predictions', async () => {
    const model = twins(() =>
      sequential(
        masking({ maskValue: 0, inputShape }),
        bidirectional({ layer: gru({ units: 3, returnSequences: true }) as layers.RNN, mergeMode: 'ave' }),
        lstm({ units: 3, dropout: 0.3 }),
      ),
    );
    const optimizer = tf.train.adam(0.01);
    model.fast.compile({ optimizer, loss: 'meanSquaredError' });
    const [x, y] = [padded(), tf.zeros([B, 3])];
    await model.fast.trainOnBatch(x, y);
    const before = tf.memory().numTensors;
    for (let step = 0; step < 20; step++) {
      await model.fast.trainOnBatch(x, y);
      tf.dispose(model.fast.predict(x));
    }
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
    optimizer.dispose();
    tf.dispose([x, y]);
  });

  it('leaves no tensor behind in 10 steps of a stateful layer, where tfjs-layers leaves two a step', async () => {
    const args = { units: 3, stateful: true, batchInputShape: [B, T, C] };
    const { plain, fast, dispose } = twins(() => sequential(lstm(args)));
    const [x, y] = [padded(), tf.zeros([B, 3])];
    const left: number[] = [];
    for (const model of [plain, fast]) {
      const optimizer = tf.train.sgd(0.1);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      await model.trainOnBatch(x, y);
      const before = tf.memory().numTensors;
      for (let step = 0; step < 10; step++) await model.trainOnBatch(x, y);
      left.push(tf.memory().numTensors - before);
      model.resetStates();
      tf.dispose((model.layers[0] as layers.RNN & { states: tf.Tensor[] }).states);
      optimizer.dispose();
    }
    expect(left).toEqual([20, 0]);
    dispose();
    tf.dispose([x, y]);
  });
});
