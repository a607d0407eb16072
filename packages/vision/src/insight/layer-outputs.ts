// What every layer makes of one picture, as plain data.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';

/** What one layer makes of one picture. */
export interface LayerOutput {
  /** Name of the layer, for example `0.cnn2d`. */
  layer: string;
  /** Shape with the batch of one in front. */
  shape: readonly number[];
  data: Float32Array;
}

/** What one layer makes of one picture where that is maps: one for each channel. */
export interface FeatureMaps {
  /** Name of the layer, for example `0.cnn2d`. */
  layer: string;
  height: number;
  width: number;
  channels: number;
  /** Row-major `[height, width, channels]`. */
  data: Float32Array;
}

/** The network's output for the picture `x [1, H, W, C]`, and what each of its layers makes, in the order in which they run. */
export function layerOutputs(model: Model, x: NdArray): { output: NdArray; layers: readonly LayerOutput[] } {
  const layers: LayerOutput[] = [];
  const valuesOf = (value: tf.Tensor) => (value.dataSync() as Float32Array).slice();
  let output: NdArray = { data: new Float32Array(0), shape: [] };
  tf.tidy(() => {
    const result = model.apply(tf.tensor(x.data, x.shape), {
      onLayer(layer, value) {
        layers.push({ layer, shape: [...value.shape], data: valuesOf(value) });
        return value;
      },
    });
    output = { data: valuesOf(result), shape: [...result.shape] };
  });
  return { output, layers };
}

/** The outputs that are maps. @throws if there are none. */
export function mapsOf(who: string, layers: readonly LayerOutput[]): FeatureMaps[] {
  const maps = layers
    .filter(({ shape }) => shape.length === 4)
    .map(({ layer, shape, data }) => {
      return { layer, height: shape[1]!, width: shape[2]!, channels: shape[3]!, data };
    });
  if (maps.length === 0) {
    throw new Error(
      layers.length === 0
        ? `${who}: the network shows none of its layers. A model of your own shows them by calling onLayer in apply.`
        : `${who}: no layer has maps [height, width, channels], only ${layers.map(({ layer }) => layer).join(', ')}. ` +
            'Use occlusionMap, which asks for outputs alone.',
    );
  }
  return maps;
}

/** The entry of a layer. @throws with the names there are if there is none. */
export function layerNamed<T extends { layer: string }>(
  who: string,
  outputs: readonly T[],
  layer: string,
): T {
  const found = outputs.find((each) => each.layer === layer);
  if (found) return found;
  throw new Error(
    `${who}: layer must be one of ${outputs.map((each) => each.layer).join(', ')}, got '${layer}'.`,
  );
}
