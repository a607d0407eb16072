// A network in a plan: its layers one after the other.

import type { PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import type { ResolvedLayer } from './resolve-layers.ts';

/** Lays `layers` out after `input` and returns the output, or says which layer cannot and why. */
export function planLayers(
  layers: readonly ResolvedLayer[],
  plan: PlanBuilder,
  input: Signal,
  weights: Readonly<Record<string, PlannedWeight>>,
): Signal | string {
  let signal = input;
  for (const [position, layer] of layers.entries()) {
    const own = Object.fromEntries(
      layer.weights.map(({ name }) => [name, weights[`${layer.name}.${name}`]!]),
    );
    const { settings } = layer;
    const result = layer.definition.plan?.({ settings, weights: own, plan, input: signal, position });
    if (typeof result !== 'object') {
      return `layer ${layer.name}: ${result ?? `${layer.type} has no planned form`}`;
    }
    signal = result;
  }
  return signal;
}
