// The weights of a model saved by TensorFlow.js: a manifest in model.json, and the values in binary shards beside it.

import type { NdArray } from '@tidecast/data';

/** A weight in the manifest. */
interface Entry {
  name: string;
  shape: number[];
  dtype: string;
  quantization?: { dtype: string; scale?: number; min?: number };
}

const BYTES: Readonly<Record<string, number>> = { float32: 4, uint8: 1, uint16: 2 };

/**
 * Reads the weights of a layers model in the format of TensorFlow.js. `json` is the parsed model.json; `shards` are the
 * bytes of the files that its manifest names. Values quantised to 8 or 16 bits come back as scale·q + min. Names are
 * those of the manifest with dots, without `:0`: `conv2d_1.kernel`.
 * @throws if the manifest is damaged, a shard is missing or of another length, or values have another type.
 */
export function readTfjsWeights(
  json: unknown,
  shards: Readonly<Record<string, Uint8Array>>,
): Record<string, NdArray> {
  const groups = (json as { weightsManifest?: unknown } | null)?.weightsManifest;
  if (!Array.isArray(groups)) throw damaged("expected a 'weightsManifest' in model.json, got none");
  const arrays: Record<string, NdArray> = Object.create(null);
  for (const group of groups) {
    const { paths, weights } = (group ?? {}) as { paths?: unknown; weights?: unknown };
    if (!Array.isArray(paths) || !Array.isArray(weights)) {
      throw damaged('every group of the manifest must have paths and weights');
    }
    const bytes = joined(paths, shards);
    let at = 0;
    for (const weight of weights) {
      const entry = checked(weight);
      const { name, shape, quantization } = entry;
      const type = quantization?.dtype ?? entry.dtype;
      const count = shape.reduce((product, size) => product * size, 1);
      const end = at + count * BYTES[type]!;
      if (end > bytes.length) {
        throw damaged(`'${name}' ends at byte ${end}, and its shards have ${bytes.length}`);
      }
      const key = name.replace(/:0$/, '').replaceAll('/', '.');
      if (Object.hasOwn(arrays, key)) throw damaged(`'${name}' comes twice`);
      arrays[key] = { shape: [...shape], data: valuesOf(bytes.slice(at, end), type, quantization) };
      at = end;
    }
    if (at !== bytes.length)
      throw damaged(`the weights take ${at} bytes, and their shards have ${bytes.length}`);
  }
  return arrays;
}

function joined(paths: readonly unknown[], shards: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const parts = paths.map((path) => {
    if (typeof path === 'string' && Object.hasOwn(shards, path)) return shards[path]!;
    const given = Object.keys(shards).join(', ') || 'none';
    throw damaged(`the shard '${path}' is missing. Given: ${given}`);
  });
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function checked(weight: unknown): Entry {
  const entry = (weight ?? {}) as Entry;
  const { name, shape, dtype, quantization } = entry;
  const whole = (size: unknown) =>
    Number.isSafeInteger(size) && (size as number) >= 0 && (size as number) <= 2 ** 31;
  if (typeof name !== 'string' || !Array.isArray(shape) || !shape.every(whole)) {
    throw damaged('a weight of the manifest has no name or no shape');
  }
  if (dtype !== 'float32')
    throw damaged(`'${name}' has the type ${JSON.stringify(dtype)}, and only float32 is read`);
  if (quantization === undefined) return entry;
  const { dtype: stored, scale, min } = quantization ?? {};
  if ((stored !== 'uint8' && stored !== 'uint16') || !Number.isFinite(scale) || !Number.isFinite(min)) {
    throw damaged(`'${name}' is quantised in a way that is not read: ${JSON.stringify(quantization)}`);
  }
  return entry;
}

function valuesOf(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  quantization: Entry['quantization'],
): Float32Array {
  if (type === 'float32') return new Float32Array(bytes.buffer);
  const stored = type === 'uint8' ? bytes : new Uint16Array(bytes.buffer);
  const { scale, min } = quantization as { scale: number; min: number };
  return Float32Array.from(stored, (value) => scale * value + min);
}

function damaged(reason: string): Error {
  return new Error(`tfjs weights: ${reason}. Are model.json and its shards whole, and of one model?`);
}
