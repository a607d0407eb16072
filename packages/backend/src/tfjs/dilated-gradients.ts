// Gradients of dilated convolutions, which tfjs-core 4.22 refuses on every backend. Our kernels on WASM take dilations; on
// other backends a dilated filter is a larger one with zeros between its taps.

import * as tf from '@tensorflow/tfjs-core';
import { currentKernels } from '../kernels/current-kernels.ts';
import { runKernel } from './run-kernel.ts';
import { spreadTaps } from './spread.ts';

interface Attributes {
  strides: [number, number] | number;
  pad: unknown;
  dataFormat?: 'NHWC' | 'NCHW';
  dilations?: [number, number] | number;
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Kernels of the two gradients of a kind of convolution. */
interface GradientKernels {
  input: string;
  filter: string;
}

const convolution = { input: tf.Conv2DBackpropInput, filter: tf.Conv2DBackpropFilter };
const depthwise = {
  input: tf.DepthwiseConv2dNativeBackpropInput,
  filter: tf.DepthwiseConv2dNativeBackpropFilter,
};

/** The gradient of `conv2d` where it is dilated; else the original. */
export function dilatedConvolution(original: tf.GradFunc): tf.GradFunc {
  return dilated(original, convolution);
}

/** The gradient of `depthwiseConv2d` where it is dilated; else the original. */
export function dilatedDepthwise(original: tf.GradFunc): tf.GradFunc {
  return dilated(original, depthwise);
}

function dilated(original: tf.GradFunc, kernels: GradientKernels): tf.GradFunc {
  return (dy, saved, attrs) => {
    const attributes = attrs as unknown as Attributes;
    if (!isDilated(attributes)) return original(dy, saved, attrs);
    const [x, filter] = saved as [tf.Tensor, tf.Tensor];
    return {
      x: () => inputGradient(kernels, dy as tf.Tensor, filter, x.shape, attributes),
      filter: () => filterGradient(kernels, x, dy as tf.Tensor, filter.shape, attributes),
    };
  };
}

/** The gradient of the input gradient of `conv2d`, for second derivatives, where it is dilated; else the original. */
export function dilatedInputGradient(original: tf.GradFunc): tf.GradFunc {
  return (ddx, saved, attrs) => {
    const attributes = attrs as unknown as Attributes;
    if (!isDilated(attributes)) return original(ddx, saved, attrs);
    const [dy, filter] = saved as [tf.Tensor4D, tf.Tensor4D];
    const { strides, pad, dataFormat, dilations, dimRoundingMode } = attributes;
    const upstream = ddx as tf.Tensor4D;
    return {
      dy: () =>
        tf.conv2d(
          upstream,
          filter,
          strides,
          pad as 'same',
          dataFormat,
          dilations,
          dimRoundingMode,
        ) as tf.Tensor,
      filter: () => filterGradient(convolution, upstream, dy, filter.shape, attributes),
    };
  };
}

function isDilated({ dilations }: Attributes): boolean {
  return both(dilations ?? 1).some((each) => each !== 1);
}

function both(value: number | [number, number]): [number, number] {
  return typeof value === 'number' ? [value, value] : value;
}

/** Whether the gradient kernels of the running backend read `dilations`. */
function knowsDilations(): boolean {
  return tf.getBackend() === 'wasm' && currentKernels() !== undefined;
}

function inputGradient(
  kernels: GradientKernels,
  dy: tf.Tensor,
  filter: tf.Tensor,
  inputShape: number[],
  attributes: Attributes,
): tf.Tensor {
  if (knowsDilations()) return runKernel(kernels.input, { dy, filter }, { ...attributes, inputShape });
  const spread = spreadTaps(filter, both(attributes.dilations!));
  return runKernel(kernels.input, { dy, filter: spread }, { ...attributes, inputShape, dilations: [1, 1] });
}

function filterGradient(
  kernels: GradientKernels,
  x: tf.Tensor,
  dy: tf.Tensor,
  filterShape: number[],
  attributes: Attributes,
): tf.Tensor {
  if (knowsDilations()) return runKernel(kernels.filter, { x, dy }, { ...attributes, filterShape });
  const [height, width, ...channels] = filterShape as [number, number, number, number];
  const [down, across] = both(attributes.dilations!);
  const shape = [(height - 1) * down + 1, (width - 1) * across + 1, ...channels];
  const whole = runKernel(
    kernels.filter,
    { x, dy },
    { ...attributes, filterShape: shape, dilations: [1, 1] },
  );
  const taps = (count: number, step: number) => tf.range(0, count * step, step, 'int32');
  return tf.gather(tf.gather(whole, taps(height, down), 0), taps(width, across), 1);
}
