// From a config, which may come from anywhere, to checked layers with shapes and weights, before any tensor exists.
// The summary, the model and the reader of saved models all start here.

import type { LayerConfig, ModelConfig } from './config.ts';
import { findLayer, layerTypes } from './registry.ts';
import { type ResolvedLayer, resolveLayers } from './resolve-layers.ts';
import { describe } from './settings.ts';
import type { Shape } from './shape.ts';

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
  const kinds = { find: findLayer, types: layerTypes };
  const resolved = resolveLayers(layers, input, { kinds, owner: 'model' });
  const full: LayerConfig[] = resolved.map(({ type, settings }) => ({ type, ...copyData(settings) }));
  return {
    config: { input: [...input], layers: full },
    layers: resolved,
    outputShape: resolved.at(-1)!.outputShape,
  };
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

/** A deep copy of plain data, so that a later change of the given config changes no model. */
function copyData(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return JSON.parse(JSON.stringify(settings)) as Record<string, unknown>;
}
