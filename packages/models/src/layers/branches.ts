// A layer that holds lists of layers: the way several outputs, and what stands in the middle of a network, leave it as one
// result.

import * as tf from '@tensorflow/tfjs-core';
import type { Block, Signal } from '@tidecast/backend';
import type { LayerConfig } from '../config.ts';
import type { LayerDefinition, PlanCall } from '../layer-definition.ts';
import { type LayerKinds, resolveLayers } from '../resolve-layers.ts';
import { formatShape, type Shape } from '../shape.ts';
import {
  applyList,
  type LayerList,
  layersAsData,
  planList,
  shareInput,
  statisticsOfLists,
  weightsOfLists,
} from './layer-lists.ts';

/** Settings of {@link branches}. */
export interface BranchesSettings {
  /** Lists of layers. Each begins at the layer's input and ends in flat results; an empty one hands its input on. */
  branches: readonly (readonly LayerConfig[])[];
}

/** Branches as data. */
export interface BranchesConfig extends BranchesSettings, LayerConfig {
  type: 'branches';
}

/**
 * Runs lists of layers side by side on one input and lays their results `[B, Fᵢ]` one after the other: `[B, Σ Fᵢ]`.
 * Weights are named by branch and position: `2.branches.0.1.dense.kernel`. A mask goes to every branch. Recurrent layers inside
 * begin every run from zeros: their states are not carried over batches.
 */
export function branches(settings: BranchesSettings): BranchesConfig {
  return {
    type: 'branches',
    branches: settings.branches.map((layers) => layers.map((layer) => ({ ...layer }))),
  };
}

interface CopyOptions {
  batch: number;
  /** From the whole to the part. */
  back: boolean;
}

type Settings = Required<BranchesSettings>;

const isLists = (value: unknown) =>
  Array.isArray(value) && value.length >= 1 && value.length <= 1000 && value.every(Array.isArray);

/** Definition of {@link branches}, whose layers are of the given kinds. */
export function branchesLayer(kinds: LayerKinds): LayerDefinition<Settings> {
  /** The layers inside, by the settings they were worked out from. */
  const known = new WeakMap<Settings, readonly LayerList[]>();
  const resolve = ({ branches: lists }: Settings, input: Shape) =>
    lists.map((layers, index): LayerList => {
      const owner = `branches: branch ${index}`;
      return { name: `${index}`, index, layers: resolveLayers(layers, input, { kinds, owner }) };
    });
  return {
    settings: {
      branches: { expected: 'a list of lists of layers', accepts: isLists },
    },
    complete(given, input) {
      const lists = resolve(given, input);
      const settings = { branches: lists.map(layersAsData) };
      known.set(settings, lists);
      return settings;
    },
    outputShape(settings, input) {
      const sizes = known.get(settings)!.map(({ layers, index }) => {
        const shape = layers.at(-1)?.outputShape ?? input;
        if (shape.length === 1) return shape[0]!;
        throw new Error(
          `branches: branch ${index} must end in flat results [B, F], got ${formatShape(shape)}. ` +
            'End it in flatten().',
        );
      });
      return [sizes.reduce((sum, size) => sum + size, 0)];
    },
    weights: (settings) => weightsOfLists(known.get(settings)!),
    statistics: (settings) => statisticsOfLists(known.get(settings)!),
    apply(call) {
      const results = known.get(call.settings)!.map((list) => applyList(list, call));
      return { x: results.length === 1 ? results[0]! : tf.concat(results, 1) };
    },
    plan: (call) => planBranches(known.get(call.settings)!, call),
  };
}

function planBranches(lists: readonly LayerList[], call: PlanCall<Settings>): Signal | string {
  const { plan, input } = call;
  const inputs = shareInput(plan, input, lists.length);
  const results: Signal[] = [];
  for (const [i, list] of lists.entries()) {
    const result = planList(list, call, inputs[i]!);
    if (typeof result === 'string') return `branch ${list.name}: ${result}`;
    results.push(result);
  }
  const widths = results.map(({ shape }) => shape[0]!);
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, each) => sum + each, 0));
  const width = widths.reduce((sum, each) => sum + each, 0);
  const output = plan.signal([width]);
  /** Copies the rows of every branch into those of the whole, or back. */
  const copy = (whole: Float32Array, block: Block | undefined, i: number, { batch, back }: CopyOptions) => {
    // An empty branch of an input that nobody asks a gradient of has none.
    if (!block) return;
    const part = plan.view(block);
    const size = widths[i]!;
    for (let b = 0; b < batch; b++) {
      const from = b * width + starts[i]!;
      if (back) part.set(whole.subarray(from, from + size), b * size);
      else whole.set(part.subarray(b * size, (b + 1) * size), from);
    }
  };
  plan.forward(({ batch }) => {
    const whole = plan.view(output.value);
    results.forEach((each, i) => {
      copy(whole, each.value, i, { batch, back: false });
    });
  });
  if (output.gradient) {
    const { gradient: from } = output;
    plan.backward(({ batch }) => {
      const whole = plan.view(from);
      results.forEach((each, i) => {
        copy(whole, each.gradient, i, { batch, back: true });
      });
    });
  }
  return output;
}
