// A run in a file: safetensors bytes with the weights and statistics, optimiser slots and best weights, and the counters as JSON in
// the metadata. Bytes may come from anywhere: everything is checked before any of it is used.

import { decodeSafetensors, encodeSafetensors, type NdArray } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber, checkObject, shown } from '../check.ts';
import { firstDifference } from '../difference.ts';
import { optimizerRule } from '../optimizers/optimizers.ts';
import type { States } from './carry.ts';
import type { EpochRecord } from './history.ts';
import { learntOf, variablesOf } from './learnt.ts';
import type { RunConfig } from './options.ts';
import { type EpochSums, emptySums, firstNonFinite, type RunProgress, type RunState } from './run-state.ts';

const FORMAT = 'tidecast-checkpoint-1';

/** The bytes of a run as it stands. */
export function encodeCheckpoint(state: RunState, config: RunConfig): Uint8Array {
  const tensors: Record<string, NdArray> = {};
  const add = (name: string, data: Float32Array) => {
    tensors[name] = { data, shape: [data.length] };
  };
  state.names.forEach((name, i) => {
    add(`weights/${name}`, state.values[i]!);
    for (const [slot, values] of Object.entries(state.slots[i]!)) add(`slots/${slot}/${name}`, values);
    if (state.bestValues) add(`best/${name}`, state.bestValues[i]!);
  });
  for (const [name, carried] of Object.entries(state.carried ?? {})) tensors[`state/${name}`] = carried;
  return encodeSafetensors(tensors, {
    format: FORMAT,
    config: JSON.stringify(config),
    progress: JSON.stringify(state.progress),
  });
}

/**
 * The run that `bytes` hold, to go on under `config`.
 * @throws if they are not a checkpoint, are damaged, or belong to another model, other samples or other options.
 */
export function restoreCheckpoint(
  bytes: Uint8Array,
  config: RunConfig,
  model: Pick<Model, 'weights' | 'statistics' | 'states'>,
): RunState {
  const values = Object.entries(variablesOf(model)).map(([name, { size }]) => ({ name, size }));
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== FORMAT) {
    throw new Error(
      `checkpoint: format must be '${FORMAT}', got ${shown(metadata.format)}. Is it another file?`,
    );
  }
  compareConfigs(checkObject('checkpoint: config', parse('config', metadata.config)), config);
  const take = (name: string, size: number): Float32Array => {
    const tensor = Object.hasOwn(tensors, name) ? tensors[name] : undefined;
    if (tensor?.data.length !== size) {
      const got = tensor ? `${tensor.data.length} values` : 'none';
      throw new Error(
        `checkpoint: expected ${size} values of ${name}, got ${got}. Is it from another model?`,
      );
    }
    if (firstNonFinite([tensor.data]) >= 0)
      throw new Error(`checkpoint: ${name} is not finite. Is the file damaged?`);
    return tensor.data;
  };
  const progress = readProgress(parse('progress', metadata.progress), config);
  const learnt = learntOf(model, config.freeze);
  const slots = optimizerRule(config.optimizer).slots(config.optimizer);
  return {
    progress,
    names: values.map(({ name }) => name),
    values: values.map(({ name, size }) => take(`weights/${name}`, size)),
    learnt,
    slots: values.map(({ name, size }, i) =>
      Object.fromEntries(learnt[i] ? slots.map((slot) => [slot, take(`slots/${slot}/${name}`, size)]) : []),
    ),
    bestValues: progress.best ? values.map(({ name, size }) => take(`best/${name}`, size)) : null,
    carried: readCarried(model.states, tensors, take),
  };
}

/** The states after the last batch; null where the file holds none. */
function readCarried(
  sizes: Model['states'],
  tensors: Readonly<Record<string, NdArray>>,
  take: (name: string, size: number) => Float32Array,
): States | null {
  const first = Object.keys(tensors).find((name) => name.startsWith('state/'));
  if (first === undefined || typeof sizes !== 'object') return null;
  const rows = tensors[first]!.shape[0]!;
  return Object.fromEntries(
    Object.entries(sizes).map(([name, units]) => {
      return [name, { data: take(`state/${name}`, rows * units), shape: [rows, units] }];
    }),
  );
}

/** @throws with the first setting in which the checkpoint's run and this one differ. */
function compareConfigs(theirs: Record<string, unknown>, ours: RunConfig): void {
  const difference = firstDifference(theirs, JSON.parse(JSON.stringify(ours)));
  if (!difference) return;
  const { path, was, is } = difference;
  const fix =
    path.startsWith('samples') || path.startsWith('validation') ? 'the same samples' : 'the same options';
  throw new Error(
    `checkpoint: it is from another run: ${path} was ${shown(was)}, is ${shown(is)}. Resume with ${fix}, or start anew.`,
  );
}

function parse(name: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw new Error(`checkpoint: ${name} is not JSON. Is the file damaged?`);
  }
}

const counter = { min: 0, integer: true } as const;

function readProgress(json: unknown, { samples, batchSize, earlyStopping }: RunConfig): RunProgress {
  const { epoch, batch, step, sums, epochs, best, stopped } = checkObject('checkpoint: progress', json);
  if (!Array.isArray(epochs)) throw new Error('checkpoint: epochs must be a list. Is the file damaged?');
  if (typeof stopped !== 'boolean')
    throw new Error(`checkpoint: stopped must be a boolean, got ${shown(stopped)}.`);
  const progress = {
    epoch: checkNumber('checkpoint: epoch', epoch, { min: 1, integer: true }),
    batch: checkNumber('checkpoint: batch', batch, { ...counter, max: Math.ceil(samples.count / batchSize) }),
    step: checkNumber('checkpoint: step', step, counter),
    sums: readSums(sums),
    epochs: epochs.map(readRecord),
    best: earlyStopping && epochs.length > 0 ? readBest(best) : null,
    stopped,
  };
  if (progress.epochs.length !== progress.epoch - 1) {
    throw new Error(
      `checkpoint: expected ${progress.epoch - 1} epochs of history, got ${epochs.length}. Is the file damaged?`,
    );
  }
  return progress;
}

function readSums(json: unknown): EpochSums {
  const values = checkObject('checkpoint: sums', json);
  const names = Object.keys(emptySums()) as (keyof EpochSums)[];
  return Object.fromEntries(
    names.map((name) => [name, checkNumber(`checkpoint: sums.${name}`, values[name])]),
  ) as unknown as EpochSums;
}

function readBest(json: unknown): { epoch: number; loss: number } {
  const { epoch, loss } = checkObject('checkpoint: best', json);
  return {
    epoch: checkNumber('checkpoint: best.epoch', epoch, { min: 1, integer: true }),
    loss: checkNumber('checkpoint: best.loss', loss),
  };
}

function readRecord(json: unknown, index: number): EpochRecord {
  const record = checkObject('checkpoint: epoch', json);
  const read = (name: string) => checkNumber(`checkpoint: epochs[${index}].${name}`, record[name]);
  return {
    epoch: read('epoch'),
    loss: read('loss'),
    learningRate: read('learningRate'),
    clippedByNorm: read('clippedByNorm'),
    clippedByValue: read('clippedByValue'),
    skipped: read('skipped'),
    ...(record.validationLoss !== undefined && { validationLoss: read('validationLoss') }),
  };
}
