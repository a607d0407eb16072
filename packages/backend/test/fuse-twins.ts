// Two models of tfjs-layers with the same weights, one of them fused: what the tests of fuse compare.

import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, layers } from '@tensorflow/tfjs-layers';
import { expect } from 'vitest';
import { type Fused, fuse } from '../src/index.ts';
import { noise } from './reference/support.ts';

/** Without `tf.Tensor.prototype.flatten`, which @tensorflow/tfjs alone registers, the default, orthogonal, throws. */
const recurrentInitializer = 'glorotUniform';

type Of<Factory extends (args: never) => unknown> = (args: Parameters<Factory>[0]) => ReturnType<Factory>;

/** The layers of tfjs-layers, initialised without chained ops. */
export const lstm: Of<typeof layers.lstm> = (args) => layers.lstm({ recurrentInitializer, ...args });
export const gru: Of<typeof layers.gru> = (args) => layers.gru({ recurrentInitializer, ...args });
export const simpleRNN: Of<typeof layers.simpleRNN> = (args) =>
  layers.simpleRNN({ recurrentInitializer, ...args });
export const lstmCell: Of<typeof layers.lstmCell> = (args) =>
  layers.lstmCell({ recurrentInitializer, ...args });
export const gruCell: Of<typeof layers.gruCell> = (args) => layers.gruCell({ recurrentInitializer, ...args });
export const simpleRNNCell: Of<typeof layers.simpleRNNCell> = (args) =>
  layers.simpleRNNCell({ recurrentInitializer, ...args });

export interface Twins extends Fused {
  plain: LayersModel;
  /** Built alike, with the same weights, then fused. */
  fast: LayersModel;
  dispose(): void;
}

/** Builds a model twice, with weights that are not zero anywhere, and fuses one. */
export function twins(build: () => LayersModel): Twins {
  const plain = build();
  const fast = build();
  const weights = plain.weights.map((weight, index) =>
    tf.tensor(
      noise(weight.shape.reduce((size, side) => size! * side!, 1)!, index + 1).map((value) => value * 0.7),
      weight.shape as number[],
    ),
  );
  plain.setWeights(weights);
  fast.setWeights(weights);
  tf.dispose(weights);
  return {
    plain,
    fast,
    ...fuse(fast),
    dispose() {
      for (const model of [plain, fast]) {
        const variables = model.weights.map((weight) => weight.read());
        model.dispose();
        // tfjs-layers keeps the weights of layers that are used twice.
        tf.dispose(variables.filter((variable) => !variable.isDisposed));
      }
    },
  };
}

type Inputs = tf.Tensor | tf.Tensor[];
const list = <T>(of: T | T[]): T[] => (Array.isArray(of) ? of : [of]);

/** Expects all values of the same tensors within `bound` of one another. Disposes of them. */
export function expectSame(actual: Inputs, expected: Inputs, bound: number): void {
  const pairs = list(expected).map((each, index) => [list(actual)[index]!, each] as const);
  expect(list(actual).length).toBe(pairs.length);
  for (const [mine, theirs] of pairs) {
    expect(mine.shape).toEqual(theirs.shape);
    const [a, b] = [[...mine.dataSync()], [...theirs.dataSync()]];
    const worst = b.reduce((most, value, i) => Math.max(most, Math.abs(value - a[i]!)), 0);
    expect(worst, 'largest difference').toBeLessThanOrEqual(bound);
    expect(Math.max(...b.map(Math.abs)), 'zeros prove nothing').toBeGreaterThan(1e-3);
  }
  tf.dispose([actual, expected]);
}

/** Ten steps of training on one batch, then the losses, the weights and the predictions of both. */
export async function expectSameTraining({ plain, fast }: Twins, x: tf.Tensor, y: tf.Tensor): Promise<void> {
  const batchSize = x.shape[0]!;
  const losses: number[][] = [];
  for (const model of [plain, fast]) {
    const optimizer = tf.train.adam(0.01);
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const mine: number[] = [];
    for (let step = 0; step < 10; step++) mine.push((await model.trainOnBatch(x, y)) as number);
    const loss = model.evaluate(x, y, { batchSize }) as tf.Scalar;
    mine.push(loss.dataSync()[0]!);
    loss.dispose();
    losses.push(mine);
    optimizer.dispose();
  }
  const [expected, actual] = losses as [number[], number[]];
  for (const [step, loss] of expected.entries()) {
    expect(Math.abs(actual[step]! - loss) / expected[0]!, `loss of step ${step}`).toBeLessThan(1e-5);
  }
  expect(expected.at(-1)!, 'something is learnt').toBeLessThan(expected[0]! * 0.999);
  expectSame(fast.predict(x, { batchSize }), plain.predict(x, { batchSize }), 1e-4);
}
