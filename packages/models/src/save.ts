// Models as bytes: safetensors with the weights by name and the config in its metadata. Bit for bit both ways.
// What is read may come from anywhere: everything is checked before a weight is made or changed.

import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors, encodeSafetensors, type Safetensors } from '@tidecast/data';
import type { ModelConfig } from './config.ts';
import { buildModel, valueSpecs } from './create-model.ts';
import type { Model } from './model.ts';
import { type ResolvedModel, resolveModel } from './resolve.ts';
import { describe } from './settings.ts';

const FORMAT = 'tidecast-model';
const VERSION = '1';

/**
 * The model as safetensors bytes: its weights and statistics by name as F32, and its config in the metadata.
 * {@link loadModel} makes the model again; {@link loadWeights} puts the weights into one that is there.
 */
export function saveModel(model: Model): Uint8Array {
  const tensors = Object.fromEntries(
    Object.entries({ ...model.weights, ...model.statistics }).map(([name, variable]) => [
      name,
      { shape: variable.shape, data: variable.dataSync<'float32'>() },
    ]),
  );
  return encodeSafetensors(tensors, {
    format: FORMAT,
    version: VERSION,
    config: JSON.stringify(model.config),
  });
}

/** The same bytes as {@link saveModel}: weights never travel without the config they belong to. */
export function saveWeights(model: Model): Uint8Array {
  return saveModel(model);
}

/**
 * Makes a model from bytes of {@link saveModel}.
 * @throws with the reason, if the bytes are damaged, foreign, of a later version, or do not fit their own config.
 */
export function loadModel(bytes: Uint8Array): Model {
  const file = decodeSafetensors(bytes);
  const config = readConfig(file.metadata);
  if (!config) {
    throw new Error(
      `model: this safetensors file holds no config (metadata: ${Object.keys(file.metadata).join(', ') || 'none'}). ` +
        'It was not written by saveModel; create the model and use loadWeights.',
    );
  }
  const resolved = resolveModel(config);
  const values = readWeights(resolved, file);
  return buildModel(resolved, (name) => values.get(name)!);
}

/**
 * Puts the weights and statistics of a file into `model`. The file may come from elsewhere (then only names and shapes are
 * checked); where it holds a config, that must describe the same function.
 * @throws with the reason, and the model unchanged, if the bytes are damaged or belong to another network.
 */
export function loadWeights(model: Model, bytes: Uint8Array): void {
  const file = decodeSafetensors(bytes);
  const resolved = resolveModel(model.config);
  const config = readConfig(file.metadata);
  if (config) requireSameFunction(resolved, resolveModel(config));
  const values = readWeights(resolved, file);
  for (const [name, variable] of Object.entries({ ...model.weights, ...model.statistics })) {
    tf.tidy(() => variable.assign(tf.tensor(values.get(name)!, variable.shape)));
  }
}

/** The config in a file's metadata, unchecked but for being JSON; undefined in a file from elsewhere. */
function readConfig(metadata: Readonly<Record<string, string>>): ModelConfig | undefined {
  if (metadata.format !== FORMAT) return undefined;
  if (metadata.version !== VERSION) {
    throw new Error(
      `model: this file has version ${describe(metadata.version)} of the format, expected '${VERSION}'. ` +
        'Use a later release of @tidecast/models.',
    );
  }
  try {
    return JSON.parse(metadata.config ?? '') as ModelConfig;
  } catch {
    throw new Error('model: the config in this file is not JSON. The file is damaged; save the model again.');
  }
}

/** All weights and statistics by full name. @throws if one is missing, too many, or of another shape than the config says. */
function readWeights(resolved: ResolvedModel, { tensors }: Safetensors): Map<string, Float32Array> {
  const specs = valueSpecs(resolved);
  const names = new Set(specs.map(({ name }) => name));
  const surplus = Object.keys(tensors).find((name) => !names.has(name));
  const missing = specs.find(({ name }) => !Object.hasOwn(tensors, name));
  if (surplus !== undefined || missing) {
    const found = [
      missing && `${missing.name} is missing`,
      surplus !== undefined && `${describe(surplus)} is unknown`,
    ];
    throw new Error(
      `model: the weights in this file do not belong to the config: ${found.filter(Boolean).join(', ')}. ` +
        'Is it from another network?',
    );
  }
  const values = new Map<string, Float32Array>();
  for (const { name, shape } of specs) {
    const entry = tensors[name]!;
    if (entry.shape.length !== shape.length || entry.shape.some((size, axis) => size !== shape[axis])) {
      throw new Error(
        `model: ${name} must be [${shape.join(', ')}], got [${entry.shape.join(', ')}]. Is it from another network?`,
      );
    }
    values.set(name, entry.data);
  }
  return values;
}

/** Settings that matter only at the start or while training may differ; everything else must agree. */
function requireSameFunction(model: ResolvedModel, file: ResolvedModel): void {
  const other = (what: string, expected: unknown, got: unknown) =>
    new Error(
      `model: ${what} is ${describe(expected)} in the model and ${describe(got)} in the file: the weights would mean ` +
        'something else. Use loadModel, or a model with the config of the file.',
    );
  if (model.layers.length !== file.layers.length) {
    throw other('the number of layers', model.layers.length, file.layers.length);
  }
  model.layers.forEach(({ name, type, settings, definition }, index) => {
    const there = file.layers[index]!;
    if (there.type !== type) throw other(`layer ${index}`, type, there.type);
    for (const [key, setting] of Object.entries(definition.settings)) {
      const [expected, got] = [settings[key], there.settings[key]];
      if (!setting.trainingOnly && JSON.stringify(expected) !== JSON.stringify(got)) {
        throw other(`${key} of ${name}`, expected, got);
      }
    }
  });
}
