// A network in a plan: its layers one after the other.

import type { PlanBuilder, PlannedWeight, Signal } from '@tidecast/backend';
import type { PlannedParts } from './layer-definition.ts';
import type { ResolvedLayer } from './resolve-layers.ts';
import { checkStateAfter, ownEntries } from './states.ts';

/**
 * Lays `layers` out after `input` and returns the output, or says which layer cannot and why. A weight without a gradient block
 * is not learnt; layers before the first that learns have no backward steps where nobody asks for the gradient by the input.
 */
export function planLayers(
  layers: readonly ResolvedLayer[],
  plan: PlanBuilder,
  input: Signal,
  weights: Readonly<Record<string, PlannedWeight>>,
  { states, statistics = {} }: PlannedParts = {},
): Signal | string {
  let signal = input;
  let learns = input.gradient !== undefined;
  for (const [position, layer] of layers.entries()) {
    const { name, settings, definition } = layer;
    if (states?.after !== undefined && definition.states) {
      checkStateAfter(name, states.after, input.shape[0]!, signal.shape[0]!);
    }
    const own = ownEntries(name, weights);
    learns ||= Object.values(own).some(({ gradient }) => gradient);
    const result = definition.plan?.({
      ...{ settings, input: signal, position },
      weights: learns && plan.training ? withGradients(plan, own) : own,
      plan: learns ? plan : withoutBackward(plan),
      statistics: ownEntries(name, statistics),
      ...(states && { states: { ...states, blocks: ownEntries(name, states.blocks) } }),
    });
    if (typeof result !== 'object') {
      return `layer ${name}: ${result ?? `${layer.type} has no planned form`}`;
    }
    signal = result;
  }
  return signal;
}

/** The weights with room for the gradients that nobody learns from: kernels write them with the others. */
function withGradients(
  plan: PlanBuilder,
  weights: Readonly<Record<string, PlannedWeight>>,
): Record<string, PlannedWeight> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, { value, gradient }]) => [
      name,
      { value, gradient: gradient ?? plan.block(value.length) },
    ]),
  );
}

/** The plan for layers that nothing flows back to. */
function withoutBackward(plan: PlanBuilder): PlanBuilder {
  return {
    ...plan,
    signal(shape, mask) {
      const floats = plan.batch * shape.reduce((product, size) => product * size, 1);
      return { value: plan.block(floats), shape, ...(mask && { mask }) };
    },
    backward() {},
  };
}
