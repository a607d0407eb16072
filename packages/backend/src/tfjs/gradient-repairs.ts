// Gradients of tfjs-core 4.22 that are wrong or throw where they need not, on every backend.

import * as tf from '@tensorflow/tfjs-core';
import { dilatedConvolution, dilatedDepthwise, dilatedInputGradient } from './dilated-gradients.ts';

/** Kernels of two operands whose gradient forgets that an operand may be broadcast. */
const broadcast = [tf.Maximum, tf.Minimum, tf.SquaredDifference, tf.BatchMatMul];

const repaired = new WeakSet<tf.GradFunc>();

/**
 * Puts the repairs over the gradients that are registered. May be called again: importing @tensorflow/tfjs-node
 * registers the originals anew.
 */
export function repairGradients(): void {
  for (const kernelName of broadcast) repair(kernelName, reducing);
  repair(tf.Cumsum, () => cumsumGradient);
  repair(tf.Conv2D, dilatedConvolution);
  repair(tf.DepthwiseConv2dNative, dilatedDepthwise);
  repair(tf.Conv2DBackpropInput, dilatedInputGradient);
}

function repair(kernelName: string, by: (original: tf.GradFunc) => tf.GradFunc): void {
  const config = tf.getGradient(kernelName);
  if (repaired.has(config.gradFunc)) return;
  const gradFunc = by(config.gradFunc);
  repaired.add(gradFunc);
  tf.registerGradient({ ...config, gradFunc });
}

/** The gradient of a broadcast operand is the sum over the axes it was repeated along. */
function reducing(original: tf.GradFunc): tf.GradFunc {
  return (dy, saved, attrs) => {
    const { a, b } = original(dy, saved, attrs) as { a: () => tf.Tensor; b: () => tf.Tensor };
    return { a: () => sumTo(a(), saved[0]!.shape), b: () => sumTo(b(), saved[1]!.shape) };
  };
}

function sumTo(gradient: tf.Tensor, shape: number[]): tf.Tensor {
  const extra = gradient.rank - shape.length;
  const axes = gradient.shape.flatMap((size, axis) => {
    return axis < extra || (shape[axis - extra] === 1 && size > 1) ? [axis] : [];
  });
  return axes.length > 0 ? tf.reshape(tf.sum(gradient, axes), shape) : gradient;
}

/** dx = the running sum of dy from the other end. tfjs-core leaves it transposed for an axis that is not the last. */
const cumsumGradient: tf.GradFunc = (dy, _saved, attrs) => {
  const { axis, exclusive, reverse } = attrs as { axis: number; exclusive: boolean; reverse: boolean };
  return { x: () => tf.cumsum(dy as tf.Tensor, axis, exclusive, !reverse) };
};
