// A classifier as bytes: the model's own safetensors file with one more entry in its metadata, so that the file is also a
// model file. Bytes may come from anywhere: everything is checked before any of it is used.

import { decodeSafetensors, encodeSafetensors } from '@tidecast/data';
import { loadModel, saveModel } from '@tidecast/models';
import type { Normalisation } from '../samples/image-pixels.ts';
import { createImageClassifier, type ImageClassifier } from './image-classifier.ts';

const ENTRY = 'imageClassifier';
const VERSION = 1;
const MAX_CLASSES = 1_000_000;

/** The classifier as safetensors bytes. */
export function saveImageClassifier({ model, ...rest }: ImageClassifier): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(saveModel(model));
  return encodeSafetensors(tensors, { ...metadata, [ENTRY]: JSON.stringify({ version: VERSION, ...rest }) });
}

/**
 * The classifier that {@link saveImageClassifier} stored; on the same backend it says the same, bit for bit.
 * @throws with the reason, if the bytes are damaged, foreign or of a later version.
 */
export function loadImageClassifier(bytes: Uint8Array): ImageClassifier {
  const text = decodeSafetensors(bytes).metadata[ENTRY];
  if (text === undefined) {
    throw new Error(
      'imageClassifier: this safetensors file holds no classifier. Was it written by saveImageClassifier?',
    );
  }
  const parts = readParts(text);
  const model = loadModel(bytes);
  try {
    return createImageClassifier({ model, ...parts });
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function readParts(text: string): Omit<ImageClassifier, 'model'> {
  const json = parse(text);
  if (json.version !== VERSION) {
    throw new Error(
      `imageClassifier: version must be ${VERSION}, got ${JSON.stringify(json.version)}. Use a later release of @tidecast/vision.`,
    );
  }
  const { classes, head, normalise, temperature, provenance } = json;
  const named = Array.isArray(classes) && classes.every((name) => typeof name === 'string');
  if (!named || classes.length > MAX_CLASSES) throw damaged('classes', 'a list of names', classes);
  if (typeof temperature !== 'number') throw damaged('temperature', 'a number', temperature);
  if (!isObject(provenance)) throw damaged('provenance', 'an object', provenance);
  return {
    classes: classes as string[],
    head: head as ImageClassifier['head'],
    ...(normalise !== undefined && { normalise: readNormalisation(normalise) }),
    temperature,
    provenance,
  };
}

function readNormalisation(json: unknown): Normalisation {
  const numbers = (value: unknown): value is number[] =>
    Array.isArray(value) && value.length <= 4 && value.every((each) => typeof each === 'number');
  if (!isObject(json) || !numbers(json.mean) || !numbers(json.std)) {
    throw damaged('normalise', 'a mean and a std of up to 4 numbers', json);
  }
  return { mean: json.mean, std: json.std };
}

function parse(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    if (isObject(json)) return json;
  } catch {}
  throw new Error('imageClassifier: its description is not a JSON object. Is the file damaged?');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(what: string, expected: string, got: unknown): Error {
  const shown = (JSON.stringify(got) ?? String(got)).slice(0, 100);
  return new Error(`imageClassifier: ${what} must be ${expected}, got ${shown}. Is the file damaged?`);
}
