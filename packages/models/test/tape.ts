// One forward and backward pass of a model, as plain numbers.

import * as tf from '@tensorflow/tfjs-core';
import { createModel, type Model, type ModelConfig } from '../src/index.ts';
import { valuesOf, weightValues } from './values.ts';

/** A model of `config` whose weights hold the shared test values. The caller disposes of it. */
export function testModel(config: ModelConfig): Model {
  const model = createModel(config);
  const values = weightValues(model);
  for (const [name, variable] of Object.entries(model.weights)) {
    tf.tidy(() => variable.assign(tf.tensor(values[name]!, variable.shape)));
  }
  return model;
}

export interface PassArray {
  data: ArrayLike<number>;
  shape: number[];
}

export interface PassOptions {
  mask?: PassArray;
  training?: boolean;
  seed?: number;
  /** States before by name, all of them; they are handed on after `stateAfter` steps. */
  state?: Record<string, PassArray>;
  stateAfter?: number;
}

export interface Pass {
  shape: number[];
  output: Float32Array;
  /** By weight name, and `x`. */
  gradients: Record<string, Float32Array>;
  /** Handed on, by name; none where none were given. */
  states: Record<string, Float32Array>;
  /** As the run has moved them, by name. */
  statistics: Record<string, Float32Array>;
}

/** Output and gradients of `sum(output · probe)` with respect to x and every weight. */
export function runTape(model: Model, x: PassArray, options: PassOptions = {}): Pass {
  return tf.tidy(() => {
    const toTensor = ({ data, shape }: PassArray) => tf.tensor(Float32Array.from(data), shape);
    const input = toTensor(x);
    const names = Object.keys(model.weights);
    const { training, seed, stateAfter } = options;
    const mask = options.mask && toTensor(options.mask);
    const state =
      options.state &&
      Object.fromEntries(Object.entries(options.state).map(([name, each]) => [name, toTensor(each)]));
    const applyOptions = {
      ...(mask && { mask }),
      ...(training && { training }),
      ...(seed !== undefined && { seed }),
      onStatistic(name: string, next: tf.Tensor) {
        statistics[name] = next.dataSync<'float32'>().slice();
      },
    };
    const statistics: Record<string, Float32Array> = {};
    const states: Record<string, Float32Array> = {};
    let shape: number[] = [];
    let output = new Float32Array();
    const gradients = tf.grads((...[first]: tf.Tensor[]) => {
      const run = () => {
        if (!state) return model.apply(first!, applyOptions);
        const carried = { state, ...(stateAfter !== undefined && { stateAfter }) };
        const { output, state: after } = model.applyStateful!(first!, { ...applyOptions, ...carried });
        for (const [name, each] of Object.entries(after)) states[name] = each.dataSync<'float32'>().slice();
        return output;
      };
      const result = run();
      shape = result.shape;
      output = result.dataSync<'float32'>().slice();
      return tf.sum(tf.mul(result, tf.tensor(valuesOf('probe', result.size), result.shape)));
    })([input, ...names.map((name) => model.weights[name]!)]);
    const data = gradients.map((gradient) => gradient.dataSync<'float32'>().slice());
    return {
      shape,
      output,
      states,
      statistics,
      gradients: Object.fromEntries(['x', ...names].map((name, i) => [name, data[i]!])),
    };
  });
}
