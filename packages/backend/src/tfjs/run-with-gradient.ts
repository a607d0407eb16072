// An op of several outputs with its gradient. tf.customGrad takes one output only; the engine's method under it takes more. A
// kernel with a registered gradient would do, but for its workspace: as an output of the kernel it would get a gradient, of
// zeros as large as itself, made anew at every backward run.

import * as tf from '@tensorflow/tfjs-core';

/** Gradients by input; each is asked for only where it is needed, right after the function that gave it has returned. */
export type LazyGradients = Record<string, () => tf.Tensor>;

interface Op {
  inputs: tf.NamedTensorMap;
  /** Makes the outputs. What it saves lives until the gradient has been taken, or no longer than the call without one. */
  forward(save: (tensors: tf.Tensor[]) => void): tf.Tensor[];
  /** `again`: the gradient may be asked for again (one inside another), so what was saved must stay as it is. */
  backward(dys: tf.Tensor[], saved: tf.Tensor[], again: boolean): LazyGradients;
}

/** The private method of tfjs's engine. */
interface Engine {
  runKernelFunc(op: {
    inputs: tf.NamedTensorMap;
    forwardFunc(backend: tf.KernelBackend, save: (tensors: tf.Tensor[]) => void): tf.Tensor[];
    backwardsFunc(dys: tf.Tensor[], saved: tf.Tensor[]): LazyGradients;
  }): tf.Tensor[];
}

/** Runs an op of two outputs or more; outputs that nothing depends on get zeros for their gradient. */
export function runWithGradient({ inputs, forward, backward }: Op): tf.Tensor[] {
  const engine = tf.engine();
  return (engine as unknown as Engine).runKernelFunc({
    inputs,
    forwardFunc: (_backend, save) => forward(save),
    // The engine drops its tape after a gradient, unless that stands inside another one.
    backwardsFunc: (dys, saved) => backward(dys, saved, engine.state.gradientDepth > 0),
  });
}
