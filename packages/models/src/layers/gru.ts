import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { activationCodes, type Kernels } from '@tidecast/backend';
import type { LayerConfig } from '../config.ts';
import { flag } from '../settings.ts';
import { addressOf, type PlannedCell } from './planned-recurrent.ts';
import { type CellWeights, perGate, product, type RecurrentSettings, recurrentLayer } from './recurrent.ts';

/** Settings of {@link gru}. */
export interface GruSettings extends RecurrentSettings {
  /**
   * True (default): the reset gate multiplies h·U, as in PyTorch and cuDNN.
   * False: it multiplies h before the product, as in Cho et al. 2014.
   */
  resetAfter?: boolean;
}

/** A GRU layer as data. */
export interface GruConfig extends GruSettings, LayerConfig {
  type: 'gru';
}

/**
 * Gated recurrent unit (Cho et al. 2014, arXiv:1406.1078), from h = 0:
 * `r = σ(x·Wr + br + h·Ur + cr)`, `z = σ(x·Wz + bz + h·Uz + cz)`, `h′ = (1 − z)∘n + z∘h`, with
 * `n = tanh(x·Wn + bn + r∘(h·Un + cn))`, or `n = tanh(x·Wn + bn + (r∘h)·Un)` where `resetAfter` is false (no c then).
 * Weights, gates in the order r, z, n: `kernel [C, 3H]`, `recurrent [H, 3H]`, `bias [3H]` (b) and, with reset-after,
 * `recurrentBias [3H]` (c). Result `[B, H]`, or `[B, T, H]` with `returnSequences`.
 */
export function gru(settings: GruSettings): GruConfig {
  return { type: 'gru', ...settings };
}

/** Definition of {@link gru}. */
export const gruLayer = recurrentLayer<GruSettings>(
  {
    type: 'gru',
    states: 1,
    weights: ({ units, kernelInit, recurrentInit, biasInit, resetAfter }, channels) => [
      { name: 'kernel', shape: [channels, 3 * units], init: perGate(kernelInit, 3) },
      { name: 'recurrent', shape: [units, 3 * units], init: perGate(recurrentInit, 3) },
      { name: 'bias', shape: [3 * units], init: perGate(biasInit, 3) },
      ...(resetAfter ? [{ name: 'recurrentBias', shape: [3 * units], init: perGate(biasInit, 3) }] : []),
    ],
    inputBias: (weights) => weights.bias!,
    step: ({ resetAfter, units }, weights) =>
      resetAfter ? resetAfterStep(weights) : resetBeforeStep(weights, units),
    planned: ({ resetAfter }) => (resetAfter ? plannedAfter : plannedBefore),
  },
  { resetAfter: flag(true) },
);

type Step = (projected: Tensor, states: Tensor[]) => Tensor[];

function resetAfterStep(weights: CellWeights): Step {
  return (projected, [h]) => {
    const [xr, xz, xn] = tf.split(projected, 3, 1) as [Tensor, Tensor, Tensor];
    const recurrent = tf.add(product(h!, weights.recurrent!), weights.recurrentBias!);
    const [hr, hz, hn] = tf.split(recurrent, 3, 1) as [Tensor, Tensor, Tensor];
    const r = tf.sigmoid(tf.add(xr, hr));
    const z = tf.sigmoid(tf.add(xz, hz));
    return [blend(z, tf.tanh(tf.add(xn, tf.mul(r, hn))), h!)];
  };
}

function resetBeforeStep(weights: CellWeights, units: number): Step {
  const [ofGates, ofCandidate] = tf.split(weights.recurrent!, [2 * units, units], 1) as [Tensor, Tensor];
  return (projected, [h]) => {
    const [xGates, xn] = tf.split(projected, [2 * units, units], 1) as [Tensor, Tensor];
    const gates = tf.sigmoid(tf.add(xGates, product(h!, ofGates)));
    const [r, z] = tf.split(gates, 2, 1) as [Tensor, Tensor];
    return [blend(z, tf.tanh(tf.add(xn, product(tf.mul(r, h!), ofCandidate))), h!)];
  };
}

/** `(1 − z)∘n + z∘h`, written as `n + z∘(h − n)`. */
function blend(z: Tensor, n: Tensor, h: Tensor): Tensor {
  return tf.add(n, tf.mul(z, tf.sub(h, n)));
}

function plannedAfter(kernels: Kernels): PlannedCell {
  const { sigmoid, tanh } = activationCodes;
  return {
    workspace: kernels.gruWorkspace,
    forward: (run, batch) =>
      kernels.gruForward(
        batch,
        run.steps,
        run.channels,
        run.units,
        run.reverse,
        sigmoid,
        tanh,
        run.x.address,
        run.weights.kernel!.value.address,
        run.weights.recurrent!.value.address,
        run.weights.bias!.value.address,
        run.weights.recurrentBias!.value.address,
        0,
        addressOf(run.mask),
        run.workspace.address,
        addressOf(run.sequence),
        run.stride,
        addressOf(run.last),
        run.stride,
      ),
    backward: (run, batch) =>
      kernels.gruBackward(
        batch,
        run.steps,
        run.channels,
        run.units,
        run.reverse,
        sigmoid,
        tanh,
        addressOf(run.mask),
        run.workspace.address,
        addressOf(run.dSequence),
        run.stride,
        addressOf(run.dLast),
        run.stride,
        run.weights.kernel!.gradient!.address,
        run.weights.recurrent!.gradient!.address,
        run.weights.bias!.gradient!.address,
        run.weights.recurrentBias!.gradient!.address,
        addressOf(run.dx),
        run.addInput,
        0,
      ),
  };
}

function plannedBefore(kernels: Kernels): PlannedCell {
  const { sigmoid, tanh } = activationCodes;
  return {
    workspace: kernels.gruBeforeWorkspace,
    forward: (run, batch) =>
      kernels.gruBeforeForward(
        batch,
        run.steps,
        run.channels,
        run.units,
        run.reverse,
        sigmoid,
        tanh,
        run.x.address,
        run.weights.kernel!.value.address,
        run.weights.recurrent!.value.address,
        run.weights.bias!.value.address,
        0,
        addressOf(run.mask),
        run.workspace.address,
        addressOf(run.sequence),
        run.stride,
        addressOf(run.last),
        run.stride,
      ),
    backward: (run, batch) =>
      kernels.gruBeforeBackward(
        batch,
        run.steps,
        run.channels,
        run.units,
        run.reverse,
        sigmoid,
        tanh,
        addressOf(run.mask),
        run.workspace.address,
        addressOf(run.dSequence),
        run.stride,
        addressOf(run.dLast),
        run.stride,
        run.weights.kernel!.gradient!.address,
        run.weights.recurrent!.gradient!.address,
        run.weights.bias!.gradient!.address,
        addressOf(run.dx),
        run.addInput,
        0,
      ),
  };
}
