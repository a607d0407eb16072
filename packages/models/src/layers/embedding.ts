import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerConfig } from '../config.ts';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { wholeNumber } from '../settings.ts';
import { formatShape } from '../shape.ts';

/** Settings of {@link embedding}. */
export interface EmbeddingSettings {
  /** How many codes there are: 0 … inputs − 1. */
  inputs: number;
  /** Size of the vector of each code. */
  units: number;
  /** Start of the vectors; default N(0, 1), as in torch.nn.Embedding. */
  kernelInit?: Initializer;
}

/** An embedding layer as data. */
export interface EmbeddingConfig extends EmbeddingSettings, LayerConfig {
  type: 'embedding';
}

/**
 * Gives every code a vector that is learnt: `y = E[x]`. Codes are whole numbers in float32, `[B, T, 1]` or `[B, T]`;
 * the result is `[B, T, units]`. Weight: `kernel [inputs, units]`. A mask passes through; codes have no gradient.
 * @throws while it runs where a code is no whole number from 0 to inputs − 1.
 */
export function embedding(settings: EmbeddingSettings): EmbeddingConfig {
  return { type: 'embedding', ...settings };
}

/** Definition of {@link embedding}. */
export const embeddingLayer: LayerDefinition<Required<EmbeddingSettings>> = {
  settings: {
    inputs: wholeNumber({ min: 1 }),
    units: wholeNumber({ min: 1, max: 2 ** 20 }),
    kernelInit: initializerSetting({ type: 'normal', sigma: 1 }),
  },
  outputShape({ units }, input) {
    if (input.length === 1 || (input.length === 2 && input[1] === 1)) return [input[0]!, units];
    throw new Error(
      `embedding: needs one code a step, [B, T, 1] or [B, T], got ${formatShape(input)}. ` +
        'Give every column of codes a network of its own, or one code for all of them.',
    );
  },
  weights: ({ inputs, units, kernelInit }) => [{ name: 'kernel', shape: [inputs, units], init: kernelInit }],
  apply({ settings: { inputs, units }, weights, x, mask }) {
    // A copy of a few numbers on both backends; it lets a code out of range be named.
    const codes = checkedCodes(x.dataSync<'float32'>(), inputs);
    const { shape: codesShape } = x;
    const shape = [codesShape[0]!, codesShape[1]!, units];
    // tfjs's own gradient of a gather hands a gradient to the codes, which is refused. x may be gone before the backward run.
    const lookUp = tf.customGrad((...[, kernel]) => {
      return {
        value: tf.reshape(tf.gather(kernel as Tensor2D, tf.tensor1d(codes, 'int32')), shape),
        gradFunc: (dy: Tensor) => [
          tf.zeros(codesShape),
          tf.unsortedSegmentSum(tf.reshape(dy, [codes.length, units]), tf.tensor1d(codes, 'int32'), inputs),
        ],
      };
    });
    const result = lookUp(x, weights.kernel!);
    return mask ? { x: result, mask } : { x: result };
  },
  plan({ settings: { inputs, units }, weights: { kernel }, plan, input }) {
    const steps = input.shape[0]!;
    const output = plan.signal([steps, units], input.mask);
    const { gradient } = output;
    const codes = new Int32Array(plan.batch * steps);
    plan.forward(({ batch }) => {
      const count = batch * steps;
      checkedCodes(plan.view(input.value, count), inputs, codes);
      const [rows, y] = [plan.view(kernel!.value), plan.view(output.value, count * units)];
      for (let i = 0; i < count; i++) {
        const [from, to] = [codes[i]! * units, i * units];
        for (let u = 0; u < units; u++) y[to + u] = rows[from + u]!;
      }
    });
    if (gradient) {
      plan.backward(({ batch }) => {
        const count = batch * steps;
        const [dRows, dy] = [plan.view(kernel!.gradient!), plan.view(gradient, count * units)];
        dRows.fill(0);
        for (let i = 0; i < count; i++) {
          const [to, from] = [codes[i]! * units, i * units];
          for (let u = 0; u < units; u++) dRows[to + u]! += dy[from + u]!;
        }
        if (input.gradient) plan.view(input.gradient, count).fill(0);
      });
    }
    return output;
  },
};

/** The codes as integers, into `result`. @throws on the first that is none of 0 … inputs − 1. */
function checkedCodes(
  x: Float32Array,
  inputs: number,
  result: Int32Array = new Int32Array(x.length),
): Int32Array {
  for (let i = 0; i < x.length; i++) {
    const code = x[i]!;
    if (!(code >= 0 && code < inputs && Math.floor(code) === code)) {
      throw new Error(
        `embedding: a code must be a whole number from 0 to ${inputs - 1}, got ${code}. ` +
          'Raise inputs, or count the codes from 0.',
      );
    }
    result[i] = code;
  }
  return result;
}
