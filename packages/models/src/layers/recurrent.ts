// What the recurrent layers share: both directions, masks, last state or whole sequence. The cell over time is an op of the
// backend: one fused kernel where the running backend has one, else a composition of plain ops.

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type {
  Kernels,
  LayerNormGains,
  RecurrentOptions,
  RecurrentResult,
  RecurrentWeights,
} from '@tidecast/backend';
import { type Initializer, initializerSetting } from '../initializers.ts';
import type { LayerDefinition, WeightSpec } from '../layer-definition.ts';
import { flag, type Setting, wholeNumber } from '../settings.ts';
import { sequenceShape } from '../shape.ts';
import { type PlannedCell, planRecurrent } from './planned-recurrent.ts';
import {
  dropInputs,
  fromStep,
  planDropInputs,
  planLayerNorm,
  planRegularisers,
  type RegulariserSettings,
  regulariserSettings,
  variantOf,
} from './regularisers.ts';

/** Settings every recurrent layer has. */
export interface RecurrentSettings extends RegulariserSettings {
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
  ...regulariserSettings,
} satisfies Record<keyof RecurrentSettings, Setting>;

/** Weights of one direction by their name within the cell. */
export type CellWeights = Readonly<Record<string, Tensor>> & RecurrentWeights;

/** A recurrence. */
export interface Cell<S extends RecurrentSettings> {
  type: string;
  /** Names of its states, in the order of the op. */
  states: readonly ('h' | 'c')[];
  weights(settings: Required<S>, channels: number): readonly WeightSpec[];
  /** Weights that are the gains of layer norm, in the order of the kernels. */
  norm: Readonly<Partial<Record<keyof LayerNormGains, string>>>;
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
    states({ bidirectional, units }) {
      if (bidirectional) return 'bidirectional, so that it also starts at the end of a sequence';
      return Object.fromEntries(cell.states.map((name) => [name, units]));
    },
    apply({ settings, weights, x: given, mask, state, stateAfter, training, seed, onState }) {
      const shared = settings as Required<RecurrentSettings>;
      const { units, layerNorm, dropout } = shared;
      const specs = cell.weights(settings, given.shape[2]!);
      const x = training && dropout > 0 ? dropInputs(cell.type, given, dropout, seed) : given;
      const runs = directions(settings).map(({ prefix, reverse }) => {
        const own = Object.fromEntries(
          specs.map(({ name }) => [name, weights[prefix + name]!]),
        ) as CellWeights;
        const variant = variantOf({
          ...{ settings: shared, type: cell.type, prefix, rows: x.shape[0]!, units, training, seed, onState },
          ...(layerNorm && { norm: gainsOf(cell.norm, own) }),
        });
        const initialState =
          state && cell.states.map((name) => state[name] ?? tf.zeros([x.shape[0]!, units]));
        const run = (part: Tensor, from: number, options: RecurrentOptions) =>
          cell.run(settings, own, part, { ...options, reverse, variant: fromStep(variant, from) });
        return runThrough(run, x, { mask, initialState, stateAfter });
      });
      const handedOn = settings.bidirectional
        ? {}
        : { state: Object.fromEntries(cell.states.map((name, i) => [name, runs[0]!.handedOn[i]!])) };
      const join = (parts: Tensor[]) => (parts.length === 1 ? parts[0]! : tf.concat(parts, -1));
      if (!settings.returnSequences) {
        return { x: join(runs.map(({ states }) => states[0]!)), ...handedOn };
      }
      return { x: join(runs.map((run) => run.sequence)), ...(mask && { mask }), ...handedOn };
    },
    plan({ settings, weights, plan, input: given, position, states }) {
      const shared = settings as Required<RecurrentSettings>;
      const { units, returnSequences, dropout, layerNorm } = shared;
      const cellOf = cell.planned(settings);
      if (typeof cellOf === 'string') return cellOf;
      const [steps, channels] = given.shape as [number, number];
      const specs = cell.weights(settings, channels);
      const drops = plan.training && dropout > 0;
      const input = drops ? planDropInputs(plan, given, dropout, position) : given;
      const planned = cellOf(plan.kernels);
      return planRecurrent(plan, input, planned, {
        units,
        returnSequences,
        states,
        directions: directions(settings).map(({ prefix, reverse }) => {
          const own = Object.fromEntries(specs.map(({ name }) => [name, weights[prefix + name]!]));
          const gains = Object.values(cell.norm).map((name) => own[name]!);
          const norm = layerNorm && planLayerNorm(plan, gains, { steps, units, gates: planned.gates });
          const regularisers = planRegularisers(plan, shared, { prefix, steps, position });
          return { reverse, weights: own, regularisers: { ...regularisers, ...(norm && { norm }) } };
        }),
      });
    },
  };
}

/** As the op, and the states after `stateAfter` steps. */
function runThrough(
  run: (x: Tensor, from: number, options: RecurrentOptions) => RecurrentResult,
  x: Tensor,
  { mask, initialState, stateAfter }: RecurrentOptions & { stateAfter?: number },
): RecurrentResult & { handedOn: Tensor[] } {
  const [rows, steps, channels] = x.shape as [number, number, number];
  const first = stateAfter ?? steps;
  const part = (from: number, count: number, before: readonly Tensor[] | undefined) =>
    run(tf.slice(x, [0, from, 0], [rows, count, channels]), from, {
      mask: mask && tf.slice(mask, [0, from], [rows, count]),
      initialState: before,
    });
  if (first === steps) {
    const whole = run(x, 0, { mask, initialState });
    return { ...whole, handedOn: whole.states };
  }
  const head = part(0, first, initialState);
  const tail = part(first, steps - first, head.states);
  return { ...tail, sequence: tf.concat([head.sequence, tail.sequence], 1), handedOn: head.states };
}

/** The gains of layer norm among the weights of a cell. */
function gainsOf(norm: Cell<never>['norm'], weights: CellWeights): LayerNormGains {
  return Object.fromEntries(Object.entries(norm).map(([gain, name]) => [gain, weights[name]!]));
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
