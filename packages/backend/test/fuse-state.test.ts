// Layers of tfjs-layers whose calls depend on more than their inputs: kept states, dropout; and inputs that are odd.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import { fuse } from '../src/index.ts';
import { expectSame, expectSameTraining, gru, lstm, simpleRNN, twins } from './fuse-twins.ts';
import { noise } from './reference/support.ts';

setUpBackend();

const [B, T, C] = [4, 5, 3];
const inputShape = [T, C];
const sequences = (seed = 1) => tf.tensor3d(noise(B * T * C, seed), [B, T, C]);
const sequential = (...of: layers.layers.Layer[]) => layers.sequential({ layers: of });

/** The masks that tfjs-layers keeps from its last call with dropout, and forgets. */
function disposeMasks(model: layers.LayersModel): void {
  for (const layer of model.layers) {
    const { dropoutMask, recurrentDropoutMask } = (layer as unknown as { cell: Record<string, tf.Tensor[]> })
      .cell;
    tf.dispose([dropoutMask, recurrentDropoutMask].filter((mask) => mask));
  }
}

describe('fuse keeps', () => {
  for (const [name, layer] of Object.entries({ lstm, gru, simpleRNN })) {
    it(`the states of a stateful ${name} from batch to batch and through training, within 1e-5`, async () => {
      const args = { units: 3, stateful: true, returnSequences: true, batchInputShape: [B, T, C] };
      const pair = twins(() => sequential(layer(args)));
      const [first, second] = [sequences(1), sequences(2)];
      const y = tf.zeros([B, T, 3]);
      const options = { batchSize: B };
      const predictBoth = (x: tf.Tensor) =>
        expectSame(pair.fast.predict(x, options), pair.plain.predict(x, options), 1e-5);
      predictBoth(first);
      predictBoth(second);
      const [went, fresh] = tf.tidy(() => {
        const on = pair.fast.predict(first, options) as tf.Tensor;
        pair.fast.resetStates();
        pair.plain.resetStates();
        return [on.dataSync(), (pair.fast.predict(first, options) as tf.Tensor).dataSync()];
      });
      expect(went).not.toEqual(fresh);
      pair.fast.resetStates();
      await expectSameTraining(pair, first, y);
      predictBoth(second);
      for (const model of [pair.plain, pair.fast]) {
        model.resetStates();
        tf.dispose((model.layers[0] as layers.RNN & { states: tf.Tensor[] }).states);
      }
      pair.dispose();
      tf.dispose([first, second, y]);
    });
  }

  for (const [name, layer] of Object.entries({ lstm, gru, simpleRNN })) {
    for (const rates of [{ dropout: 0.4 }, { dropout: 0.4, recurrentDropout: 0.3 }, { dropout: 1 }]) {
      it(`the dropout of ${name} at ${JSON.stringify(rates)}, drawn alike`, async () => {
        // Drops by position and size only, so that both models drop the same.
        const dropoutFunc = (ones: tf.Tensor, rate: number) =>
          tf.tensor(
            noise(ones.size, 9).map((value) => ((value + 1) / 2 < rate ? 0 : 1 / (1 - rate))),
            ones.shape,
          );
        const pair = twins(() => sequential(layer({ units: 3, ...rates, dropoutFunc, inputShape })));
        const [x, y] = [sequences(), tf.zeros([B, 3])];
        expectSame(pair.fast.predict(x), pair.plain.predict(x), 1e-5);
        await expectSameTraining(pair, x, y);
        disposeMasks(pair.plain);
        disposeMasks(pair.fast);
        pair.dispose();
        tf.dispose([x, y]);
      });
    }
  }

  it('a channel dropped at every step of a row, the others scaled up', () => {
    const model = sequential(
      simpleRNN({
        units: 40,
        activation: 'linear',
        dropout: 0.25,
        returnSequences: true,
        inputShape: [2, 40],
      }),
    );
    const weights = [tf.eye(40), tf.zeros([40, 40]), tf.zeros([40])];
    model.setWeights(weights);
    fuse(model);
    const x = tf.ones([6, 2, 40]);
    const y = model.apply(x, { training: true }) as tf.Tensor;
    const [steps, values] = [y.arraySync() as number[][][], [...y.dataSync()]];
    for (const [first, second] of steps) expect(first).toEqual(second);
    for (const value of values) expect(Math.min(value, Math.abs(value - 4 / 3))).toBeLessThan(1e-5);
    const dropped = values.filter((value) => value === 0).length / values.length;
    expect(dropped).toBeGreaterThan(0.1);
    expect(dropped).toBeLessThan(0.4);
    tf.dispose([x, y, weights]);
    model.dispose();
  });

  it('NaN at masked steps out of the results, where tfjs-layers spreads it', () => {
    const pair = twins(() => sequential(gru({ units: 3, returnSequences: true, inputShape: [3, 1] })));
    const x = tf.tensor3d([1, Number.NaN, 3], [1, 3, 1]);
    const mask = tf.tensor2d([1, 0, 1], [1, 3], 'bool');
    const [fast, plain] = [pair.fast, pair.plain].map((model) => {
      const y = model.layers[0]!.call(x, { mask }) as tf.Tensor;
      const values = [...y.dataSync()];
      y.dispose();
      return values;
    });
    expect(plain!.slice(3).every(Number.isNaN)).toBe(true);
    expect(fast!.every(Number.isFinite)).toBe(true);
    expect(fast!.slice(3, 6)).toEqual(fast!.slice(0, 3));
    tf.dispose([x, mask]);
    pair.dispose();
  });

  it('inputs of whole numbers, which tfjs-layers takes too', () => {
    const pair = twins(() => sequential(simpleRNN({ units: 3, inputShape })));
    const x = tf.tensor3d(
      [...Array(B * T * C).keys()].map((i) => i % 3),
      [B, T, C],
      'int32',
    );
    expectSame(
      pair.fast.layers[0]!.call(x, {}) as tf.Tensor,
      pair.plain.layers[0]!.call(x, {}) as tf.Tensor,
      1e-5,
    );
    x.dispose();
    pair.dispose();
  });
});
