// Models as files, for Node.

import { randomUUID } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import type { Model } from './model.ts';
import { loadModel, loadWeights, saveModel } from './save.ts';

/** Largest file that is read [bytes]: 2 GB less what Node's own limit takes off. */
const MAX_BYTES = 2 ** 31 - 2 ** 20;

/**
 * Writes {@link saveModel}'s bytes to `path`: to a temporary name beside it first, then renamed, so that
 * a reader sees the old file or the new one, whole, whatever happens in between.
 */
export async function saveModelFile(model: Model, path: string): Promise<void> {
  const bytes = saveModel(model);
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new Error(`model: cannot write ${path}: ${reasonOf(error)}.`, { cause: error });
  }
}

/** The same file as {@link saveModelFile} writes: weights never travel without their config. */
export async function saveWeightsFile(model: Model, path: string): Promise<void> {
  await saveModelFile(model, path);
}

/** Makes a model from a file of {@link saveModelFile}. @throws with the path and the reason. */
export async function loadModelFile(path: string): Promise<Model> {
  const bytes = await readBytes(path);
  return inFile(path, () => loadModel(bytes));
}

/** Puts the weights of a file into `model`, as `loadWeights` does. @throws with the path and the reason. */
export async function loadWeightsFile(model: Model, path: string): Promise<void> {
  const bytes = await readBytes(path);
  inFile(path, () => loadWeights(model, bytes));
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const about = await stat(path);
    if (!about.isFile()) throw new Error('it is not a file');
    if (about.size > MAX_BYTES)
      throw new Error(`it has ${about.size} bytes, more than the ${MAX_BYTES} allowed`);
    return await readFile(path);
  } catch (error) {
    throw new Error(`model: cannot read ${path}: ${reasonOf(error)}.`, { cause: error });
  }
}

function inFile<R>(path: string, read: () => R): R {
  try {
    return read();
  } catch (error) {
    throw new Error(`${path}: ${reasonOf(error)}`, { cause: error });
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'access is denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ENOSPC: 'the disk is full',
};

function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  return (code && reasons[code]) ?? message;
}
