// How much of the gradient reaches each step: vanishing and exploding gradients, seen.

import * as tf from '@tensorflow/tfjs-core';
import type { Batch } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import type { States } from '../fit/carry.ts';
import { lossOf, toTensor, toTensors, withoutMissing } from '../fit/gradients.ts';
import type { Loss } from '../losses/loss.ts';

/** The gradient by one recurrent state over time. */
export interface GradientFlow {
  /** Name of the state, for example `0.lstm.h`; both ways: `0.lstm.forward.h`. */
  state: string;
  /** ‖∂L/∂h_t‖ for t = 0, 1, …, T − 1. */
  norms: number[];
}

/** How the gradients are taken. */
export interface GradientFlowOptions {
  /** With dropout, as in a training step; default false. */
  training?: boolean;
  /** Seed of the random choices of a training step. */
  seed?: number;
  /** States that the batch starts from; default zeros. */
  state?: States;
}

/**
 * ‖∂L/∂h_t‖ for every step t and every recurrent state, in layer order; an lstm has two, h and c.
 *
 * The derivative is the total one: by everything that comes after the state, the layer's own output and all later steps. That of
 * an lstm's h holds the c of its step fixed; that of c includes the h that it makes. The norm is the Euclidean one over all rows and
 * units together, of the loss as training sees it (a mean over the batch). Where a step is masked, the gradient by what would have
 * been its state is 0.
 *
 * The layers run step by step on the tape, on every backend. A layer of your own takes part where it calls `onState`.
 * @throws if the model shows no state, or shapes do not fit.
 * Source: Pascanu, Mikolov, Bengio 2013, "On the difficulty of training recurrent neural networks", arXiv:1211.5063.
 */
export async function gradientFlow(
  model: Model,
  batch: Batch,
  loss: Loss,
  { training = false, seed, state }: GradientFlowOptions = {},
): Promise<GradientFlow[]> {
  const steps = new Map<string, number>();
  const seen: { state: string; step: number; gradient: tf.Tensor }[] = [];
  const watch = (name: string, step: number, value: tf.Tensor): tf.Tensor => {
    steps.set(name, Math.max(steps.get(name) ?? 0, step + 1));
    return lookAtGradient(tf.add(value, zero), (gradient) =>
      seen.push({ state: name, step, gradient: tf.keep(gradient) }),
    );
  };
  // Every state hangs on this zero, so that the gradient by it passes all of them, and no gradient of a weight is made.
  const zero = tf.tidy(() => tf.variable(tf.scalar(0)));
  // tfjs keeps what it saved for the backward run if the function throws. So the error waits until after it.
  let failure: { error: unknown } | undefined;
  const { value, grads } = tf.variableGrads(() => {
    try {
      const output = model.apply(toTensor(batch.x), {
        ...{ training, seed, onState: watch },
        ...(batch.mask && { mask: toTensor(batch.mask) }),
        ...(state && { state: toTensors(state) }),
      });
      return tf.add<tf.Scalar>(lossOf(loss, output, withoutMissing(batch)), zero);
    } catch (error) {
      failure = { error };
      return tf.mul(zero, 1) as tf.Scalar;
    }
  }, [zero]);
  try {
    if (failure) throw failure.error;
    if (steps.size === 0) {
      throw new Error(
        'gradientFlow: expected a model with recurrent layers, got one that shows no state. ' +
          'A layer of your own shows its states by calling onState.',
      );
    }
    const flows = [...steps].map(([name, count]) => ({ state: name, norms: Array<number>(count).fill(0) }));
    const byName = new Map(flows.map((flow) => [flow.state, flow]));
    for (const { state: name, step, gradient } of seen) {
      byName.get(name)!.norms[step] = norm((await gradient.data()) as Float32Array);
    }
    return flows;
  } finally {
    tf.dispose([zero, value, ...Object.values(grads), ...seen.map(({ gradient }) => gradient)]);
  }
}

/** The value itself; on the way back its gradient is shown as it passes. */
function lookAtGradient(value: tf.Tensor, show: (gradient: tf.Tensor) => void): tf.Tensor {
  const pass = tf.customGrad((given) => ({
    value: tf.clone(given as tf.Tensor),
    gradFunc: (gradient: tf.Tensor) => {
      show(tf.clone(gradient));
      return tf.clone(gradient);
    },
  }));
  return pass(value);
}

/** In float64: squares of gradients that have all but vanished are below what float32 holds. */
function norm(values: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}
