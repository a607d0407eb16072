// Small samples and models that several tests share.

import * as tf from '@tensorflow/tfjs-core';
import { arraySamples, createRandom, type NdArray, type Samples } from '@tidecast/data';
import { createModel, dense, dropout, type LayerConfig, lstm, type Model, network } from '@tidecast/models';

/** Normal random numbers of a shape. */
export function randomArray(shape: number[], seed: number): NdArray {
  const random = createRandom(seed, 'test');
  const size = shape.reduce((product, each) => product * each, 1);
  return { data: Float32Array.from({ length: size }, () => random.normal()), shape };
}

/** `count` sequences `[6, 2]`; the targets `[2]` are the means of their channels with a little noise. */
export function sequenceSamples(count: number, seed: number): Samples {
  const x = randomArray([count, 6, 2], seed);
  const noise = randomArray([count, 2], seed + 1);
  const y = noise.data.map((value, i) => {
    const begin = Math.floor(i / 2) * 12 + (i % 2);
    let sum = 0;
    for (let t = 0; t < 6; t++) sum += x.data[begin + 2 * t]!;
    return sum / 6 + 0.1 * value;
  });
  return arraySamples({ x: x, y: { data: y, shape: [count, 2] } });
}

/** A small LSTM with dropout for {@link sequenceSamples}. */
export function smallModel(seed = 7): Model {
  const layers: LayerConfig[] = [lstm({ units: 5 }), dropout({ rate: 0.2 }), dense({ units: 2 })];
  return createModel(network({ input: [6, 2], layers }), { seed });
}

/** All weights and statistics of a model, by name. */
export function weightsOf(model: Model): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries({ ...model.weights, ...model.statistics }).map(([name, variable]) => [
      name,
      variable.dataSync().slice() as Float32Array,
    ]),
  );
}

/** Replaces weights and statistics of a model. */
export function assignWeights(model: Model, values: Record<string, NdArray>): void {
  const variables = { ...model.weights, ...model.statistics };
  for (const [name, { data, shape }] of Object.entries(values)) {
    tf.tidy(() => variables[name]!.assign(tf.tensor(data, shape, 'float32')));
  }
}
