import { activationCodes, type Kernels, rnn as runRnn } from '@tidecast/backend';
import { type Activation, activationNames } from '../activations.ts';
import type { LayerConfig } from '../config.ts';
import { oneOf } from '../settings.ts';
import { addressOf, type PlannedCell } from './planned-recurrent.ts';
import { type RecurrentSettings, recurrentLayer } from './recurrent.ts';

/** Settings of {@link rnn}. */
export interface RnnSettings extends RecurrentSettings {
  /** Default `tanh`. `relu` with `recurrentInit: 'identity'` and zero bias is the IRNN. */
  activation?: Exclude<Activation, 'logSoftmax'>;
}

/** A simple recurrent layer as data. */
export interface RnnConfig extends RnnSettings, LayerConfig {
  type: 'rnn';
}

/**
 * Simple recurrent layer (Elman 1990): `h′ = φ(x·W + h·U + b)`, from h = 0.
 * Weights: `kernel [C, H]`, `recurrent [H, H]`, `bias [H]`; with layer norm, `φ(LN(x·W + h·U)∘gain + b)`, `gain [H]`. Result `[B, H]`, or `[B, T, H]` with `returnSequences`.
 */
export function rnn(settings: RnnSettings): RnnConfig {
  return { type: 'rnn', ...settings };
}

/** Definition of {@link rnn}. */
export const rnnLayer = recurrentLayer<RnnSettings>(
  {
    type: 'rnn',
    states: ['h'],
    weights: ({ units, kernelInit, recurrentInit, biasInit, layerNorm }, channels) => [
      { name: 'kernel', shape: [channels, units], init: kernelInit },
      { name: 'recurrent', shape: [units, units], init: recurrentInit },
      { name: 'bias', shape: [units], init: biasInit },
      ...(layerNorm ? [{ name: 'gain', shape: [units], init: 'ones' as const }] : []),
    ],
    norm: { sum: 'gain' },
    run: ({ activation }, weights, x, options) => runRnn(x, weights, { ...options, activation }),
    planned: ({ activation }) =>
      activation === 'softmax'
        ? 'rnn has no planned form with softmax'
        : (kernels) => plannedRnn(kernels, activationCodes[activation]),
  },
  {
    activation: oneOf(
      activationNames.filter((name) => name !== 'logSoftmax'),
      'tanh',
    ),
  },
);

function plannedRnn(kernels: Kernels, activation: number): PlannedCell {
  return {
    gates: 1,
    extra: 0,
    workspace: kernels.rnnWorkspace,
    forward: (run, batch) =>
      kernels.rnnForward(
        batch,
        run.steps,
        run.channels,
        run.units,
        run.reverse,
        activation,
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
      kernels.rnnBackward(
        batch,
        run.steps,
        run.channels,
        run.units,
        run.reverse,
        activation,
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
