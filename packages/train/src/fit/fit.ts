// The training loop. It knows a Model, Samples and a Loss, and no concrete one of them.
// Every random choice derives from (seed, epoch, batch), so that a run can go on from any batch as if it never stopped.

import {
  type Batch,
  createRandom,
  deriveSeed,
  type EpochRequest,
  type SampleSource,
  shuffle,
} from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber } from '../check.ts';
import { checkBatch } from './check-batch.ts';
import { encodeCheckpoint, restoreCheckpoint } from './checkpoint.ts';
import { evaluate } from './evaluate.ts';
import { createBreather } from './event-loop.ts';
import { batchWeight, withoutMissing } from './gradients.ts';
import { type EndReason, type EpochRecord, type History, NonFiniteError } from './history.ts';
import { type FitOptions, planRun, type RunConfig } from './options.ts';
import { createPlannedStepper } from './planned-step.ts';
import { PREFETCH, prefetched } from './prefetched.ts';
import { emptySums, freshState, type RunState, setValues } from './run-state.ts';
import { learningRateAt } from './schedules.ts';
import { type Extras, extrasOf, type Stepper, type StepResult } from './step.ts';
import { createTapeStepper } from './tape-step.ts';

/** All that the parts of the loop share. */
interface Run {
  model: Model;
  samples: SampleSource;
  options: FitOptions;
  config: RunConfig;
  state: RunState;
  stepper: Stepper;
  /** Batches in one epoch. */
  batches: number;
  breathe: () => Promise<void>;
}

/**
 * Trains `model` on `samples`, in place, and returns what happened.
 *
 * Abort: after the update under way, the run writes a checkpoint (where one is set), tells `onProgress` the history
 * so far in an `end` event, and throws `signal.reason`. The weights stay those of the last update.
 * @throws NonFiniteError where the loss, a gradient or a weight is NaN or infinite; the weights stay those of the last
 * finite update.
 * @throws if an option is out of bounds, shapes do not fit, or `resume` belongs to another run. Nothing has changed then.
 */
export async function fit(model: Model, samples: SampleSource, options: FitOptions): Promise<History> {
  const config = await planRun(model, samples, options);
  options.signal?.throwIfAborted();
  const bring = extrasOf(await samples.batch([0]));
  if (bring.carry && !samples.order) {
    throw new Error(
      'fit: samples that carry states from batch to batch must have an order of their own, as those of streams(…) have, ' +
        'got samples without one, which would be shuffled.',
    );
  }
  const state = options.resume
    ? restoreCheckpoint(options.resume, config, model)
    : await freshState(model, options);
  if (options.resume) setValues(model, state.values);
  const batches = Math.ceil(samples.count / options.batchSize);
  const stepper = createStepper(model, samples, state, options, bring);
  const run: Run = { model, samples, options, config, state, stepper, batches, breathe: createBreather() };
  const { progress } = state;
  try {
    options.onProgress?.({
      kind: 'start',
      epochs: options.epochs,
      batches,
      epoch: progress.epoch,
      parameters: state.values.reduce((sum, { length }, i) => sum + (state.learnt[i] ? length : 0), 0),
      ...pathOf(stepper),
    });
    while (progress.epoch <= options.epochs && !progress.stopped) {
      await trainEpoch(run);
      await closeEpoch(run);
    }
  } catch (error) {
    run.stepper.sync();
    const aborted = options.signal?.aborted && error === options.signal.reason;
    if (aborted) await saveAborted(run);
    tellEnd(run, aborted ? 'aborted' : 'failed');
    throw error;
  } finally {
    run.stepper.dispose();
  }
  if (state.bestValues && (options.earlyStopping?.restoreBest ?? true)) {
    setValues(model, state.bestValues);
    const { epoch, loss } = progress.best!;
    options.onProgress?.({ kind: 'restore', epoch, validationLoss: loss });
  }
  const history = historyOf(state, progress.stopped ? 'early-stopping' : 'finished');
  options.onProgress?.({ kind: 'end', history });
  return history;
}

/** The planned step where every part of the run has one, else the tape. `bring`: what batches may bring. */
function createStepper(
  model: Model,
  samples: SampleSource,
  state: RunState,
  options: FitOptions,
  bring: Extras,
): Stepper {
  const planned = createPlannedStepper(model, samples, state, options, bring);
  return typeof planned === 'string' ? createTapeStepper(model, state, options, planned) : planned;
}

/** The stepper for a batch: laid out anew where the batch is the first to bring a mask, weights or states. */
function stepperFor(run: Run, batch: Batch): Stepper {
  if (run.stepper.takes(batch)) return run.stepper;
  const { model, samples, state, options, stepper } = run;
  stepper.sync();
  const extras = extrasOf(batch);
  const { brings } = stepper;
  const bring: Extras = {
    mask: extras.mask || brings.mask,
    weight: extras.weight || brings.weight,
    carry: extras.carry || brings.carry,
    carryAfter: extras.carry ? extras.carryAfter : brings.carryAfter,
  };
  run.stepper = createStepper(model, samples, state, options, bring);
  stepper.dispose();
  if (run.stepper.path !== stepper.path) options.onProgress?.({ kind: 'path', ...pathOf(run.stepper) });
  return run.stepper;
}

function pathOf({ path, why }: Stepper): Pick<Stepper, 'path' | 'why'> {
  return { path, ...(why && { why }) };
}

/**
 * The order of the samples in an epoch: their own, or else a permutation that depends on (seed, epoch) alone.
 * @throws if their own is no list of `count` indices.
 */
async function orderOf(samples: SampleSource, request: EpochRequest): Promise<Uint32Array> {
  const { count } = samples;
  if (!samples.order) {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    return shuffle(order, createRandom(request.seed, 'shuffle', request.epoch));
  }
  const order = await samples.order(request);
  if (order.length !== count) {
    throw new Error(`fit: the samples' own order must have ${count} indices, got ${order.length}.`);
  }
  return Uint32Array.from({ length: count }, (_, i) =>
    checkNumber("fit: an index of the samples' own order", order[i], {
      min: 0,
      max: count - 1,
      integer: true,
    }),
  );
}

/** Runs the batches of the epoch under way that are not done yet. */
async function trainEpoch(run: Run): Promise<void> {
  const { samples, options, config, state, batches, breathe } = run;
  const { progress } = state;
  const { epoch, sums, epochs } = progress;
  const { batchSize, seed } = options;
  const order = await orderOf(samples, { seed, epoch, batchSize });
  if (progress.batch === 0) state.carried = null;
  const validationLosses = epochs.flatMap(({ validationLoss }) => validationLoss ?? []);
  const request = (index: number) => {
    const position = index * batchSize;
    return samples.batch(order.subarray(position, position + batchSize), { seed, epoch, position });
  };
  const { signal, prefetch: ahead = PREFETCH } = options;
  for await (const given of prefetched(request, { from: progress.batch, to: batches, ahead, signal })) {
    const index = progress.batch;
    const rows = Math.min(batchSize, samples.count - index * batchSize);
    const batch = withoutMissing(checkBatch(given, rows, samples));
    const learningRate = learningRateAt(config.schedule, {
      base: options.optimizer.learningRate,
      step: progress.step,
      epoch: epoch - 1,
      stepsPerEpoch: batches,
      validationLosses,
    });
    const weight = batchWeight(batch, options.loss);
    let result: StepResult = { loss: Number.NaN, norm: 0, byNorm: false, byValue: false };
    const stepSeed = deriveSeed(seed, 'dropout', epoch, index);
    // What is not a number is no reason to skip: the step says where it comes from.
    if (weight !== 0) {
      const step = stepperFor(run, batch).step({ batch, seed: stepSeed, learningRate });
      result = step instanceof Promise ? await step : step;
      sums.loss += weight * result.loss;
      sums.weight += weight;
      sums.clippedByNorm += Number(result.byNorm);
      sums.clippedByValue += Number(result.byValue);
      sums.learningRate = learningRate;
    } else {
      sums.skipped++;
      if (batch.carry) await stepperFor(run, batch).pass({ batch, seed: stepSeed });
    }
    progress.batch++;
    options.onProgress?.({
      kind: 'batch',
      epoch,
      batch: progress.batch,
      batches,
      loss: result.loss,
      gradientNorm: result.norm,
      learningRate,
      clippedByNorm: result.byNorm,
      clippedByValue: result.byValue,
    });
    await breathe();
  }
}

/** Validates, writes the epoch down, decides about stopping, and saves. */
async function closeEpoch({ model, options, config, state, stepper }: Run): Promise<void> {
  const { progress } = state;
  const { epoch, sums } = progress;
  const { validation, earlyStopping, checkpoint, signal } = options;
  if (sums.weight === 0) {
    throw new Error('fit: no sample has a target to learn from, all weights are 0. Are all targets missing?');
  }
  options.signal?.throwIfAborted();
  stepper.sync();
  const record: EpochRecord = {
    epoch,
    loss: sums.loss / sums.weight,
    learningRate: sums.learningRate,
    clippedByNorm: sums.clippedByNorm,
    clippedByValue: sums.clippedByValue,
    skipped: sums.skipped,
  };
  if (validation) {
    record.validationLoss = await evaluate(model, validation, { loss: options.loss, signal });
    if (!Number.isFinite(record.validationLoss)) {
      throw new NonFiniteError(
        `fit: the validation loss is ${record.validationLoss} after epoch ${epoch}. ` +
          'Do the validation samples hold NaN, or no target at all?',
        { epoch, batch: 0, history: progress.epochs },
      );
    }
  }
  progress.epochs.push(record);
  let best = false;
  if (earlyStopping) {
    const loss = record.validationLoss!;
    best = !progress.best || loss < progress.best.loss - (earlyStopping.minDelta ?? 0);
    if (best) {
      progress.best = { epoch, loss };
      state.bestValues = state.values;
    }
    progress.stopped = epoch - progress.best!.epoch >= earlyStopping.patience;
  }
  progress.epoch++;
  progress.batch = 0;
  progress.sums = emptySums();
  options.onProgress?.({ kind: 'epoch', epochs: options.epochs, best, ...record });
  const last = progress.stopped || epoch === options.epochs;
  if (checkpoint && (last || epoch % (checkpoint.every ?? 1) === 0)) {
    await checkpoint.write(encodeCheckpoint(state, config));
  }
}

async function saveAborted({ options, config, state }: Run): Promise<void> {
  try {
    await options.checkpoint?.write(encodeCheckpoint(state, config));
  } catch (error) {
    throw new Error(`fit: aborted, and its checkpoint could not be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** Tells the history so far; what `onProgress` may throw then must not hide why the run ended. */
function tellEnd({ options, state }: Run, reason: EndReason): void {
  try {
    options.onProgress?.({ kind: 'end', history: historyOf(state, reason) });
  } catch {
    // The run's own error is thrown next.
  }
}

function historyOf({ progress }: RunState, reason: EndReason): History {
  const { epochs, best } = progress;
  return { epochs: [...epochs], reason, ...(best && { bestEpoch: best.epoch, bestLoss: best.loss }) };
}
