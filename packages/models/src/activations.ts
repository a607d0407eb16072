// Element-wise functions a layer may end with, by name.

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { oneOf, type Setting } from './settings.ts';

/**
 * Name of an element-wise function. `swish` is x·σ(x) (SiLU); `leakyRelu` has slope 0.01 below 0; `relu6` is
 * min(max(x, 0), 6). `softmax` and `logSoftmax` run over the last axis, relative to its largest value: they overflow nowhere.
 */
export type Activation =
  | 'linear'
  | 'tanh'
  | 'relu'
  | 'relu6'
  | 'sigmoid'
  | 'elu'
  | 'leakyRelu'
  | 'softplus'
  | 'swish'
  | 'softmax'
  | 'logSoftmax';

const functions: Readonly<Record<Activation, (x: Tensor) => Tensor>> = {
  linear: (x) => x,
  tanh: (x) => tf.tanh(x),
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
  sigmoid: (x) => tf.sigmoid(x),
  elu: (x) => tf.elu(x),
  leakyRelu: (x) => tf.leakyRelu(x, 0.01),
  softplus: (x) => tf.softplus(x),
  swish: (x) => tf.mul(x, tf.sigmoid(x)),
  softmax: (x) => tf.softmax(x, -1),
  logSoftmax: (x) => tf.logSoftmax(x, -1),
};

/** All activation names. */
export const activationNames = Object.keys(functions) as readonly Activation[];

/** `activation` applied to `x`; `softmax` and `logSoftmax` run over the last axis, all others on each value alone. */
export function activate(activation: Activation, x: Tensor): Tensor {
  return functions[activation](x);
}

/** The setting `activation`, for layer definitions. */
export function activationSetting(fallback: Activation): Setting {
  return oneOf(activationNames, fallback);
}
