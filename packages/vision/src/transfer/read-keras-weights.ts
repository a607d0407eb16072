// The weights of a model saved by Keras: an HDF5 file, or one in a zip archive.

import type { NdArray } from '@tidecast/data';
import { unzipSync } from 'fflate';

/** What is used of jsfive, which comes without types. */
interface Hdf5Group {
  keys: string[];
  get(name: string): Hdf5Group | Hdf5Dataset;
  attrs: Record<string, unknown>;
}

interface Hdf5Dataset {
  shape: number[];
  dtype: unknown;
  value: ArrayLike<number>;
}

interface Hdf5Reader {
  File: new (buffer: ArrayBuffer, name: string) => Hdf5Group;
  Group: new (...parts: never[]) => Hdf5Group;
}

const ZIP = [0x50, 0x4b, 0x03, 0x04];
const HDF5 = [0x89, 0x48, 0x44, 0x46];

/** The weights in a `.keras` archive. */
const MEMBER = 'model.weights.h5';

/** What a file may hold beside its float32 values [bytes]: names and tables. */
const OVERHEAD = 64 * 2 ** 20;

const MAX_DEPTH = 32;

/** Groups at the root that hold no weights of layers. */
const NO_WEIGHTS = ['optimizer', 'optimizer_weights'];

/**
 * Reads the weights of a `.keras` archive, a `.weights.h5` or an older `.h5` file. Names are the layer's, then the
 * weight's: `conv2d_1.vars.0` (Keras 3 numbers them) or `conv2d_1.kernel` (older files). Only float32 is read.
 * It needs the package `jsfive` (`npm install jsfive`).
 * @throws if it is another file, damaged, holds other values than float32, or more than `maxValues` (default 2²⁸).
 */
export async function readKerasWeights(
  bytes: Uint8Array,
  { maxValues = 2 ** 28 }: { maxValues?: number } = {},
): Promise<Record<string, NdArray>> {
  const file = begins(bytes, ZIP) ? memberOf(bytes, 4 * maxValues + OVERHEAD) : bytes;
  if (!begins(file, HDF5)) throw refused('it begins like neither a zip archive nor an HDF5 file');
  const { File, Group } = await loadReader();
  const arrays: Record<string, NdArray> = Object.create(null);
  let left = maxValues;
  const collect = (group: Hdf5Group, path: readonly string[]): void => {
    if (path.length > MAX_DEPTH) throw refused(`its groups are nested deeper than ${MAX_DEPTH}`);
    const own = typeof group.attrs.name === 'string' ? group.attrs.name : undefined;
    for (const key of group.keys) {
      if (path.length === 0 && NO_WEIGHTS.includes(key)) continue;
      const item = group.get(key);
      if (item instanceof Group) {
        collect(item, [...path, key]);
        continue;
      }
      const name = nameOf([...path, key], own);
      const { data, shape } = valuesOf(name, item as Hdf5Dataset, left);
      left -= data.length;
      if (Object.hasOwn(arrays, name)) {
        throw refused(`two of its weights are called '${name}', as in nested models, which are not read`);
      }
      arrays[name] = { data, shape };
    }
  };
  try {
    // Copied by the constructor: the slice of a Node Buffer would still be a view of the whole pool.
    collect(new File(new Uint8Array(file).buffer, 'weights'), []);
  } catch (error) {
    if (error instanceof KerasFileError) throw error;
    // The reader throws texts too.
    throw refused(error instanceof Error ? error.message : String(error), error);
  }
  if (Object.keys(arrays).length === 0) throw refused('it holds no weights');
  return arrays;
}

class KerasFileError extends Error {}

function refused(reason: string, cause?: unknown): KerasFileError {
  return new KerasFileError(
    `keras weights: this file is not read: ${reason}. Is it whole, and a .keras, .weights.h5 or .h5 file?`,
    { cause },
  );
}

function begins(bytes: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, i) => bytes[i] === byte);
}

function memberOf(archive: Uint8Array, maxBytes: number): Uint8Array {
  let size: number | undefined;
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(archive, {
      filter({ name, originalSize }) {
        if (name !== MEMBER) return false;
        size = originalSize;
        return originalSize <= maxBytes;
      },
    });
  } catch (error) {
    throw refused(`the zip archive is damaged (${(error as Error).message})`, error);
  }
  if (size !== undefined && size > maxBytes) {
    throw refused(`its ${MEMBER} has ${size} bytes, more than the ${maxBytes} allowed`);
  }
  const member = files[MEMBER];
  if (!member) throw refused(`the zip archive holds no ${MEMBER}`);
  return member;
}

async function loadReader(): Promise<Hdf5Reader> {
  try {
    // @ts-expect-error: it has no types.
    return (await import('jsfive')) as Hdf5Reader;
  } catch (error) {
    throw new Error("keras weights: reading them needs the package 'jsfive'. Run `npm install jsfive`.", {
      cause: error,
    });
  }
}

/**
 * `layers/conv2d_1/vars/0` is `<own>.vars.0`, where `own` is the name that the user gave the layer; in an older file
 * `model_weights/stem/model/stem/kernel:0` is `stem.kernel`.
 */
function nameOf(path: readonly string[], own: string | undefined): string {
  const last = path.at(-1)!.replace(/:0$/, '');
  if (path.at(-2) === 'vars') return `${own ?? path.at(-3) ?? ''}.vars.${last}`;
  const layer = path[0] === 'model_weights' ? path[1] : path[0];
  return `${layer}.${last}`;
}

function valuesOf(name: string, dataset: Hdf5Dataset, left: number): NdArray {
  const { shape, dtype } = dataset;
  const count = shape.reduce((product, size) => product * size, 1);
  if (!(count <= left)) throw refused('it holds more values than allowed');
  if (dtype !== '<f4') throw refused(`'${name}' has the type ${String(dtype)}, and only float32 is read`);
  const data = Float32Array.from(dataset.value);
  if (data.length !== count) throw refused(`'${name}' holds ${data.length} values of ${count}`);
  return { data, shape: [...shape] };
}
