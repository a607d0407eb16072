// Two-dimensional convolution in groups, for the layers that differ only in how they name its parts. Where every channel is
// a group of its own it is a depthwise one, and the kernel `[height, width, 1, C·M]` is TensorFlow's `[height, width, C, M]`
// in the same order.

import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Signal } from '@tidecast/backend';
import { type Activation, activate } from '../activations.ts';
import type { Initializer } from '../initializers.ts';
import type { LayerCall, LayerResult, PlanCall, WeightSpec } from '../layer-definition.ts';
import {
  bothAxes,
  type ImageWindows,
  imageWindows,
  type WindowSettings,
  windowedImage,
} from './image-windows.ts';
import { refuseMask } from './masks.ts';
import { planConvolution } from './planned-convolution.ts';

/** A convolution in groups. */
export interface Convolution2d extends WindowSettings {
  filters: number;
  groups: number;
  useBias: boolean;
  activation: Activation;
  kernelInit: Initializer;
  biasInit: Initializer;
}

/** Its weights on `channels` channels: `kernel [height, width, C / groups, filters]`, `bias [filters]`. */
export function convolutionWeights(
  { filters, kernelSize, groups, useBias, kernelInit, biasInit }: Convolution2d,
  channels: number,
): WeightSpec[] {
  const shape = [...bothAxes(kernelSize), channels / groups, filters];
  return [
    { name: 'kernel', shape, init: kernelInit },
    ...(useBias ? [{ name: 'bias', shape: [filters], init: biasInit }] : []),
  ];
}

/** Runs it on the tape. */
export function applyConvolution2d(
  type: string,
  settings: Convolution2d,
  { weights, x, mask }: Omit<LayerCall<object>, 'settings'>,
): LayerResult {
  refuseMask(type, mask, 'Leave the mask out.');
  const windows = imageWindows(settings);
  const [down, across] = windows;
  const padded = tf.pad(x, [
    [0, 0],
    [down.before, down.after],
    [across.before, across.after],
    [0, 0],
  ]);
  const sums = convolve(padded as Tensor4D, weights.kernel as Tensor4D, settings.groups, windows);
  const kept = everyStride(sums, windowedImage(type, x.shape.slice(1), windows, settings.filters), windows);
  return { x: activate(settings.activation, weights.bias ? tf.add(kept, weights.bias) : kept) };
}

const isDilated = ([down, across]: ImageWindows) => down.dilation > 1 || across.dilation > 1;

/** The sums of a padded image; with stride 1 where the windows are dilated. */
function convolve(x: Tensor4D, kernel: Tensor4D, groups: number, windows: ImageWindows): Tensor4D {
  const [down, across] = windows;
  // TensorFlow takes a stride or a dilation: with both, the results in between are computed and left out.
  const strides: [number, number] = isDilated(windows) ? [1, 1] : [down.stride, across.stride];
  const dilations: [number, number] = [down.dilation, across.dilation];
  const one = (image: Tensor4D, filter: Tensor4D) =>
    tf.conv2d(image, filter, strides, 'valid', 'NHWC', dilations);
  if (groups === 1) return one(x, kernel);
  const [height, width, each, filters] = kernel.shape;
  // TensorFlow's depthwise convolution takes one stride for both axes.
  if (each === 1 && strides[0] === strides[1]) {
    const filter = tf.reshape(kernel, [height, width, groups, filters / groups]);
    return tf.depthwiseConv2d(x, filter as Tensor4D, strides, 'valid', 'NHWC', dilations);
  }
  const images = tf.split<Tensor4D>(x, groups, 3);
  const parts = tf.split<Tensor4D>(kernel, groups, 3);
  return tf.concat(
    images.map((image, g) => one(image, parts[g]!)),
    3,
  );
}

/** Lays it out in a plan. */
export function planConvolution2d(
  type: string,
  settings: Convolution2d,
  { weights, plan, input }: Omit<PlanCall<object>, 'settings'>,
): Signal | string {
  if (input.mask) return `${type} cannot honour a mask`;
  const [down, across] = imageWindows(settings);
  const output = windowedImage(type, input.shape, [down, across], settings.filters);
  return planConvolution(plan, settings.activation, input, output, weights, {
    input: input.shape as readonly [number, number, number],
    output,
    kernelSize: [down.size, across.size],
    strides: [down.stride, across.stride],
    dilation: [down.dilation, across.dilation],
    before: [down.before, across.before],
    groups: settings.groups,
  });
}

/** The first of each `stride` rows and columns of what was made at stride 1. By reshaping: tf.stridedSlice has no gradient. */
function everyStride(x: Tensor4D, [rows, columns]: readonly number[], windows: ImageWindows): Tensor {
  const [down, across] = windows;
  if (!isDilated(windows) || (down.stride === 1 && across.stride === 1)) return x;
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
