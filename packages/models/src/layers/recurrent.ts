// What the recurrent layers share: both directions, masks, last state or whole sequence. The cell over time is an op of the
// backend: one fused kernel where the running backend has one, else a composition of plain ops.

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Kernels, RecurrentOptions, RecurrentResult, RecurrentWeights } from '@tidecast/backend';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition, WeightSpec } from '../layer-definition.ts';
import { flag, type Setting, wholeNumber } from '../settings.ts';
import { sequenceShape } from '../shape.ts';
import { type PlannedCell, planRecurrent } from './planned-recurrent.ts';

/** Settings every recurrent layer has. */
export interface RecurrentSettings {
  /** Size H of the state. */
  units: number;
  /** All states `[B, T, H]` instead of the last one `[B, H]`; default false. */
  returnSequences?: boolean;
  /** A second set of weights runs backwards; the two results are joined to 2H values; default false. */
  bidirectional?: boolean;
  /** Start of the input kernel; default `glorotUniform`. */
  kernelInit?: Initializer;
  /** Start of the recurrent kernel, gate by gate; default `orthogonal`. */
  recurrentInit?: Initializer;
  /** Start of the biases; default `zeros`. */
  biasInit?: Initializer;
}

/** The settings of {@link RecurrentSettings}, for a definition. */
export const recurrentSettings = {
  units: wholeNumber({ min: 1, max: 65_536 }),
  returnSequences: flag(false),
  bidirectional: flag(false),
  kernelInit: initializerSetting('glorotUniform'),
  recurrentInit: initializerSetting('orthogonal'),
  biasInit: initializerSetting('zeros', 'bias'),
} satisfies Record<keyof RecurrentSettings, Setting>;

/** Weights of one direction by their name within the cell. */
export type CellWeights = Readonly<Record<string, Tensor>> & RecurrentWeights;

/** A recurrence. */
export interface Cell<S extends RecurrentSettings> {
  type: string;
  weights(settings: Required<S>, channels: number): readonly WeightSpec[];
  /** Runs it over `x [B, T, C]`. */
  run(settings: Required<S>, weights: CellWeights, x: Tensor, options: RecurrentOptions): RecurrentResult;
  /** The kernels that run the cell in a plan, or why there are none for these settings. */
  planned(settings: Required<S>): ((kernels: Kernels) => PlannedCell) | string;
}

/** The layer that runs `cell` over time. `own` are the settings the cell adds to the shared ones. */
export function recurrentLayer<S extends RecurrentSettings>(
  cell: Cell<S>,
  own: Record<Exclude<keyof S, keyof RecurrentSettings>, Setting>,
): LayerDefinition<Required<S>> {
  return {
    settings: { ...recurrentSettings, ...own } as unknown as LayerDefinition<Required<S>>['settings'],
    outputShape(settings, input) {
      const { steps } = sequenceShape(cell.type, input);
      const width = settings.units * (settings.bidirectional ? 2 : 1);
      return settings.returnSequences ? [steps, width] : [width];
    },
    weights(settings, input) {
      const { channels } = sequenceShape(cell.type, input);
      return directions(settings).flatMap(({ prefix }) =>
        cell.weights(settings, channels).map((spec) => ({ ...spec, name: prefix + spec.name })),
      );
    },
    apply({ settings, weights, x, mask }) {
      const runs = directions(settings).map(({ prefix, reverse }) => {
        const specs = cell.weights(settings, x.shape[2]!);
        const own = Object.fromEntries(specs.map(({ name }) => [name, weights[prefix + name]!]));
        return cell.run(settings, own as CellWeights, x, { mask, reverse });
      });
      const join = (parts: Tensor[]) => (parts.length === 1 ? parts[0]! : tf.concat(parts, -1));
      if (!settings.returnSequences) return { x: join(runs.map(({ states }) => states[0]!)) };
      const sequence = join(runs.map((run) => run.sequence));
      return mask ? { x: sequence, mask } : { x: sequence };
    },
    plan({ settings, weights, plan, input }) {
      const cellOf = cell.planned(settings);
      if (typeof cellOf === 'string') return cellOf;
      const specs = cell.weights(settings, input.shape[1]!);
      const { units, returnSequences } = settings as Required<RecurrentSettings>;
      return planRecurrent(plan, input, cellOf, {
        units,
        returnSequences,
        directions: directions(settings).map(({ prefix, reverse }) => ({
          reverse,
          weights: Object.fromEntries(specs.map(({ name }) => [name, weights[prefix + name]!])),
        })),
      });
    },
  };
}

function directions(settings: RecurrentSettings): { prefix: string; reverse: boolean }[] {
  if (!settings.bidirectional) return [{ prefix: '', reverse: false }];
  return [
    { prefix: 'forward.', reverse: false },
    { prefix: 'backward.', reverse: true },
  ];
}

/** `gates` copies of an initialiser: each gate is a matrix of its own. */
export function perGate(init: Initializer, gates: number): Initializer[] {
  return Array.from({ length: gates }, () => init);
}
