// The recurrent states of a network, by name like its weights: what there is, and what each layer is given and gives.

import type { Tensor } from '@tensorflow/tfjs-core';
import type { ResolvedLayer } from './resolve-layers.ts';

/** Names of all states with their sizes H, in layer order; or which layer cannot go on from a state, and why. */
export function stateSizes(layers: readonly ResolvedLayer[]): Readonly<Record<string, number>> | string {
  const sizes: Record<string, number> = {};
  for (const { name, settings, definition } of layers) {
    const own = definition.states?.(settings) ?? {};
    if (typeof own === 'string') return `layer ${name}: ${own}`;
    for (const [state, units] of Object.entries(own)) sizes[`${name}.${state}`] = units;
  }
  return sizes;
}

/** The entries of `all` that belong to a layer: weights, statistics or states, by their names within it. */
export function ownEntries<T>(layer: string, all: Readonly<Record<string, T>>): Record<string, T> {
  const start = `${layer}.`;
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, state]) =>
      name.startsWith(start) ? [[name.slice(start.length), state]] : [],
    ),
  );
}

/**
 * @throws where states cannot be taken after `after` of the `steps` steps of x, or a layer with states, after layers that stride
 * over time, sees other steps.
 */
export function checkStateAfter(layer: string, after: number, steps: number, seen: number): void {
  if (!(Number.isInteger(after) && after >= 1 && after <= steps)) {
    throw new Error(
      `model: stateAfter must be a whole number from 1 to the ${steps} steps of x, got ${after}.`,
    );
  }
  if (seen !== steps) {
    throw new Error(
      `layer ${layer}: it sees ${seen} of the ${steps} steps of x, so its states cannot be taken after ${after} of them. ` +
        'Leave stateAfter out, or keep all steps with padding and stride 1.',
    );
  }
}

/** @throws where the model has no states, or `state` holds one that it does not know or of another shape than `[B, H]`. */
export function checkStates(
  sizes: Readonly<Record<string, number>> | string,
  rows: number,
  state: Readonly<Record<string, Pick<Tensor, 'shape'>>> = {},
): void {
  if (typeof sizes === 'string') throw new Error(`model: it cannot go on from a state: ${sizes}.`);
  for (const [name, { shape }] of Object.entries(state)) {
    const units = sizes[name];
    if (units === undefined) {
      const known = Object.keys(sizes).join(', ') || 'none';
      throw new Error(`model: unknown state '${name}'. Known: ${known}.`);
    }
    if (shape.length !== 2 || shape[0] !== rows || shape[1] !== units) {
      throw new Error(`model: state ${name} must be [${rows}, ${units}], got [${shape.join(', ')}].`);
    }
  }
}
