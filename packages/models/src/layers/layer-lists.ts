// Lists of layers inside a layer: their names, and how they run on the tape and in a plan. A weight of a list is called by the
// list's name and its own: `layers.0.cnn2d.kernel`.

import type { Tensor } from '@tensorflow/tfjs-core';
import type { PlanBuilder, Signal } from '@tidecast/backend';
import { deriveSeed } from '@tidecast/data';
import type { LayerConfig } from '../config.ts';
import type { LayerCall, LayerResult, PlanCall, StatisticSpec, WeightSpec } from '../layer-definition.ts';
import { planLayers } from '../plan-layers.ts';
import type { ResolvedLayer } from '../resolve-layers.ts';
import { ownEntries } from '../states.ts';

/** One list. */
export interface LayerList {
  /** What stands before the names of its layers. */
  name: string;
  /** Position among the layer's lists: it decides the seed. */
  index: number;
  layers: readonly ResolvedLayer[];
}

/** The layers as data, with all settings. */
export function layersAsData({ layers }: LayerList): LayerConfig[] {
  return layers.map(({ type, settings }) => ({ type, ...settings }));
}

/** The weights of all lists. */
export function weightsOfLists(lists: readonly LayerList[]): WeightSpec[] {
  return prefixed(lists, ({ weights }) => weights);
}

/** The statistics of all lists. */
export function statisticsOfLists(lists: readonly LayerList[]): StatisticSpec[] {
  return prefixed(lists, ({ statistics }) => statistics);
}

function prefixed<S extends { name: string }>(
  lists: readonly LayerList[],
  specs: (layer: ResolvedLayer) => readonly S[],
): S[] {
  return lists.flatMap(({ name, layers }) =>
    layers.flatMap((layer) =>
      specs(layer).map((spec) => ({ ...spec, name: `${name}.${layer.name}.${spec.name}` })),
    ),
  );
}

/** Runs a list on the input of the layer that holds it. */
export function applyList(
  { name, index, layers }: LayerList,
  { weights, statistics = {}, x, mask, training, seed, onLayer }: Omit<LayerCall<object>, 'settings'>,
): Tensor {
  let state: LayerResult = mask ? { x, mask } : { x };
  layers.forEach((layer, position) => {
    const own = `${name}.${layer.name}`;
    const result = layer.definition.apply({
      settings: layer.settings as Record<string, unknown>,
      weights: ownEntries(own, weights),
      statistics: ownEntries(own, statistics),
      ...state,
      training,
      ...(seed !== undefined && { seed: deriveSeed(deriveSeed(seed, index), position) }),
      ...(onLayer && { onLayer: (inner, value) => onLayer(`${own}.${inner}`, value) }),
    });
    state = onLayer ? { ...result, x: onLayer(own, result.x) } : result;
  });
  return state.x;
}

/** Lays a list out after `input`. */
export function planList(
  { name, index, layers }: LayerList,
  { plan, position, weights, statistics = {} }: Omit<PlanCall<object>, 'settings'>,
  input: Signal,
): Signal | string {
  return planLayers(layers, seededPlan(plan, position, index), input, ownEntries(name, weights), {
    statistics: ownEntries(name, statistics),
  });
}

/**
 * The input as `count` lists see it: each writes a gradient of its own by it, and a step that runs after all of theirs adds them
 * up.
 */
export function shareInput(plan: PlanBuilder, input: Signal, count: number): Signal[] {
  const { gradient, shape } = input;
  const inputs = Array.from({ length: count }, (): Signal => {
    return { ...input, ...(gradient && { gradient: plan.block(gradient.length) }) };
  });
  if (gradient) {
    const perExample = shape.reduce((product, size) => product * size, 1);
    const { kernels } = plan;
    plan.backward(({ batch }) => {
      const count = batch * perExample;
      const { address } = gradient;
      kernels.copy(count, inputs[0]!.gradient!.address, address);
      for (let i = 1; i < inputs.length; i++) {
        kernels.add(count, address, inputs[i]!.gradient!.address, address);
      }
    });
  }
  return inputs;
}

/** The plan as the layers of a list see it: with the list's own seed, as on the tape. */
function seededPlan(plan: PlanBuilder, position: number, index: number): PlanBuilder {
  const own = { batch: 0, seed: 0 };
  plan.forward(({ batch, seed }) => {
    own.batch = batch;
    own.seed = deriveSeed(deriveSeed(seed, position), index);
  });
  return {
    ...plan,
    forward: (step) => plan.forward(() => step(own)),
    backward: (step) => plan.backward(() => step(own)),
  };
}
