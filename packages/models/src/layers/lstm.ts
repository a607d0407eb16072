import { activationCodes, type Kernels, lstm as runLstm } from '@tidecast/backend';
import type { LayerConfig } from '../config.ts';
import type { WeightSpec } from '../layer-definition.ts';
import { finiteNumber } from '../settings.ts';
import { addressOf, type PlannedCell } from './planned-recurrent.ts';
import { perGate, type RecurrentSettings, recurrentLayer } from './recurrent.ts';
import { share } from './regularisers.ts';

/** Settings of {@link lstm}. */
export interface LstmSettings extends RecurrentSettings {
  /** Start of the forget gate's bias, in place of `biasInit`; default 1 (Jozefowicz, Zaremba, Sutskever 2015). */
  forgetBias?: number;
  /** As `zoneout`, for the cell c; default 0. The new cell makes h before zoneout, as in the source. */
  cellZoneout?: number;
}

/** An LSTM layer as data. */
export interface LstmConfig extends LstmSettings, LayerConfig {
  type: 'lstm';
}

/**
 * Long short-term memory (Hochreiter, Schmidhuber 1997; forget gate: Gers, Schmidhuber, Cummins 2000):
 * `[i f g o] = x·W + h·U + b`, `c′ = σ(f)∘c + σ(i)∘tanh(g)`, `h′ = σ(o)∘tanh(c′)`, from h = c = 0.
 * Weights, gates in the order i, f, g, o: `kernel [C, 4H]`, `recurrent [H, 4H]`, `bias [4H]`.
 * With layer norm `[i f g o] = LN(x·W)∘inputGain + LN(h·U)∘recurrentGain + b` and `h′ = σ(o)∘tanh(LN(c′)∘cellGain + cellShift)`, gains
 * `[4H]` and `[H]`, each LN over all of its values.
 * Result `[B, H]`, or `[B, T, H]` with `returnSequences`.
 */
export function lstm(settings: LstmSettings): LstmConfig {
  return { type: 'lstm', ...settings };
}

/** Definition of {@link lstm}. */
export const lstmLayer = recurrentLayer<LstmSettings>(
  {
    type: 'lstm',
    states: ['h', 'c'],
    weights: ({ units, kernelInit, recurrentInit, biasInit, forgetBias, layerNorm }, channels) => [
      { name: 'kernel', shape: [channels, 4 * units], init: perGate(kernelInit, 4) },
      { name: 'recurrent', shape: [units, 4 * units], init: perGate(recurrentInit, 4) },
      {
        name: 'bias',
        shape: [4 * units],
        init: [biasInit, { type: 'constant', value: forgetBias }, biasInit, biasInit],
      },
      ...(layerNorm ? layerNormWeights(units) : []),
    ],
    norm: { input: 'inputGain', recurrent: 'recurrentGain', cell: 'cellGain', cellShift: 'cellShift' },
    run: (_settings, weights, x, options) => runLstm(x, weights, options),
    planned: () => plannedLstm,
  },
  {
    forgetBias: { ...finiteNumber('a finite number', () => true, 1), trainingOnly: true },
    cellZoneout: share(false),
  },
);

function layerNormWeights(units: number): WeightSpec[] {
  return [
    { name: 'inputGain', shape: [4 * units], init: 'ones' },
    { name: 'recurrentGain', shape: [4 * units], init: 'ones' },
    { name: 'cellGain', shape: [units], init: 'ones' },
    { name: 'cellShift', shape: [units], init: 'zeros' },
  ];
}

function plannedLstm(kernels: Kernels): PlannedCell {
  const { sigmoid, tanh } = activationCodes;
  return {
    gates: 4,
    extra: 2,
    workspace: kernels.lstmWorkspace,
    forward: (run, batch) =>
      kernels.lstmForward(
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
        addressOf(run.c0),
        addressOf(run.mask),
        addressOf(run.norm),
        addressOf(run.drops),
        addressOf(run.keep),
        addressOf(run.keepCell),
        run.workspace.address,
        addressOf(run.sequence),
        run.stride,
        addressOf(run.last),
        run.stride,
        0,
      ),
    backward: (run, batch) =>
      kernels.lstmBackward(
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
        addressOf(run.keepCell),
        run.workspace.address,
        addressOf(run.dSequence),
        run.stride,
        addressOf(run.dLast),
        run.stride,
        0,
        run.weights.kernel!.gradient!.address,
        run.weights.recurrent!.gradient!.address,
        run.weights.bias!.gradient!.address,
        addressOf(run.dx),
        run.addInput,
        0,
        0,
      ),
  };
}
