import * as tf from '@tensorflow/tfjs-core';
import { type Activation, activate, activationSetting } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition } from '../layer-definition.ts';
import { wholeNumber } from '../settings.ts';
import { planActivation, sumsFor } from './planned-activation.ts';

/** Settings of {@link dense}. */
export interface DenseSettings {
  /** Number of outputs. */
  units: number;
  /** Default `linear`. */
  activation?: Activation;
  /** Start of the kernel; default `glorotUniform`. */
  kernelInit?: Initializer;
  /** Start of the bias; default `zeros`. */
  biasInit?: Initializer;
}

/** A dense layer as data. */
export interface DenseConfig extends DenseSettings, LayerConfig {
  type: 'dense';
}

/**
 * Dense layer: `y = φ(x·W + b)` on `[B, F]`, or on every step of `[B, T, C]` and every pixel of `[B, H, W, C]` with
 * the same weights.
 * Weights: `kernel [in, units]`, `bias [units]`. A mask passes through.
 */
export function dense(settings: DenseSettings): DenseConfig {
  return { type: 'dense', ...settings };
}

/** Definition of {@link dense}. */
export const denseLayer: LayerDefinition<Required<DenseSettings>> = {
  settings: {
    units: wholeNumber({ min: 1, max: 2 ** 20 }),
    activation: activationSetting('linear'),
    kernelInit: initializerSetting('glorotUniform'),
    biasInit: initializerSetting('zeros', 'bias'),
  },
  outputShape: ({ units }, input) => [...input.slice(0, -1), units],
  weights: ({ units, kernelInit, biasInit }, input) => [
    { name: 'kernel', shape: [input[input.length - 1] as number, units], init: kernelInit },
    { name: 'bias', shape: [units], init: biasInit },
  ],
  apply({ settings, weights, x, mask }) {
    const width = x.shape[x.shape.length - 1]!;
    const flat = tf.reshape(x, [x.size / width, width]);
    const sums = tf.add(tf.matMul(flat as tf.Tensor2D, weights.kernel as tf.Tensor2D), weights.bias!);
    const result = tf.reshape(activate(settings.activation, sums), [...x.shape.slice(0, -1), settings.units]);
    return mask ? { x: result, mask } : { x: result };
  },
  plan({ settings: { units, activation }, weights: { kernel, bias }, plan, input }) {
    const { kernels } = plan;
    const width = input.shape[input.shape.length - 1]!;
    const rows = input.shape.slice(0, -1).reduce((product, size) => product * size, 1);
    const output = plan.signal([...input.shape.slice(0, -1), units], input.mask);
    const sums = sumsFor(plan, activation, output);
    const scratch = plan.scratch(
      Math.max(
        kernels.gemmScratch(plan.batch * rows, units, width),
        kernels.gemmScratch(width, units, plan.batch * rows),
        kernels.gemmScratch(plan.batch * rows, width, units),
      ),
    );
    plan.forward(({ batch }) => {
      const m = batch * rows;
      const { address } = sums;
      kernels.fillBias(m, units, bias!.value.address, address);
      kernels.gemm(
        m,
        units,
        width,
        input.value.address,
        width,
        false,
        kernel!.value.address,
        units,
        false,
        address,
        units,
        true,
        scratch.address,
      );
    });
    const { gradient } = output;
    if (gradient) {
      plan.backward(({ batch }) => {
        const m = batch * rows;
        kernels.sumRows(m, units, gradient.address, bias!.gradient!.address);
        kernels.gemm(
          width,
          units,
          m,
          input.value.address,
          width,
          true,
          gradient.address,
          units,
          false,
          kernel!.gradient!.address,
          units,
          false,
          scratch.address,
        );
        if (!input.gradient) return;
        kernels.gemm(
          m,
          width,
          units,
          gradient.address,
          units,
          false,
          kernel!.value.address,
          units,
          true,
          input.gradient.address,
          width,
          false,
          scratch.address,
        );
      });
    }
    planActivation(plan, activation, sums, output);
    return output;
  },
};
