import * as tf from '@tensorflow/tfjs-core';
import { type Activation, activate, activationSetting } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { oneOf, wholeNumber } from '../settings.ts';
import { sequenceShape } from '../shape.ts';
import { requireAligned, zeroMasked } from './masks.ts';
import { planConvolution } from './planned-convolution.ts';
import { taps, type Window, wholeWindows, windowCount, windowedShape } from './taps.ts';

/** Settings of {@link cnn1d}. */
export interface Cnn1dSettings {
  /** Number of output channels. */
  filters: number;
  /** Steps each filter sees; default 2. */
  kernelSize?: number;
  /** Steps between results; default 1. */
  stride?: number;
  /** Steps between the steps a filter sees; default 1. */
  dilation?: number;
  /**
   * `valid` (default): only windows inside the sequence.
   * `same`: zeros on both sides, the odd one on the right, so that stride 1 keeps the length.
   * `causal`: zeros on the left only, so that no result sees a later step.
   */
  padding?: 'valid' | 'same' | 'causal';
  /** Default `relu`. */
  activation?: Activation;
  /** Start of the kernel; default `glorotUniform`. */
  kernelInit?: Initializer;
  /** Start of the bias; default `zeros`. */
  biasInit?: Initializer;
}

/** A one-dimensional convolution as data. */
export interface Cnn1dConfig extends Cnn1dSettings, LayerConfig {
  type: 'cnn1d';
}

/**
 * Convolution over time (cross-correlation, as everywhere in deep learning):
 * `y[o] = φ(Σₖ x[o·stride + k·dilation − before]·W[k] + b)`.
 * Weights: `kernel [kernelSize, C, filters]`, `bias [filters]`. Input `[B, T, C]`, result `[B, T′, filters]`.
 *
 * Masks: masked steps are read as 0, like the zeros of the padding, so `same` and `causal` give what the
 * unpadded sequence gives. With `valid` a result is masked where its window touches a masked step, so the
 * results that remain are those of the unpadded sequence, on whichever side it was padded. With a stride,
 * padding on the left must be whole strides; anything else is refused.
 */
export function cnn1d(settings: Cnn1dSettings): Cnn1dConfig {
  return { type: 'cnn1d', ...settings };
}

function windowOf(settings: Required<Cnn1dSettings>): Window {
  const { kernelSize, stride, dilation, padding } = settings;
  const zeros = padding === 'valid' ? 0 : dilation * (kernelSize - 1);
  const before = padding === 'causal' ? zeros : Math.floor(zeros / 2);
  return { size: kernelSize, stride, dilation, before, after: zeros - before };
}

/** Definition of {@link cnn1d}: windows by slices, then one matrix product for all of them. */
export const cnn1dLayer: LayerDefinition<Required<Cnn1dSettings>> = {
  settings: {
    filters: wholeNumber({ min: 1, max: 65_536 }),
    kernelSize: wholeNumber({ min: 1, max: 4096, default: 2 }),
    stride: wholeNumber({ min: 1, max: 4096, default: 1 }),
    dilation: wholeNumber({ min: 1, max: 65_536, default: 1 }),
    padding: oneOf(['valid', 'same', 'causal'], 'valid'),
    activation: activationSetting('relu'),
    kernelInit: initializerSetting('glorotUniform'),
    biasInit: initializerSetting('zeros', 'bias'),
  },
  outputShape(settings, input) {
    const { steps } = sequenceShape('cnn1d', input);
    return windowedShape('cnn1d', steps, windowOf(settings), settings.filters);
  },
  weights(settings, input) {
    const { channels } = sequenceShape('cnn1d', input);
    const { filters, kernelSize, kernelInit, biasInit } = settings;
    return [
      { name: 'kernel', shape: [kernelSize, channels, filters], init: kernelInit },
      { name: 'bias', shape: [filters], init: biasInit },
    ];
  },
  apply({ settings, weights, x, mask }) {
    const window = windowOf(settings);
    requireAligned('cnn1d', mask, settings.stride);
    const seen = taps('cnn1d', zeroMasked(x, mask), window);
    const [batch, count] = seen[0]!.shape as [number, number];
    const [size, channels, filters] = weights.kernel!.shape as [number, number, number];
    const rows = tf.reshape(seen.length === 1 ? seen[0]! : tf.concat(seen, 2), [
      batch * count,
      size * channels,
    ]);
    const kernel = tf.reshape(weights.kernel!, [size * channels, filters]);
    const sums = tf.add(tf.matMul(rows as tf.Tensor2D, kernel as tf.Tensor2D), weights.bias!);
    const result = tf.reshape(activate(settings.activation, sums), [batch, count, filters]);
    if (!mask) return { x: result };
    // Padding modes: result o stands at step o·stride, and is real where that step is.
    const point = { ...window, size: 1, dilation: 1, before: 0, after: 0 };
    return { x: result, mask: wholeWindows('cnn1d', mask, settings.padding === 'valid' ? window : point) };
  },
  plan({ settings, weights, plan, input }) {
    if (input.mask) return 'cnn1d has no planned form for masked inputs';
    const [steps, channels] = input.shape as [number, number];
    const { filters, kernelSize, stride, dilation, activation } = settings;
    const window = windowOf(settings);
    const count = windowCount('cnn1d', steps, window);
    return planConvolution(plan, activation, input, [count, filters], weights, {
      input: [1, steps, channels],
      output: [1, count, filters],
      kernelSize: [1, kernelSize],
      strides: [1, stride],
      dilation: [1, dilation],
      before: [0, window.before],
    });
  },
};
