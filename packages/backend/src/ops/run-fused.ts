// A recurrent op by the kernels of the running backend: one kernel forward, one back through time, and one for the gradient by
// x, which a first layer does not need.

import * as tf from '@tensorflow/tfjs-core';
import { runWithGradient } from '../tfjs/run-with-gradient.ts';
import { kernelNames, type RecurrentAttributes } from './kernel-contract.ts';
import { type RecurrentCall, type RecurrentResult, stateCount } from './recurrent-call.ts';

/** Runs a call that `hasKernels` has said yes to. */
export function runFused(call: RecurrentCall): RecurrentResult {
  const { cell, sizes, mask, reverse, activation, recurrentActivation } = call;
  const { x, ...others } = call.inputs;
  const names = Object.keys(others) as RecurrentAttributes['names'];
  const attributes: RecurrentAttributes = {
    ...{ cell, sizes, reverse, activation, recurrentActivation, names },
    masked: mask !== undefined,
    again: false,
  };
  const name = kernelNames[cell];
  const outputs = 1 + stateCount(cell);
  const [sequence, ...states] = runWithGradient({
    inputs: { x, ...others },
    forward(save) {
      const made = run(name, { x, ...others, ...(mask && { mask }) }, attributes);
      save(made.slice(outputs));
      return made.slice(0, outputs);
    },
    backward(dys, kept, again) {
      const inputs = { ...numbered('dy', dys), ...numbered('kept', kept) };
      const made = run(`${name}Grad`, inputs, { ...attributes, again });
      const handedOn = numbered('kept', made.slice(names.length));
      return {
        x: () => run(`${name}InputGrad`, handedOn, attributes)[0]!,
        ...Object.fromEntries(names.map((input, i) => [input, () => made[i]!])),
      };
    },
  });
  return { sequence: sequence as tf.Tensor3D, states: states as tf.Tensor2D[] };
}

function run(kernel: string, inputs: tf.NamedTensorMap, attributes: RecurrentAttributes): tf.Tensor[] {
  return tf
    .engine()
    .runKernel(kernel, inputs, attributes as unknown as tf.NamedAttrMap) as unknown as tf.Tensor[];
}

function numbered(prefix: string, tensors: tf.Tensor[]): tf.NamedTensorMap {
  return Object.fromEntries(tensors.map((tensor, i) => [`${prefix}${i}`, tensor]));
}
