// What training needs from Node: files that are written whole, progress on a terminal, and worker threads.

import type { Model } from '@tidecast/models';
import type { Ensemble } from './ensemble/ensemble.ts';
import { loadEnsemble, saveEnsemble } from './ensemble/ensemble-file.ts';
import type { Forecaster } from './forecaster/forecaster.ts';
import { loadForecaster, saveForecaster } from './forecaster/forecaster-file.ts';
import { readWhole, writeWhole } from './node/file.ts';

export { fileJournal } from './node/file-journal.ts';
export { folderStore } from './node/folder-store.ts';
export { type ProgressBarOptions, type ProgressStream, progressBar } from './node/progress-bar.ts';
export { createWorkerExecutor, type WorkerExecutorOptions } from './node/worker-executor.ts';

/** A checkpoint in a file. */
export interface FileCheckpoint {
  /** Replaces the file, whole or not at all. */
  write(bytes: Uint8Array): Promise<void>;
  /** The bytes to resume from; undefined where there is no file yet. */
  read(): Promise<Uint8Array | undefined>;
}

/**
 * A checkpoint at `path`: `const file = fileCheckpoint(path)`, then
 * `fit(model, samples, { …, checkpoint: file, resume: await file.read() })` starts or goes on.
 */
export function fileCheckpoint(path: string): FileCheckpoint {
  return { write: (bytes) => writeWhole(path, bytes), read: () => readWhole(path) };
}

/** Writes `saveForecaster`'s bytes to `path`, whole or not at all. `saveModel` is that of @tidecast/models. */
export async function saveForecasterFile(
  forecaster: Forecaster,
  path: string,
  saveModel: (model: Model) => Uint8Array,
): Promise<void> {
  await writeWhole(path, saveForecaster(forecaster, saveModel));
}

/** Reads a forecaster from `path`. `loadModel` is that of @tidecast/models. @throws with the path and the reason. */
export async function loadForecasterFile(
  path: string,
  loadModel: (bytes: Uint8Array) => Model,
): Promise<Forecaster> {
  return loadFrom(path, 'forecaster', (bytes) => loadForecaster(bytes, loadModel));
}

/** Writes `saveEnsemble`'s bytes to `path`, whole or not at all. `saveModel` is that of @tidecast/models. */
export async function saveEnsembleFile(
  ensemble: Ensemble,
  path: string,
  saveModel: (model: Model) => Uint8Array,
): Promise<void> {
  await writeWhole(path, saveEnsemble(ensemble, saveModel));
}

/** Reads an ensemble from `path`. `loadModel` is that of @tidecast/models. @throws with the path and the reason. */
export async function loadEnsembleFile(
  path: string,
  loadModel: (bytes: Uint8Array) => Model,
): Promise<Ensemble> {
  return loadFrom(path, 'ensemble', (bytes) => loadEnsemble(bytes, loadModel));
}

async function loadFrom<Loaded>(
  path: string,
  what: string,
  load: (bytes: Uint8Array) => Loaded,
): Promise<Loaded> {
  const bytes = await readWhole(path);
  if (!bytes) throw new Error(`${what}: cannot read ${path}: there is no such file.`);
  try {
    return load(bytes);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}
