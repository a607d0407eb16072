import { activationCodes, type Kernels, gru as runGru } from '@tidecast/backend';
import type { LayerConfig } from '../config.ts';
import { flag } from '../settings.ts';
import { addressOf, type PlannedCell } from './planned-recurrent.ts';
import { perGate, type RecurrentSettings, recurrentLayer } from './recurrent.ts';

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
 * `recurrentBias [3H]` (c). With layer norm the products with W and U are normalised before their biases, r and z together and n
 * for itself, times `inputGain [3H]` and `recurrentGain [3H]`. Result `[B, H]`, or `[B, T, H]` with `returnSequences`.
 */
export function gru(settings: GruSettings): GruConfig {
  return { type: 'gru', ...settings };
}

/** Definition of {@link gru}. */
export const gruLayer = recurrentLayer<GruSettings>(
  {
    type: 'gru',
    states: ['h'],
    weights: ({ units, kernelInit, recurrentInit, biasInit, resetAfter, layerNorm }, channels) => [
      { name: 'kernel', shape: [channels, 3 * units], init: perGate(kernelInit, 3) },
      { name: 'recurrent', shape: [units, 3 * units], init: perGate(recurrentInit, 3) },
      { name: 'bias', shape: [3 * units], init: perGate(biasInit, 3) },
      ...(resetAfter ? [{ name: 'recurrentBias', shape: [3 * units], init: perGate(biasInit, 3) }] : []),
      ...(layerNorm
        ? ['inputGain', 'recurrentGain'].map((name) => ({ name, shape: [3 * units], init: 'ones' as const }))
        : []),
    ],
    norm: { input: 'inputGain', recurrent: 'recurrentGain' },
    run: ({ resetAfter }, weights, x, options) => runGru(x, weights, { ...options, resetAfter }),
    planned: ({ resetAfter }) => (resetAfter ? plannedAfter : plannedBefore),
  },
  { resetAfter: flag(true) },
);

function plannedAfter(kernels: Kernels): PlannedCell {
  const { sigmoid, tanh } = activationCodes;
  return {
    gates: 4,
    extra: 0,
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
        addressOf(run.h0),
        addressOf(run.mask),
        addressOf(run.norm),
        addressOf(run.drops),
        addressOf(run.keep),
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
        addressOf(run.norm),
        addressOf(run.drops),
        addressOf(run.keep),
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
    gates: 3,
    extra: 1,
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
        addressOf(run.h0),
        addressOf(run.mask),
        addressOf(run.norm),
        addressOf(run.drops),
        addressOf(run.keep),
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
        addressOf(run.norm),
        addressOf(run.drops),
        addressOf(run.keep),
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
