// One list of layers after the other, checked, with shapes and weights, before any tensor exists.
// Which kinds of layers there are is told by the caller, so that a layer may hold lists of layers itself.

import type { LayerConfig } from './config.ts';
import type { LayerDefinition, StatisticSpec, WeightSpec } from './layer-definition.ts';
import { describe, resolveSettings } from './settings.ts';
import type { Shape } from './shape.ts';

/** A layer with everything known about it. Other ways to run a model read this same list. */
export interface ResolvedLayer {
  /** Position and type, the start of its weights' names: `0.lstm`. */
  name: string;
  type: string;
  /** All settings, defaults filled in. */
  settings: Readonly<Record<string, unknown>>;
  inputShape: Shape;
  outputShape: Shape;
  weights: readonly WeightSpec[];
  statistics: readonly StatisticSpec[];
  definition: LayerDefinition;
}

/** The kinds of layers there are. */
export interface LayerKinds {
  find(type: string): LayerDefinition | undefined;
  types(): string[];
}

/**
 * Checks `layers`, the first of which takes inputs of shape `input`, and works out shapes and weights. `owner` begins the
 * messages.
 * @throws on an unknown type or setting, a setting out of range, or layers that do not fit each other.
 */
export function resolveLayers(
  layers: readonly LayerConfig[],
  input: Shape,
  { kinds, owner }: { kinds: LayerKinds; owner: string },
): ResolvedLayer[] {
  let shape = input;
  return layers.map((layer, index) => {
    const one = resolveLayer(layer, { index, inputShape: shape, kinds, owner });
    shape = one.outputShape;
    return one;
  });
}

function resolveLayer(
  layer: unknown,
  { index, inputShape, kinds, owner }: { index: number; inputShape: Shape; kinds: LayerKinds; owner: string },
): ResolvedLayer {
  if (typeof layer !== 'object' || layer === null || typeof (layer as LayerConfig).type !== 'string') {
    throw new Error(`${owner}: layer ${index} must be { type, … }, got ${describe(layer)}.`);
  }
  const { type } = layer as LayerConfig;
  const definition = kinds.find(type);
  if (!definition) {
    throw new Error(
      `${owner}: layer ${index} has the unknown type ${describe(type)}. Known: ${kinds.types().join(', ')}. ` +
        'A layer of your own joins by registerLayer.',
    );
  }
  const name = `${index}.${type}`;
  const given = resolveSettings(name, layer as LayerConfig, definition.settings);
  const settings = definition.complete?.(given, inputShape) ?? given;
  const outputShape = definition.outputShape(settings, inputShape);
  const weights = definition.weights?.(settings, inputShape) ?? [];
  const statistics = definition.statistics?.(settings, inputShape) ?? [];
  return { name, type, settings, inputShape, outputShape, weights, statistics, definition };
}
