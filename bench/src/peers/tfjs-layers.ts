// The tfjs-layers peer, on WASM or on native TensorFlow: `node tfjs-layers.js wasm|native`. A step is trainOnBatch on
// tensors that are there already. On WASM, convolutions train only with the kernels that @tidecast/backend registers.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { type BackendName, useBackend } from '@tidecast/backend';
import { CHANNELS, CLASSES, IMAGE_SHAPE, OUTPUTS, type Point, TIME_STEPS } from '../points.ts';
import type { InferRequest, Request, TrainAnswer, TrainRequest } from '../protocol.ts';
import { BATCHES, type Examples, examplesFor } from './data.ts';
import { blocksFor, createClock, serve, timeCalls } from './serve.ts';

const backend = await useBackend(process.argv[2] as BackendName);

interface Built {
  key: string;
  model: layers.Sequential;
  examples: Examples;
  batches: { x: tf.Tensor; y: tf.Tensor }[];
  stepMs: number;
}

let built: Built | undefined;

/** The hidden layers of each cell. The GRU is the reset-before variant: tfjs-layers has no other. */
const hiddenLayers: Record<string, (point: Point) => layers.layers.Layer[]> = {
  rnn: (point) => [layers.layers.simpleRNN(recurrent(point))],
  lstm: (point) => [layers.layers.lstm(recurrent(point))],
  gru: (point) => [layers.layers.gru({ ...recurrent(point), recurrentActivation: 'sigmoid' })],
  cnn1d: ({ units, T = TIME_STEPS }) => [
    layers.layers.conv1d({ filters: units, kernelSize: 2, activation: 'relu', inputShape: [T, CHANNELS] }),
    layers.layers.maxPooling1d({ poolSize: 2 }),
    layers.layers.flatten(),
  ],
  cnn2d: () => [
    layers.layers.conv2d({ filters: 24, kernelSize: 3, activation: 'relu', inputShape: IMAGE_SHAPE }),
    layers.layers.maxPooling2d({ poolSize: 2 }),
    layers.layers.conv2d({ filters: 36, kernelSize: 3, activation: 'relu' }),
    layers.layers.maxPooling2d({ poolSize: 2 }),
    layers.layers.flatten(),
    layers.layers.dense({ units: 128, activation: 'relu' }),
  ],
};

function recurrent({ units, T = TIME_STEPS }: Point) {
  // The orthogonal default takes seconds to draw, and its values change nothing here.
  return { units, inputShape: [T, CHANNELS], recurrentInitializer: 'glorotUniform' as const };
}

function buildModel(point: Point): layers.Sequential {
  const model = layers.sequential({ layers: hiddenLayers[point.cell]!(point) });
  const images = point.cell === 'cnn2d';
  model.add(layers.layers.dense(images ? { units: CLASSES, activation: 'softmax' } : { units: OUTPUTS }));
  model.compile({
    optimizer: tf.train.adam(1e-3),
    loss: images ? 'categoricalCrossentropy' : 'meanSquaredError',
  });
  return model;
}

async function buildFor({ cell, units, batch, T }: Point): Promise<Built> {
  const point = { cell, units, batch, T };
  const key = JSON.stringify(point);
  if (built?.key === key) return built;
  if (built) {
    built.model.dispose();
    tf.dispose(built.batches);
    built = undefined;
  }
  const examples = examplesFor(point);
  const { x, xShape, y, yShape } = examples;
  const part = (from: Float32Array, i: number) => {
    const size = from.length / BATCHES;
    return from.subarray(i * size, (i + 1) * size);
  };
  const batches = Array.from({ length: BATCHES }, (_, i) => ({
    x: tf.tensor(part(x, i), [batch, ...xShape]),
    y: tf.tensor(part(y, i), [batch, ...yShape]),
  }));
  const next: Built = { key, model: buildModel(point), examples, batches, stepMs: 0 };
  // The engine compiles what runs often: train for a while before anything is timed.
  const began = performance.now();
  let steps = 0;
  do {
    const started = performance.now();
    await trainOn(next, 1);
    next.stepMs = performance.now() - started;
  } while (++steps < 100 && (steps < 3 || performance.now() - began < 300));
  built = next;
  return next;
}

async function trainOn({ model, batches }: Built, count: number): Promise<void> {
  for (let step = 0; step < count; step++) {
    const { x, y } = batches[step % batches.length]!;
    await model.trainOnBatch(x, y);
  }
}

async function train(request: TrainRequest): Promise<TrainAnswer> {
  const at = await buildFor(request);
  const { blocks, each } = blocksFor(request, at.stepMs);
  const clock = createClock(each);
  for (let block = 0; block < blocks; block++) {
    await trainOn(at, each);
    clock.lap();
  }
  return clock.answer();
}

async function infer(request: InferRequest) {
  const { model, examples } = await buildFor(request);
  const { x, xShape, count } = examples;
  const window = x.slice(0, x.length / count);
  return timeCalls(async () => {
    const output = tf.tidy(() => model.predict(tf.tensor(window, [1, ...xShape])) as tf.Tensor);
    await output.data();
    output.dispose();
  }, request.calls);
}

const on = backend.name === 'native' ? `TensorFlow ${backend.tensorflow}` : `Node ${process.versions.node}`;
await serve(
  { ready: `tfjs-layers-${backend.name}`, version: `${layers.version_layers} on ${on}` },
  async (request: Request) => {
    if (request.measure === 'train') return train(request);
    if (request.measure === 'infer') return infer(request);
    throw new Error(`cannot measure '${request.measure}'`);
  },
);
