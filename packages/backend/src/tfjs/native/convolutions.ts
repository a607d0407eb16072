// TensorFlow's convolutions, with two weaknesses mended. A gradient can be wrong on a processor (seen on one: by the image, from
// one channel to one, with oneDNN 3.7.3): each shape is tried out once, and computed tap by tap where that fails. And only
// some processors get dilated depthwise convolutions: all others refuse them.

import * as tf from '@tensorflow/tfjs-core';
import type { ConvolutionAttributes } from '../kernels/convolution-geometry.ts';
import { runKernel } from '../run-kernel.ts';
import { nodeProcess } from '../runtime.ts';
import { spreadTaps } from '../spread.ts';
import { filterGradientByTaps, inputGradientByTaps } from './convolution-taps.ts';

interface Attributes extends ConvolutionAttributes {
  inputShape?: Shape4;
  filterShape?: Shape4;
}

type Shape4 = [number, number, number, number];
type Tensors = Record<string, tf.Tensor>;

/** A kernel that computes one of the gradients of a convolution. */
interface GradientKernel {
  kernelName: string;
  /** The convolution. */
  of: string;
  by: 'input' | 'filter';
}

const gradientKernels: GradientKernel[] = [
  { kernelName: tf.Conv2DBackpropInput, of: tf.Conv2D, by: 'input' },
  { kernelName: tf.Conv2DBackpropFilter, of: tf.Conv2D, by: 'filter' },
  { kernelName: tf.DepthwiseConv2dNativeBackpropInput, of: tf.DepthwiseConv2dNative, by: 'input' },
  { kernelName: tf.DepthwiseConv2dNativeBackpropFilter, of: tf.DepthwiseConv2dNative, by: 'filter' },
];

const mended = new WeakSet<tf.KernelFunc>();

/** Puts the mended kernels in the place of those of tfjs-node. May be called again. */
export function mendConvolutions(): void {
  for (const kernel of gradientKernels) replace(kernel.kernelName, (original) => checked(kernel, original));
  replace(tf.DepthwiseConv2dNative, dilatedDepthwise);
}

function replace(kernelName: string, by: (original: tf.KernelFunc) => tf.KernelFunc): void {
  const config = tf.getKernel(kernelName, 'tensorflow');
  if (mended.has(config.kernelFunc)) return;
  const kernelFunc = by(config.kernelFunc);
  mended.add(kernelFunc);
  tf.unregisterKernel(kernelName, 'tensorflow');
  tf.registerKernel({ ...config, kernelFunc });
}

const dilatedDepthwise =
  (original: tf.KernelFunc): tf.KernelFunc =>
  (call) => {
    const { x, filter } = call.inputs as Tensors;
    const attributes = call.attrs as unknown as Attributes;
    const dilations = attributes.dilations ?? 1;
    const [down, across] = typeof dilations === 'number' ? [dilations, dilations] : dilations;
    if (down === 1 && across === 1) return original(call);
    return tf.tidy(() =>
      runKernel(
        tf.DepthwiseConv2dNative,
        { x: x!, filter: spreadTaps(filter!, [down, across]) },
        { ...attributes, dilations: [1, 1] },
      ),
    );
  };

/** The kernel where it passes its trial with these shapes, and the gradient tap by tap where it does not. */
function checked(kernel: GradientKernel, original: tf.KernelFunc): tf.KernelFunc {
  const passed = new Map<string, boolean>();
  return (call) => {
    const inputs = call.inputs as Tensors;
    const attributes = call.attrs as unknown as Attributes;
    const info = infoOf(kernel, inputs, attributes);
    // tfjs-node refuses other padding, and processors other orders of the axes.
    if (info.dataFormat !== 'channelsLast' || !['VALID', 'SAME'].includes(info.padInfo.type))
      return original(call);
    const key = [
      info.inShape,
      info.filterShape,
      info.strideHeight,
      info.strideWidth,
      info.padInfo.type,
    ].join();
    if (!passed.has(key)) {
      // True while the trial runs, which calls this kernel.
      passed.set(key, true);
      passed.set(key, passesTrial(kernel, attributes, info));
      if (!passed.get(key)) warn(kernel, info);
    }
    return passed.get(key) ? original(call) : byTaps(kernel, inputs, info);
  };
}

function infoOf({ of, by }: GradientKernel, inputs: Tensors, attributes: Attributes) {
  const { inputShape, filterShape, strides, pad, dimRoundingMode, dataFormat = 'NHWC' } = attributes;
  return tf.backend_util.computeConv2DInfo(
    by === 'input' ? inputShape! : (inputs.x!.shape as Shape4),
    by === 'filter' ? filterShape! : (inputs.filter!.shape as Shape4),
    strides,
    1,
    pad,
    dimRoundingMode,
    of === tf.DepthwiseConv2dNative,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
}

type Info = ReturnType<typeof infoOf>;

function byTaps({ of, by }: GradientKernel, { x, dy, filter }: Tensors, info: Info): tf.Tensor {
  const depthwise = of === tf.DepthwiseConv2dNative;
  return by === 'input'
    ? inputGradientByTaps(dy!, filter!, info, depthwise)
    : filterGradientByTaps(x!, dy!, info, depthwise);
}

/**
 * Whether the gradient is the adjoint of the convolution, by random x, filter and dy: ⟨conv(x, filter), dy⟩ is ⟨x, gradient
 * by x⟩ and ⟨filter, gradient by filter⟩. Rounding leaves less than 1e-6 of the product of the norms.
 */
function passesTrial(kernel: GradientKernel, attributes: Attributes, info: Info): boolean {
  return tf.tidy(() => {
    const x = tf.randomNormal(info.inShape, 0, 1, 'float32', 1);
    const filter = tf.randomNormal(info.filterShape, 0, 1, 'float32', 2);
    const dy = tf.randomNormal(info.outShape, 0, 1, 'float32', 3);
    const y = runKernel(kernel.of, { x, filter }, { ...attributes, dilations: [1, 1] });
    const variable = kernel.by === 'input' ? x : filter;
    const inputs: tf.NamedTensorMap = kernel.by === 'input' ? { dy, filter } : { x, dy };
    const gradient = runKernel(kernel.kernelName, inputs, attributes);
    const difference = tf.sub(tf.sum(tf.mul(y, dy)), tf.sum(tf.mul(variable, gradient)));
    const bound = tf.mul(
      1e-5,
      tf.add(tf.mul(tf.norm(y), tf.norm(dy)), tf.mul(tf.norm(variable), tf.norm(gradient))),
    );
    return tf.lessEqual(tf.abs(difference), bound).dataSync()[0] === 1;
  });
}

let warned = false;

function warn({ of, by }: GradientKernel, { inShape, filterShape }: Info): void {
  if (warned) return;
  warned = true;
  nodeProcess()?.emitWarning(
    `useBackend: native TensorFlow computes a wrong gradient by the ${by} of ${of} ([${inShape}] by [${filterShape}]) on this ` +
      'processor. Tidecast computes such gradients another way, which is slower.',
    { code: 'TIDECAST_NATIVE_GRADIENT' },
  );
}
