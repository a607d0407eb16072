import * as tf from '@tensorflow/tfjs-core';

/** Runs a kernel of one result by its name, with attributes of any type. */
export function runKernel(kernel: string, inputs: tf.NamedTensorMap, attributes: object): tf.Tensor {
  return tf.engine().runKernel(kernel, inputs, attributes as tf.NamedAttrMap) as tf.Tensor;
}
