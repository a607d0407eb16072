// A layer that holds lists of layers: the way several outputs, and what stands in the middle of a network, leave it as one
// result.

import type { Tensor } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import type { Block, PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import { deriveSeed } from '@tidecast/data';
import type { LayerConfig } from '../config.ts';
import type { LayerCall, LayerDefinition, LayerResult, PlanCall } from '../layer-definition.ts';
import { planLayers } from '../plan-layers.ts';
import { type LayerKinds, type ResolvedLayer, resolveLayers } from '../resolve-layers.ts';
import { formatShape, type Shape } from '../shape.ts';

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
type Lists = readonly (readonly ResolvedLayer[])[];

const isLists = (value: unknown) =>
  Array.isArray(value) && value.length >= 1 && value.length <= 1000 && value.every(Array.isArray);

/** Definition of {@link branches}, whose layers are of the given kinds. */
export function branchesLayer(kinds: LayerKinds): LayerDefinition<Settings> {
  /** The layers inside, by the settings they were worked out from. */
  const known = new WeakMap<Settings, Lists>();
  const resolve = ({ branches: lists }: Settings, input: Shape) =>
    lists.map((layers, index) => resolveLayers(layers, input, { kinds, owner: `branches: branch ${index}` }));
  return {
    settings: {
      branches: { expected: 'a list of lists of layers', accepts: isLists },
    },
    complete(given, input) {
      const lists = resolve(given, input);
      const settings = {
        branches: lists.map((layers) => layers.map((layer) => ({ type: layer.type, ...layer.settings }))),
      };
      known.set(settings, lists);
      return settings;
    },
    outputShape(settings, input) {
      const sizes = known.get(settings)!.map((layers, index) => {
        const shape = layers.at(-1)?.outputShape ?? input;
        if (shape.length === 1) return shape[0]!;
        throw new Error(
          `branches: branch ${index} must end in flat results [B, F], got ${formatShape(shape)}. ` +
            'End it in flatten().',
        );
      });
      return [sizes.reduce((sum, size) => sum + size, 0)];
    },
    weights: (settings) =>
      known
        .get(settings)!
        .flatMap((layers, index) =>
          layers.flatMap((layer) =>
            layer.weights.map((spec) => ({ ...spec, name: `${index}.${layer.name}.${spec.name}` })),
          ),
        ),
    apply(call) {
      const results = known.get(call.settings)!.map((layers, index) => runBranch(layers, index, call));
      return { x: results.length === 1 ? results[0]! : tf.concat(results, 1) };
    },
    plan: (call) => planBranches(known.get(call.settings)!, call),
  };
}

/** The weights of one layer inside, by their names within it. */
function weightsOf<W>(
  layer: ResolvedLayer,
  branch: number,
  all: Readonly<Record<string, W>>,
): Record<string, W> {
  return Object.fromEntries(layer.weights.map(({ name }) => [name, all[`${branch}.${layer.name}.${name}`]!]));
}

function runBranch(
  layers: readonly ResolvedLayer[],
  branch: number,
  { weights, x, mask, training, seed, onLayer }: LayerCall<Settings>,
): Tensor {
  let state: LayerResult = mask ? { x, mask } : { x };
  layers.forEach((layer, index) => {
    state = layer.definition.apply({
      settings: layer.settings as Record<string, unknown>,
      weights: weightsOf(layer, branch, weights),
      ...state,
      training,
      ...(seed !== undefined && { seed: deriveSeed(deriveSeed(seed, branch), index) }),
      ...(onLayer && { onLayer: (inner, value) => onLayer(`${branch}.${layer.name}.${inner}`, value) }),
    });
    if (onLayer) state = { ...state, x: onLayer(`${branch}.${layer.name}`, state.x) };
  });
  return state.x;
}

function planBranches(lists: Lists, { weights, plan, input, position }: PlanCall<Settings>): Signal | string {
  // Every branch writes a gradient of its own by the shared input; the step that adds them up runs after all of theirs.
  const { gradient } = input;
  const inputs = lists.map((): Signal => {
    return { ...input, ...(gradient && { gradient: plan.block(gradient.length) }) };
  });
  if (gradient) {
    const perExample = input.shape.reduce((product, size) => product * size, 1);
    plan.backward(({ batch }) => {
      const count = batch * perExample;
      const sum = plan.view(gradient, count);
      sum.set(plan.view(inputs[0]!.gradient!, count));
      for (let i = 1; i < inputs.length; i++) {
        const part = plan.view(inputs[i]!.gradient!, count);
        for (let k = 0; k < count; k++) sum[k]! += part[k]!;
      }
    });
  }
  const results: Signal[] = [];
  for (const [branch, layers] of lists.entries()) {
    const own: Record<string, PlannedWeight> = {};
    for (const layer of layers) {
      for (const [name, weight] of Object.entries(weightsOf(layer, branch, weights))) {
        own[`${layer.name}.${name}`] = weight;
      }
    }
    const result = planLayers(layers, seededPlan(plan, position, branch), inputs[branch]!, own);
    if (typeof result === 'string') return `branch ${branch}: ${result}`;
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

/** The plan as the layers of a branch see it: with the branch's own seed, as on the tape. */
function seededPlan(plan: PlanBuilder, position: number, branch: number): PlanBuilder {
  const own = { batch: 0, seed: 0 };
  plan.forward(({ batch, seed }) => {
    own.batch = batch;
    own.seed = deriveSeed(deriveSeed(seed, position), branch);
  });
  return {
    ...plan,
    forward: (step) => plan.forward(() => step(own)),
    backward: (step) => plan.backward(() => step(own)),
  };
}
