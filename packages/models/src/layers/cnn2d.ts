import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { type Activation, activate, activationSetting } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { oneOf, wholeNumber } from '../settings.ts';
import { imageShape } from '../shape.ts';
import { bothAxes, type ImageWindows, type PerAxis, perAxis, windowedImage } from './image-windows.ts';
import { refuseMask } from './masks.ts';
import { planConvolution } from './planned-convolution.ts';

/** Settings of {@link cnn2d}. Pairs are [height, width]; one number stands for both. */
export interface Cnn2dSettings {
  /** Number of output channels. */
  filters: number;
  /** Pixels each filter sees; default 3. */
  kernelSize?: PerAxis;
  /** Pixels between results; default 1. */
  stride?: PerAxis;
  /** Pixels between the pixels a filter sees; default 1. */
  dilation?: PerAxis;
  /**
   * `valid` (default): only windows inside the image.
   * `same`: `dilation·(kernelSize − 1)` zeros around it, an odd one at the bottom and on the right, so that stride 1
   * keeps the size.
   */
  padding?: 'valid' | 'same';
  /** Default `relu`. */
  activation?: Activation;
  /** Start of the kernel; default `glorotUniform`. */
  kernelInit?: Initializer;
  /** Start of the bias; default `zeros`. */
  biasInit?: Initializer;
}

/** A two-dimensional convolution as data. */
export interface Cnn2dConfig extends Cnn2dSettings, LayerConfig {
  type: 'cnn2d';
}

/**
 * Convolution over images (cross-correlation, as everywhere in deep learning):
 * `y[i, j] = φ(Σₖₗ x[i·stride + k·dilation − before, j·stride + l·dilation − before]·W[k, l] + b)`.
 * Weights: `kernel [height, width, C, filters]`, `bias [filters]`. Input `[B, H, W, C]`, result `[B, H′, W′, filters]`.
 */
export function cnn2d(settings: Cnn2dSettings): Cnn2dConfig {
  return { type: 'cnn2d', ...settings };
}

function windowsOf(settings: Required<Cnn2dSettings>): ImageWindows {
  const [sizes, strides, dilations] = [
    bothAxes(settings.kernelSize),
    bothAxes(settings.stride),
    bothAxes(settings.dilation),
  ];
  const along = (axis: 0 | 1) => {
    const zeros = settings.padding === 'valid' ? 0 : dilations[axis] * (sizes[axis] - 1);
    const before = Math.floor(zeros / 2);
    const [size, stride, dilation] = [sizes[axis], strides[axis], dilations[axis]];
    return { size, stride, dilation, before, after: zeros - before };
  };
  return [along(0), along(1)];
}

/** Definition of {@link cnn2d}. */
export const cnn2dLayer: LayerDefinition<Required<Cnn2dSettings>> = {
  settings: {
    filters: wholeNumber({ min: 1, max: 65_536 }),
    kernelSize: perAxis({ min: 1, max: 4096, default: 3 }),
    stride: perAxis({ min: 1, max: 4096, default: 1 }),
    dilation: perAxis({ min: 1, max: 65_536, default: 1 }),
    padding: oneOf(['valid', 'same'], 'valid'),
    activation: activationSetting('relu'),
    kernelInit: initializerSetting('glorotUniform'),
    biasInit: initializerSetting('zeros', 'bias'),
  },
  outputShape: (settings, input) => windowedImage('cnn2d', input, windowsOf(settings), settings.filters),
  weights({ filters, kernelSize, kernelInit, biasInit }, input) {
    const { channels } = imageShape('cnn2d', input);
    return [
      { name: 'kernel', shape: [...bothAxes(kernelSize), channels, filters], init: kernelInit },
      { name: 'bias', shape: [filters], init: biasInit },
    ];
  },
  apply({ settings, weights, x, mask }) {
    refuseMask('cnn2d', mask, 'Leave the mask out.');
    const windows = windowsOf(settings);
    const [down, across] = windows;
    const padded = tf.pad(x, [
      [0, 0],
      [down.before, down.after],
      [across.before, across.after],
      [0, 0],
    ]);
    const dilated = down.dilation > 1 || across.dilation > 1;
    // tf.conv2d takes a stride or a dilation: with both, the results in between are computed and left out.
    const sums = tf.conv2d(
      padded as Tensor4D,
      weights.kernel as Tensor4D,
      dilated ? 1 : [down.stride, across.stride],
      'valid',
      'NHWC',
      [down.dilation, across.dilation],
    );
    const kept = dilated
      ? everyStride(sums, windowedImage('cnn2d', x.shape.slice(1), windows, 1), windows)
      : sums;
    return { x: activate(settings.activation, tf.add(kept, weights.bias!)) };
  },
  plan({ settings, weights, plan, input }) {
    if (input.mask) return 'cnn2d cannot honour a mask';
    const [down, across] = windowsOf(settings);
    const output = windowedImage('cnn2d', input.shape, [down, across], settings.filters);
    return planConvolution(plan, settings.activation, input, output, weights, {
      input: input.shape as readonly [number, number, number],
      output,
      kernelSize: [down.size, across.size],
      strides: [down.stride, across.stride],
      dilation: [down.dilation, across.dilation],
      before: [down.before, across.before],
    });
  },
};

/** The first of each `stride` rows and columns. By reshaping, because tf.stridedSlice has no gradient. */
function everyStride(x: Tensor4D, [rows, columns]: readonly number[], [down, across]: ImageWindows): Tensor {
  if (down.stride === 1 && across.stride === 1) return x;
  const [batch, height, width, channels] = x.shape;
  const whole = tf.pad(x, [
    [0, 0],
    [0, rows! * down.stride - height],
    [0, columns! * across.stride - width],
    [0, 0],
  ]);
  const strides = tf.reshape(whole, [batch * rows!, down.stride, columns!, across.stride * channels]);
  const first = tf.slice(strides, [0, 0, 0, 0], [batch * rows!, 1, columns!, channels]);
  return tf.reshape(first, [batch, rows!, columns!, channels]);
}
