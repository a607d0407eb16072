// Unmodified tfjs-layers models train on WASM: each learns a small task, step for step like on tfjs's own CPU backend.

import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import { useBackend } from '../src/index.ts';
import { noise } from './reference/support.ts';

setUpBackend();

afterEach(async () => {
  await useBackend(testBackend);
});

interface Task {
  /** The layers, their weights drawn from `seed` on. */
  layers(seed: () => ReturnType<typeof layers.initializers.glorotUniform>): layers.layers.Layer[];
  loss: 'meanSquaredError' | 'categoricalCrossentropy';
  inputs(): tf.Tensor;
  targets(): tf.Tensor;
}

const { conv1d, conv2d, dense, depthwiseConv2d, embedding, flatten, separableConv2d } = layers.layers;
const { averagePooling2d, globalAveragePooling1d, globalMaxPooling1d, maxPooling1d, maxPooling2d } =
  layers.layers;

const count = 24;
const images = () => tf.tensor4d(noise(count * 8 * 8 * 2, 1), [count, 8, 8, 2]);
/** Which of the four quarters of each image is brightest: something that a small network can learn. */
const quarters = () =>
  tf.tidy(() => {
    const sums = tf.avgPool(tf.sum(images(), 3, true) as tf.Tensor4D, 4, 4, 'valid');
    return tf.oneHot(tf.argMax(tf.reshape(sums, [count, 4]), 1), 4);
  });
const sequences = () => tf.tensor3d(noise(count * 12 * 3, 2), [count, 12, 3]);
const sums = () => tf.tidy(() => tf.mean(tf.slice(sequences(), [0, 4, 0], [count, 8, 2]), 1));

const tasks: Record<string, Task> = {
  'Conv1D, dilated, with MaxPooling1D': {
    layers: (seed) => [
      conv1d({
        inputShape: [12, 3],
        filters: 8,
        kernelSize: 2,
        activation: 'relu',
        kernelInitializer: seed(),
      }),
      conv1d({ filters: 8, kernelSize: 3, dilationRate: 2, activation: 'tanh', kernelInitializer: seed() }),
      maxPooling1d({ poolSize: 2 }),
      conv1d({ filters: 6, kernelSize: 2, padding: 'same', kernelInitializer: seed() }),
      globalAveragePooling1d({}),
      dense({ units: 2, kernelInitializer: seed() }),
    ],
    loss: 'meanSquaredError',
    inputs: sequences,
    targets: sums,
  },
  'Conv2D, also dilated, with MaxPooling2D': {
    layers: (seed) => [
      conv2d({
        inputShape: [8, 8, 2],
        filters: 6,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: seed(),
      }),
      maxPooling2d({ poolSize: 2 }),
      conv2d({
        filters: 8,
        kernelSize: 2,
        dilationRate: 2,
        padding: 'same',
        activation: 'relu',
        kernelInitializer: seed(),
      }),
      conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', kernelInitializer: seed() }),
      flatten(),
      dense({ units: 4, activation: 'softmax', kernelInitializer: seed() }),
    ],
    loss: 'categoricalCrossentropy',
    inputs: images,
    targets: quarters,
  },
  'DepthwiseConv2D and SeparableConv2D with AveragePooling2D': {
    layers: (seed) => [
      depthwiseConv2d({
        inputShape: [8, 8, 2],
        kernelSize: 3,
        depthMultiplier: 3,
        padding: 'same',
        activation: 'relu',
        depthwiseInitializer: seed(),
      }),
      averagePooling2d({ poolSize: 2, padding: 'same' }),
      separableConv2d({
        filters: 8,
        kernelSize: 2,
        activation: 'relu',
        depthwiseInitializer: seed(),
        pointwiseInitializer: seed(),
      }),
      flatten(),
      dense({ units: 4, activation: 'softmax', kernelInitializer: seed() }),
    ],
    loss: 'categoricalCrossentropy',
    inputs: images,
    targets: quarters,
  },
  'Embedding with GlobalMaxPooling1D': {
    layers: (seed) => [
      embedding({ inputDim: 11, outputDim: 6, inputLength: 5, embeddingsInitializer: seed() }),
      conv1d({ filters: 8, kernelSize: 2, activation: 'tanh', kernelInitializer: seed() }),
      globalMaxPooling1d({}),
      dense({ units: 1, kernelInitializer: seed() }),
    ],
    loss: 'meanSquaredError',
    inputs: () =>
      tf.tensor2d(
        noise(count * 5, 3).map((value) => Math.floor((value + 1) * 5.5)),
        [count, 5],
      ),
    targets: () => tf.tensor2d(noise(count, 4), [count, 1]),
  },
};

/** The loss of every step of training on one batch. */
async function train(task: Task, steps: number): Promise<number[]> {
  let next = 1;
  const seed = () => layers.initializers.glorotUniform({ seed: next++ });
  const model = layers.sequential({ layers: task.layers(seed) });
  const optimizer = tf.train.adam(0.01);
  model.compile({ optimizer, loss: task.loss });
  const [x, y] = [task.inputs(), task.targets()];
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) losses.push((await model.trainOnBatch(x, y)) as number);
  tf.dispose([x, y]);
  model.dispose();
  optimizer.dispose();
  return losses;
}

describe('tfjs-layers', () => {
  for (const [name, task] of Object.entries(tasks)) {
    it(`${name}: 40 losses within 1e-5 (of the first) of the cpu backend's, and the task is learnt`, async () => {
      const actual = await train(task, 40);
      await tf.setBackend('cpu');
      const expected = await train(task, 40);
      for (const [step, loss] of expected.entries()) {
        expect(Math.abs(actual[step]! - loss) / expected[0]!, `step ${step}`).toBeLessThan(1e-5);
      }
      await useBackend(testBackend);
      const longer = await train(task, 150);
      expect(longer.at(-1)!).toBeLessThan(longer[0]! / 10);
    });
  }

  it('fits with model.fit', async () => {
    const task = tasks['Conv1D, dilated, with MaxPooling1D']!;
    let next = 1;
    const model = layers.sequential({
      layers: task.layers(() => layers.initializers.glorotUniform({ seed: next++ })),
    });
    const optimizer = tf.train.adam(0.01);
    model.compile({ optimizer, loss: task.loss });
    const [x, y] = [task.inputs(), task.targets()];
    const { history } = await model.fit(x, y, { epochs: 30, batchSize: 7, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 5);
    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
  });
});
