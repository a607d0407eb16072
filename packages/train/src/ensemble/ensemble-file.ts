// An ensemble as one file: the tensors of every member's own file under `members/<number>/`, and what else those files
// say, as JSON in the metadata. How a forecaster is stored stays its own business: its functions read and write each.
// Bytes may come from anywhere: everything is checked before any of it is used.

import { decodeSafetensors, encodeSafetensors, type NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber, checkObject, shown } from '../check.ts';
import type { Forecaster } from '../forecaster/forecaster.ts';
import { loadForecaster, saveForecaster } from '../forecaster/forecaster-file.ts';
import { createEnsemble, type Ensemble } from './ensemble.ts';

const ENTRY = 'ensemble';
const VERSION = 1;
/** Most members that are read. */
const MAX_MEMBERS = 10_000;

/** The ensemble as safetensors bytes. `saveModel` is that of @tidecast/models. */
export function saveEnsemble(
  { name, members }: Ensemble,
  saveModel: (model: Model) => Uint8Array,
): Uint8Array {
  const files = members.map((member) => decodeSafetensors(saveForecaster(member, saveModel)));
  const tensors: Record<string, NdArray> = {};
  files.forEach((file, i) => {
    for (const [key, tensor] of Object.entries(file.tensors)) tensors[prefix(i) + key] = tensor;
  });
  const description = { version: VERSION, name, members: files.map(({ metadata }) => metadata) };
  return encodeSafetensors(tensors, { [ENTRY]: JSON.stringify(description) });
}

/**
 * The ensemble that {@link saveEnsemble} stored; on the same backend it forecasts the same, bit for bit. `loadModel` is
 * that of @tidecast/models.
 * @throws with the reason, if the bytes are damaged, foreign or of a later version.
 */
export function loadEnsemble(bytes: Uint8Array, loadModel: (bytes: Uint8Array) => Model): Ensemble {
  const { tensors, metadata } = decodeSafetensors(bytes);
  const { name, files } = readDescription(metadata[ENTRY]);
  const parts = files.map((): Record<string, NdArray> => ({}));
  for (const [key, tensor] of Object.entries(tensors)) {
    const at = key.match(/^members\/(\d+)\/(.+)$/);
    const part = at && parts[Number(at[1])];
    if (!part || prefix(Number(at[1])) + at[2]! !== key) {
      throw new Error(`ensemble: '${key}' belongs to none of ${files.length} members. Is the file damaged?`);
    }
    part[at[2]!] = tensor;
  }
  const members: Forecaster[] = [];
  try {
    files.forEach((file, i) => {
      members.push(loadForecaster(encodeSafetensors(parts[i]!, file), loadModel));
    });
    return createEnsemble(members, name);
  } catch (error) {
    for (const { model } of members) model.dispose();
    throw new Error(`ensemble: member ${members.length}: ${(error as Error).message}`, { cause: error });
  }
}

function prefix(member: number): string {
  return `members/${member}/`;
}

function readDescription(text: string | undefined): { name: string; files: Record<string, string>[] } {
  if (text === undefined) {
    throw new Error('ensemble: this safetensors file holds no ensemble. Was it written by saveEnsemble?');
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new Error('ensemble: its description is not JSON. Is the file damaged?');
  }
  const { version, name, members } = checkObject('ensemble', json);
  if (version !== VERSION) {
    throw new Error(
      `ensemble: version must be ${VERSION}, got ${shown(version)}. Use a later release of @tidecast/train.`,
    );
  }
  if (typeof name !== 'string') throw new Error(`ensemble: name must be a text, got ${shown(name)}.`);
  if (!Array.isArray(members)) throw new Error(`ensemble: members must be a list, got ${shown(members)}.`);
  checkNumber('ensemble: the number of members', members.length, { min: 1, max: MAX_MEMBERS });
  const files = members.map((each, i) => {
    const file = checkObject(`ensemble: members[${i}]`, each);
    for (const [key, value] of Object.entries(file)) {
      if (typeof value !== 'string') {
        throw new Error(`ensemble: members[${i}].${key} must be a text, got ${shown(value)}.`);
      }
    }
    return file as Record<string, string>;
  });
  return { name, files };
}
