// The options of a run, and their checks. All come before the first update, so that a refused run changes nothing.

import type { Draw, SampleSource } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber, checkObject, sameShape, shown } from '../check.ts';
import { checkLoss, type Loss } from '../losses/loss.ts';
import { type OptimizerConfig, optimizerRule } from '../optimizers/optimizers.ts';
import { type ClipOptions, checkClip } from './clip.ts';
import type { ProgressEvent } from './history.ts';
import { checkFreeze } from './learnt.ts';
import { PREFETCH } from './prefetched.ts';
import { checkSchedule, needsValidation, resolveSchedule, type ScheduleConfig } from './schedules.ts';

/** When to stop because the validation loss no longer falls. */
export interface EarlyStopping {
  /** Epochs to wait for a lower validation loss. */
  patience: number;
  /** How much lower it must be to count; default 0. */
  minDelta?: number;
  /** Put the weights of the best epoch back at the end, also where the epochs ran out; default true. */
  restoreBest?: boolean;
}

/** Where a run saves itself. */
export interface CheckpointTarget {
  /** Epochs between two checkpoints; default 1. One is also written at the end and on abort. */
  every?: number;
  /** Stores the bytes, for example `fileCheckpoint(path).write`. Training waits for it. */
  write(bytes: Uint8Array): void | Promise<void>;
}

/** How to train. */
export interface FitOptions {
  loss: Loss;
  optimizer: OptimizerConfig;
  /** How many times to go through all samples. */
  epochs: number;
  /** Samples per update; the last batch of an epoch may be smaller. */
  batchSize: number;
  /** Fixes the order of the samples and dropout. First weights have theirs in `createModel`. */
  seed: number;
  /** How the learning rate changes; default constant. */
  schedule?: ScheduleConfig;
  clip?: ClipOptions;
  /**
   * What is not learnt: names of weights, or whole parts of them from the beginning (`0`, `0.cnn2d`, `2.residual.layers.1`). Layers
   * with statistics under these names keep them and run by them. Default: all is learnt.
   */
  freeze?: readonly string[];
  /** Samples to measure the loss on after each epoch. They are never learned from. */
  validation?: SampleSource;
  /** Batches to ask for before their turn where samples have to be waited for; default 2. Changes no result. */
  prefetch?: number;
  earlyStopping?: EarlyStopping;
  checkpoint?: CheckpointTarget;
  /** A checkpoint to go on from. */
  resume?: Uint8Array;
  onProgress?: (event: ProgressEvent) => void;
  /** Ends the run after the update that is under way. */
  signal?: AbortSignal;
}

/** Everything that decides the course of a run, as JSON; a checkpoint is only resumed under the same. */
export interface RunConfig {
  model: Model['config'];
  loss: Loss['config'];
  optimizer: OptimizerConfig;
  schedule: ScheduleConfig;
  clip: ClipOptions;
  /** Absent: nothing. */
  freeze?: readonly string[];
  batchSize: number;
  seed: number;
  earlyStopping: EarlyStopping | null;
  samples: SamplesPrint;
  validation: SamplesPrint | null;
}

/** What tells one source of samples from another. */
export interface SamplesPrint {
  count: number;
  xShape: number[];
  yShape: number[];
  /** Hash of the values of a few samples. */
  hash: number;
}

/** Checks the options against model and samples, and returns what decides the run. @throws with the first fault. */
export async function planRun(model: Model, samples: SampleSource, options: FitOptions): Promise<RunConfig> {
  const {
    loss,
    optimizer,
    epochs,
    batchSize,
    seed,
    clip = {},
    freeze = [],
    validation,
    earlyStopping,
    checkpoint,
    prefetch = PREFETCH,
  } = options;
  checkNumber('fit: epochs', epochs, { min: 1, integer: true });
  checkNumber('fit: batchSize', batchSize, { min: 1, integer: true });
  checkNumber('fit: seed', seed, { integer: true });
  checkNumber('fit: prefetch', prefetch, { min: 0, integer: true });
  checkLoss('fit: loss', loss);
  optimizerRule(optimizer);
  checkObject('fit: clip', clip);
  checkClip(clip);
  const schedule = resolveSchedule(options.schedule ?? { type: 'constant' }, epochs);
  checkSchedule(schedule);
  checkInputShape(model, samples, 'samples');
  if (samples.count === 0) throw new Error('fit: expected at least one sample, got none.');
  if (samples.batchSize !== undefined && samples.batchSize !== batchSize) {
    throw new Error(
      `fit: batchSize must be ${samples.batchSize}, that of the samples, got ${batchSize}: their rows go on from batch to batch.`,
    );
  }
  if (validation) {
    checkInputShape(model, validation, 'validation');
    if (validation.count === 0) throw new Error('fit: expected at least one validation sample, got none.');
    if (!sameShape(validation.yShape, samples.yShape)) {
      throw new Error(
        `fit: validation targets must be [${samples.yShape.join(', ')}], got [${validation.yShape.join(', ')}].`,
      );
    }
  }
  if (earlyStopping) {
    checkNumber('fit: earlyStopping.patience', earlyStopping.patience, { min: 1, integer: true });
    checkNumber('fit: earlyStopping.minDelta', earlyStopping.minDelta ?? 0, { min: 0 });
  }
  const needs = earlyStopping ? 'earlyStopping' : needsValidation(schedule) ? 'a plateau schedule' : '';
  if (needs && !validation)
    throw new Error(`fit: ${needs} needs validation samples, got none. Set validation.`);
  if (checkpoint) checkNumber('fit: checkpoint.every', checkpoint.every ?? 1, { min: 1, integer: true });
  if (Object.keys(model.weights).length === 0)
    throw new Error('fit: expected a model with weights, got none.');
  if (Object.values(model.weights).some(({ isDisposed }) => isDisposed)) {
    throw new Error('fit: the model was disposed. Create or load it again.');
  }
  checkFreeze(model, freeze);
  return {
    model: model.config,
    loss: loss.config,
    optimizer,
    schedule,
    clip,
    ...(freeze.length > 0 && { freeze: [...freeze] }),
    batchSize,
    seed,
    earlyStopping: earlyStopping ?? null,
    // As the first epoch draws them, so that another augmentation is noticed.
    samples: await printOf(samples, { seed, epoch: 1, position: 0 }),
    validation: validation ? await printOf(validation) : null,
  };
}

function checkInputShape(model: Model, samples: SampleSource, which: string): void {
  if (typeof samples?.batch !== 'function') {
    throw new Error(
      `fit: ${which} must be Samples, for example arraySamples({ x, y }), got ${shown(samples)}.`,
    );
  }
  const { xShape } = samples;
  const { input } = model.config;
  const fits =
    input.length === xShape.length && input.every((size, i) => size === null || size === xShape[i]);
  if (fits) return;
  const expected = input.map((size) => size ?? 'any').join(', ');
  throw new Error(
    `fit: the model takes inputs of [${expected}], but ${which} have [${xShape.join(', ')}]. ` +
      'Create the model with the shape of the samples.',
  );
}

/** FNV-1a over the bytes of the first, middle and last sample: enough to notice other data or another scaler. */
async function printOf(samples: SampleSource, draw?: Draw): Promise<SamplesPrint> {
  const { count } = samples;
  const { x, y, mask, weight } = await samples.batch([0, Math.floor(count / 2), count - 1], draw);
  let hash = 0x811c9dc5;
  for (const array of [x, y, mask, weight]) {
    if (!array) continue;
    const bytes = new Uint8Array(array.data.buffer, array.data.byteOffset, array.data.byteLength);
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return { count, xShape: [...samples.xShape], yShape: [...samples.yShape], hash: hash >>> 0 };
}
