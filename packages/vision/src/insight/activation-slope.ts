// The slope of one number inside a network, or of one of its outputs, by the picture it is shown.

import * as tf from '@tensorflow/tfjs-core';
import type { Model } from '@tidecast/models';
import { chosenClass } from './chosen-class.ts';
import { layerNamed, layerOutputs } from './layer-outputs.ts';
import { inputsOf, type PictureOptions, type PictureShape } from './picture-input.ts';

/** What is to be raised. */
export interface RaisedOptions extends PictureOptions {
  /** A layer and one of its channels (of its last axis): the mean of the channel. */
  layer?: string;
  channel?: number;
  /** In their place a class: its output. */
  class?: number;
}

/** The value for a picture with values from 0 to 1, and its slope by each of them. */
export type Slope = (picture: Float32Array) => { value: number; gradient: Float32Array };

/** @throws if it is not clear what is to be raised, or there is no such layer, channel or class. */
export function activationSlope(
  model: Model,
  [height, width, channels]: PictureShape,
  options: RaisedOptions,
): Slope {
  const dark = inputsOf(new Float32Array(channels), channels, options);
  const bright = inputsOf(new Float32Array(channels).fill(255), channels, options);
  const range = bright.map((value, c) => value - dark[c]!);
  const { layer } = options;
  const target = checkedTarget(model, [height, width, channels], options);
  const meanOf = (value: tf.Tensor): tf.Scalar => {
    const K = value.shape.at(-1)!;
    const rows = value.size / K;
    return tf.mean(tf.slice(tf.reshape(value, [rows, K]), [0, target], [rows, 1]));
  };
  return (picture) => {
    let found: tf.Scalar | undefined;
    const raised = (u: tf.Tensor) => {
      const output = model.apply(tf.add(tf.mul(u, tf.tensor1d(range)), tf.tensor1d(dark)), {
        onLayer(name, value) {
          // The run frees what it does not return.
          if (name === layer && !found) found = tf.keep(meanOf(value));
          return value;
        },
      });
      return found ?? meanOf(output);
    };
    const result = { value: Number.NaN, gradient: new Float32Array(0) };
    try {
      tf.tidy(() => {
        const { value, grad } = tf.valueAndGrad(raised)(tf.tensor(picture, [1, height, width, channels]));
        result.value = value.dataSync()[0]!;
        result.gradient = (grad.dataSync() as Float32Array).slice();
      });
    } finally {
      found?.dispose();
    }
    return result;
  };
}

/** The number of the channel or class, checked by a run without the tape: an error within one would leave tensors behind. */
function checkedTarget(
  model: Model,
  shape: PictureShape,
  { layer, channel, class: wanted }: RaisedOptions,
): number {
  const both = wanted !== undefined && (layer !== undefined || channel !== undefined);
  const half = wanted === undefined && (layer === undefined || channel === undefined);
  if (both || half) throw new Error('maximiseActivation: expected a class, or a layer and a channel of it.');
  const size = shape[0] * shape[1] * shape[2];
  const { output, layers } = layerOutputs(model, { data: new Float32Array(size), shape: [1, ...shape] });
  if (layer === undefined) return chosenClass('maximiseActivation', output, wanted);
  const count = layerNamed('maximiseActivation', layers, layer).shape.at(-1)!;
  if (Number.isInteger(channel) && channel! >= 0 && channel! < count) return channel!;
  throw new Error(
    `maximiseActivation: channel of '${layer}' must be a whole number from 0 to ${count - 1}, got ${channel}.`,
  );
}
