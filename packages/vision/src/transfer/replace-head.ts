import * as tf from '@tensorflow/tfjs-core';
import { createModel, type Model, network } from '@tidecast/models';
import { type HeadOptions, headLayers } from '../networks/head.ts';

/** What {@link replaceHead} puts in the place of the old head. */
export interface ReplaceHeadOptions extends HeadOptions {
  /** Decides the new head's first weights; default 0. */
  seed?: number;
  /** How many layers at the end of the network are the old head; default 1. */
  layers?: number;
}

/**
 * A new model with the features of `model` and another head: the same layers but the last, with copies of their weights
 * and statistics, then the layers of the new head. `model` stays as it is. To train the head alone, freeze the rest.
 * @throws if `layers` is not a whole number from 0 that leaves some, or the head is not sound.
 */
export function replaceHead(model: Model, { seed = 0, layers = 1, ...head }: ReplaceHeadOptions): Model {
  const { config } = model;
  const count = config.layers.length;
  if (!(Number.isInteger(layers) && layers >= 0 && layers < count)) {
    throw new Error(`replaceHead: layers must be a whole number from 0 and below ${count}, got ${layers}.`);
  }
  const features = config.layers.slice(0, count - layers);
  const next = createModel(network({ input: config.input, layers: [...features, ...headLayers(head)] }), {
    seed,
  });
  const [from, to] = [model, next].map((each) => ({ ...each.weights, ...each.statistics }));
  for (const [name, variable] of Object.entries(to!)) {
    if (Number.parseInt(name, 10) >= features.length) continue;
    tf.tidy(() => variable.assign(tf.clone(from![name]!)));
  }
  return next;
}
