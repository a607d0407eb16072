// From a config, which may come from anywhere, to checked layers with shapes and weights, before any tensor exists.
// The summary, the model and the reader of saved models all start here.

import type { LayerConfig, ModelConfig } from './config.ts';
import type { LayerDefinition, WeightSpec } from './layer-definition.ts';
import { findLayer, layerTypes } from './registry.ts';
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
  definition: LayerDefinition;
}

/** A checked network. */
export interface ResolvedModel {
  /** The config with every default written out, so that a saved model does not depend on later defaults. */
  config: ModelConfig;
  layers: readonly ResolvedLayer[];
  outputShape: Shape;
}

const MAX_LAYERS = 1000;

/**
 * Checks a config and works out shapes and weights.
 * @throws on an unknown type or setting, a setting out of range, or layers that do not fit each other.
 */
export function resolveModel(config: ModelConfig): ResolvedModel {
  const { input, layers } = checkedParts(config);
  let shape: Shape = input;
  const resolved = layers.map((layer, index): ResolvedLayer => {
    const one = resolveLayer(layer, index, shape);
    shape = one.outputShape;
    return one;
  });
  const full: LayerConfig[] = resolved.map(({ type, settings }) => ({ type, ...copyData(settings) }));
  return { config: { input: [...input], layers: full }, layers: resolved, outputShape: shape };
}

function checkedParts(config: unknown): { input: Shape; layers: readonly LayerConfig[] } {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new Error(`model: config must be { input, layers }, got ${describe(config)}.`);
  }
  const { input, layers, ...others } = config as Record<string, unknown>;
  const [unknownKey] = Object.keys(others);
  if (unknownKey !== undefined) {
    throw new Error(`model: unknown part '${unknownKey}' of the config. Known: input, layers.`);
  }
  const isSize = (size: unknown) =>
    Number.isInteger(size) && (size as number) >= 1 && (size as number) <= 2 ** 24;
  const fits =
    Array.isArray(input) &&
    ((input.length === 1 && isSize(input[0])) ||
      (input.length === 2 && (input[0] === null || isSize(input[0])) && isSize(input[1])) ||
      (input.length === 3 && input.every(isSize)));
  if (!fits) {
    throw new Error(
      'model: input must be [steps, channels], [null, channels], [height, width, channels] or [features], ' +
        `got ${describe(input)}.`,
    );
  }
  if (!Array.isArray(layers) || layers.length === 0 || layers.length > MAX_LAYERS) {
    const got = Array.isArray(layers) ? `${layers.length} layers` : describe(layers);
    throw new Error(`model: layers must be a list of 1 to ${MAX_LAYERS} layers, got ${got}.`);
  }
  return { input: input as Shape, layers: layers as LayerConfig[] };
}

function resolveLayer(layer: unknown, index: number, inputShape: Shape): ResolvedLayer {
  if (typeof layer !== 'object' || layer === null || typeof (layer as LayerConfig).type !== 'string') {
    throw new Error(`model: layer ${index} must be { type, … }, got ${describe(layer)}.`);
  }
  const { type } = layer as LayerConfig;
  const definition = findLayer(type);
  if (!definition) {
    throw new Error(
      `model: layer ${index} has the unknown type ${describe(type)}. Known: ${layerTypes().join(', ')}. ` +
        'A layer of your own joins by registerLayer.',
    );
  }
  const name = `${index}.${type}`;
  const settings = resolveSettings(name, layer as LayerConfig, definition.settings);
  const outputShape = definition.outputShape(settings, inputShape);
  const weights = definition.weights?.(settings, inputShape) ?? [];
  return { name, type, settings, inputShape, outputShape, weights, definition };
}

/** A deep copy of plain data, so that a later change of the given config changes no model. */
function copyData(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
}
