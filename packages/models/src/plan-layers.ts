// A network in a plan: its layers one after the other.

import type { PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import type { PlannedStates } from './layer-definition.ts';
import type { ResolvedLayer } from './resolve-layers.ts';
import { checkStateAfter, ownStates } from './states.ts';

/** Lays `layers` out after `input` and returns the output, or says which layer cannot and why. */
export function planLayers(
  layers: readonly ResolvedLayer[],
  plan: PlanBuilder,
  input: Signal,
  weights: Readonly<Record<string, PlannedWeight>>,
  states?: PlannedStates,
): Signal | string {
  let signal = input;
  for (const [position, layer] of layers.entries()) {
    const own = Object.fromEntries(
      layer.weights.map(({ name }) => [name, weights[`${layer.name}.${name}`]!]),
    );
    const { settings, definition } = layer;
    if (states?.after !== undefined && definition.states) {
      checkStateAfter(layer.name, states.after, input.shape[0]!, signal.shape[0]!);
    }
    const result = definition.plan?.({
      ...{ settings, weights: own, plan, input: signal, position },
      ...(states && { states: { ...states, blocks: ownStates(layer.name, states.blocks) } }),
    });
    if (typeof result !== 'object') {
      return `layer ${layer.name}: ${result ?? `${layer.type} has no planned form`}`;
    }
    signal = result;
  }
  return signal;
}
