// Weights from elsewhere into a model that is there: found by name, turned into the layout here, checked, and only then
// assigned, all or none.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import { type Model, resolveModel } from '@tidecast/models';
import {
  TURNED_LAYERS,
  turnWeight,
  type WeightLayout,
  type WeightPlace,
  weightLayouts,
} from './weight-layouts.ts';

/** How {@link assignWeights} finds and reads weights. */
export interface AssignWeightsOptions {
  /** Whose names and layouts the arrays have; default `tidecast`: those of this library. */
  layout?: WeightLayout;
  /**
   * What stands before the dot in the array's names for each layer of the model, for example
   * `{ '0.cnn2d': 'features.0', '5.dense': 'classifier.1' }`; default: the layer's own name.
   */
  rename?: Readonly<Record<string, string>>;
  /** Layers, or beginnings of their names, that keep what they have, such as a new head; default none. */
  keep?: readonly string[];
  /** Arrays may be left over; default false: they are refused. */
  allowUnused?: boolean;
}

/** What {@link assignWeights} did. */
export interface AssignedWeights {
  /** Weights and statistics that were assigned. */
  assigned: string[];
  /** Those of layers to `keep`. */
  kept: string[];
  /** Arrays that were for nothing in the model; PyTorch's counters of batches do not count. */
  unused: string[];
}

/** Counters that PyTorch keeps beside its statistics, for nothing else. */
const COUNTER = /(^|\.)num_batches_tracked$/;

/**
 * Puts named arrays into the weights and statistics of `model`. Kernels are transposed from the `layout` of the arrays;
 * under a dense layer right after `flatten` the rows of a PyTorch kernel are put in order too, since pictures are
 * flattened channel by channel there. Running means and variances count as weights.
 * @throws and changes nothing, if a weight finds no array, an array is left over, one has another shape or a value that is
 * not finite, `rename` or `keep` names no layer, or the layout of a layer is not known.
 */
export function assignWeights(
  model: Model,
  arrays: Readonly<Record<string, NdArray>>,
  { layout = 'tidecast', rename = {}, keep = [], allowUnused = false }: AssignWeightsOptions = {},
): AssignedWeights {
  if (!Object.hasOwn(weightLayouts, layout)) {
    throw new Error(
      `assignWeights: layout must be one of ${Object.keys(weightLayouts).join(', ')}, got '${layout}'.`,
    );
  }
  const variables: Record<string, tf.Variable> = { ...model.weights, ...model.statistics };
  const names = Object.keys(variables);
  const layers = [...new Set(names.map(layerOf))];
  refuseUnknown('rename', Object.keys(rename), (name) => layers.includes(name), layers);
  refuseUnknown('keep', keep, (name) => layers.some((layer) => begins(layer, name)), layers);
  const flattened = flattenedBefore(model);
  const kept = names.filter((name) => keep.some((each) => begins(layerOf(name), each)));
  const values = new Map<string, Float32Array>();
  const used = new Set<string>();
  const faults: string[] = [];
  for (const name of names) {
    if (kept.includes(name)) continue;
    const layer = layerOf(name);
    const place: WeightPlace = {
      type: layer.split('.').at(-1)!,
      role: name.slice(layer.length + 1),
      shape: variables[name]!.shape,
      ...(flattened[layer] && { flattened: flattened[layer] }),
    };
    if (layout !== 'tidecast' && !TURNED_LAYERS.includes(place.type)) {
      faults.push(`${name}: how ${layout} lays out the weights of ${place.type} is not known`);
      continue;
    }
    const candidates = weightLayouts[layout].names(place).map((each) => `${rename[layer] ?? layer}.${each}`);
    const found = candidates.find((each) => Object.hasOwn(arrays, each));
    if (found === undefined) {
      faults.push(`${name}: '${candidates[0]}' is missing`);
      continue;
    }
    used.add(found);
    try {
      values.set(name, finite(found, turnWeight(layout, place, { name: found, array: arrays[found]! })));
    } catch (error) {
      faults.push(`${name}: ${(error as Error).message}`);
    }
  }
  const unused = Object.keys(arrays).filter((name) => !used.has(name) && !COUNTER.test(name));
  if (unused.length > 0 && !allowUnused) {
    faults.push(`no place for ${listed(unused.map((name) => `'${name}'`))}`);
  }
  if (faults.length > 0) {
    throw new Error(
      `assignWeights: the arrays do not fit the model: ${listed(faults, '; ')}. ` +
        'Say by rename which layer is which, by keep what stays, and by allowUnused that arrays may be left over.',
    );
  }
  for (const [name, data] of values) {
    const variable = variables[name]!;
    tf.tidy(() => variable.assign(tf.tensor(data, variable.shape)));
  }
  return { assigned: [...values.keys()], kept, unused };
}

/** A weight's name without what it is in its layer: `0.cnn2d` of `0.cnn2d.kernel`. */
function layerOf(weight: string): string {
  return weight.slice(0, weight.lastIndexOf('.'));
}

/** True where `name` is the layer, or begins its name up to a dot. */
function begins(layer: string, name: string): boolean {
  return layer === name || layer.startsWith(`${name}.`);
}

function refuseUnknown(
  option: string,
  given: readonly string[],
  known: (name: string) => boolean,
  layers: readonly string[],
): void {
  const wrong = given.find((name) => !known(name));
  if (wrong === undefined) return;
  throw new Error(
    `assignWeights: ${option} names '${wrong}', which is no layer with weights. They are ${listed(layers)}.`,
  );
}

/** Shapes of what is flattened right before dense layers, by the layer's name. Dropout in between changes no order. */
function flattenedBefore(model: Model): Record<string, readonly number[]> {
  const shapes: Record<string, readonly number[]> = {};
  let flattened: readonly number[] | undefined;
  for (const { name, type, inputShape } of resolveModel(model.config).layers) {
    if (type === 'flatten') flattened = inputShape.length > 1 ? (inputShape as readonly number[]) : undefined;
    else if (type !== 'dropout') {
      if (type === 'dense' && flattened) shapes[name] = flattened;
      flattened = undefined;
    }
  }
  return shapes;
}

function finite(name: string, values: Float32Array): Float32Array {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return values;
  throw new Error(`'${name}' holds ${values[wrong]}, which is no weight`);
}

/** The first few, and how many more there are. */
function listed(items: readonly string[], between = ', '): string {
  const rest = items.length - 8;
  return `${items.slice(0, 8).join(between)}${rest > 0 ? `${between}and ${rest} more` : ''}`;
}
