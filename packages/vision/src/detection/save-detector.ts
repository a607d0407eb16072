// Detectors as bytes: one safetensors file with the weights of the three networks under their names, the config of the
// detector and what each network stores of itself in its metadata.

import { decodeSafetensors, encodeSafetensors, type NdArray } from '@tidecast/data';
import { loadModel, type Model, saveModel } from '@tidecast/models';
import { assembleDetector, DETECTOR_PARTS, type Detector } from './detector.ts';
import { type DetectorConfig, resolveDetector } from './detector-config.ts';

const FORMAT = 'tidecast-detector';
const VERSION = '1';

/** The detector as safetensors bytes. {@link loadDetector} makes it again, bit for bit. */
export function saveDetector(detector: Detector): Uint8Array {
  const tensors: Record<string, NdArray> = {};
  const metadata: Record<string, string> = {
    ...{ format: FORMAT, version: VERSION, config: JSON.stringify(detector.config) },
  };
  for (const part of DETECTOR_PARTS) {
    const file = decodeSafetensors(saveModel(detector[part]));
    for (const [name, tensor] of Object.entries(file.tensors)) tensors[`${part}.${name}`] = tensor;
    metadata[part] = JSON.stringify(file.metadata);
  }
  return encodeSafetensors(tensors, metadata);
}

/**
 * Makes a detector from bytes of {@link saveDetector}.
 * @throws with the reason, if the bytes are damaged, foreign, of a later version, or do not fit their own config.
 */
export function loadDetector(bytes: Uint8Array): Detector {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== FORMAT || metadata.version !== VERSION) {
    throw new Error(
      `loadDetector: expected a file of saveDetector, version ${VERSION}, got format '${metadata.format ?? 'none'}', ` +
        `version '${metadata.version ?? 'none'}'.`,
    );
  }
  const resolved = resolveDetector(parsed(metadata.config, 'config') as unknown as DetectorConfig);
  const surplus = Object.keys(tensors).find(
    (name) => !DETECTOR_PARTS.some((part) => name.startsWith(`${part}.`)),
  );
  if (surplus !== undefined) {
    throw new Error(`loadDetector: weights must belong to ${DETECTOR_PARTS.join(', ')}, got '${surplus}'.`);
  }
  const parts: Partial<Record<(typeof DETECTOR_PARTS)[number], Model>> = {};
  try {
    for (const part of DETECTOR_PARTS) {
      const own = Object.entries(tensors)
        .filter(([name]) => name.startsWith(`${part}.`))
        .map(([name, tensor]) => [name.slice(part.length + 1), tensor] as const);
      const texts = parsed(metadata[part], part) as Record<string, string>;
      const model = loadModel(encodeSafetensors(Object.fromEntries(own), texts));
      parts[part] = model;
      if (JSON.stringify(model.config) !== JSON.stringify(resolved[part])) {
        throw new Error(`loadDetector: the ${part} in this file is another network than its config says.`);
      }
    }
  } catch (error) {
    for (const model of Object.values(parts)) model.dispose();
    throw error;
  }
  return assembleDetector(resolved, parts as Record<(typeof DETECTOR_PARTS)[number], Model>);
}

/** A JSON object in the metadata. */
function parsed(text: string | undefined, name: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Refused below, like anything that is no object.
  }
  throw new Error(
    `loadDetector: the ${name} in this file is not a JSON object. The file is damaged; save it again.`,
  );
}
