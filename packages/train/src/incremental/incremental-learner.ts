// A forecaster that goes on learning: each update is a short training on new windows, mixed with some of the past. The
// scalers stay, so that old and new windows mean the same to the network. What an update does is all or nothing.

import type { Samples, WindowSamples } from '@tidecast/data';
import { deriveSeed, scaleSamples } from '@tidecast/data';
import { checkNumber, lookUp, shown } from '../check.ts';
import type { ClipOptions } from '../fit/clip.ts';
import { evaluate } from '../fit/evaluate.ts';
import { fit } from '../fit/fit.ts';
import { NonFiniteError } from '../fit/history.ts';
import { variablesOf } from '../fit/learnt.ts';
import { setValues } from '../fit/run-state.ts';
import { checkSameWindows, checkUnscaled, type Forecaster, rangeOf } from '../forecaster/forecaster.ts';
import type { Loss } from '../losses/loss.ts';
import { createLoss } from '../losses/losses.ts';
import type { OptimizerConfig } from '../optimizers/optimizers.ts';
import { encodeLearner, type LearnerConfig, type LearnerState, restoreLearner } from './learner-state.ts';
import {
  drawRows,
  offer,
  type ReplayBuffer,
  type ReplayStrategy,
  replayStrategies,
} from './replay-buffer.ts';
import { rowSamples, rowsOf } from './rows.ts';

/** How a forecaster goes on learning. */
export interface IncrementalOptions {
  loss: Loss;
  /** Begins anew with every update; its learning rate is usually well below that of the first training. */
  optimizer: OptimizerConfig;
  /** Times to go through the windows of an update; default 1. */
  epochs?: number;
  /** Default 32. */
  batchSize?: number;
  clip?: ClipOptions;
  seed: number;
  /** Past windows that are mixed in; absent: none. */
  replay?: {
    /** Windows that are kept at most. */
    capacity: number;
    /** Which ones: default `'reservoir'`, a uniform sample of all that came. */
    strategy?: ReplayStrategy;
    /** Part of an update that comes from the buffer, while that has enough; 0 to below 1, default 0.5. */
    share?: number;
    /** Windows to begin with, in their order: usually those of the first training. */
    start?: WindowSamples;
  };
  /** Rolls back an update that worsens the loss on `holdOut` by more than `tolerance`: 0.05 allows 5 %. */
  guard?: { holdOut: WindowSamples; tolerance: number };
  /** Stores the learner after every update, before that counts: `fileCheckpoint(path)`. */
  checkpoint?: { write(bytes: Uint8Array): void | Promise<void> };
  /** What a checkpoint or `save` stored: the learner goes on as if it had never stopped. */
  resume?: Uint8Array;
}

/** What an update did. */
export interface UpdateResult {
  /** Counted from 1. */
  update: number;
  /** False: the forecaster is as it was before. */
  accepted: boolean;
  /** Why it was rolled back. */
  reason?: string;
  /** New windows, and those from the buffer. */
  windows: number;
  replayed: number;
  /** First and last time of the new windows [ms]. */
  from: number;
  to: number;
  /** Training loss of the last epoch; absent where it was not finite. */
  loss?: number;
  /** Loss on the hold-out before and after, where there is a guard. */
  before?: number;
  after?: number;
}

/** A forecaster that goes on learning. */
export interface IncrementalLearner {
  /** The forecaster, up to date after every update. */
  readonly forecaster: Forecaster;
  /** Updates so far, with those that were rolled back. */
  readonly updates: number;
  /** Time of the last target in all updates [ms], also in those rolled back; −Infinity before the first. */
  readonly learnedTo: number;
  /**
   * Learns from new windows, of the forecaster's specification, and keeps some in the buffer if that stays.
   * @throws if they are of another kind or none; `signal.reason`; what `checkpoint` threw. The forecaster and the learner
   * are as before then.
   */
  update(windows: WindowSamples, options?: { signal?: AbortSignal }): Promise<UpdateResult>;
  /** The learner as bytes for `resume`. */
  save(): Promise<Uint8Array>;
}

/**
 * Makes a forecaster go on learning, in place: it belongs to the learner from then on.
 * @throws if an option is out of range, windows are of another kind, or `resume` is of another learner.
 */
export function createIncrementalLearner(
  forecaster: Forecaster,
  options: IncrementalOptions,
): IncrementalLearner {
  const { loss, optimizer, seed, replay, guard, checkpoint, clip } = options;
  const { model, spec, scalers } = forecaster;
  const epochs = checkNumber('incremental: epochs', options.epochs ?? 1, { min: 1, integer: true });
  const batchSize = checkNumber('incremental: batchSize', options.batchSize ?? 32, { min: 1, integer: true });
  const share = checkNumber('incremental: replay.share', replay?.share ?? 0.5, { min: 0, below: 1 });
  const shapes = {
    xShape: [spec.steps, forecaster.inputChannels.length],
    yShape: [spec.horizon, forecaster.targetChannels.length],
  };
  const scaled = (samples: Samples) => scaleSamples(samples, scalers);
  checkUnscaled('incremental', loss);
  checkSameHead(forecaster, loss);
  if (guard) {
    checkSameWindows('incremental: guard.holdOut', forecaster, guard.holdOut);
    checkNumber('incremental: guard.tolerance', guard.tolerance, { min: 0 });
    if (guard.holdOut.count === 0) throw new Error('incremental: guard.holdOut must hold windows, got none.');
  }
  const empty = replay && emptyBuffer(replay, seed);
  const config: LearnerConfig = {
    model: model.config,
    spec,
    seed: checkNumber('incremental: seed', seed, { integer: true }),
    replay: empty ? { capacity: empty.capacity, strategy: empty.strategy } : null,
  };

  let state: LearnerState = { updates: 0, accepted: 0, learnedTo: Number.NEGATIVE_INFINITY, windows: 0 };
  if (options.resume) {
    const sizes = Object.fromEntries(
      Object.entries(variablesOf(model)).map(([name, { size }]) => [name, size]),
    );
    const restored = restoreLearner(options.resume, config, { ...shapes, sizes, empty });
    state = restored.state;
    setValues(model, restored.weights);
    noteUpdates();
  } else if (empty) {
    if (replay.start) checkSameWindows('incremental: replay.start', forecaster, replay.start);
    state = { ...state, buffer: replay.start ? offer(empty, replay.start) : empty };
  }
  /** Loss on the hold-out with the weights as they are; measured when first needed. */
  let heldOut: number | undefined;
  let busy = false;

  function noteUpdates(): void {
    const { updates, accepted, windows, learnedTo } = state;
    if (updates === 0) return;
    forecaster.provenance = {
      ...forecaster.provenance,
      updates: { count: updates, accepted, windows, to: learnedTo },
    };
  }

  const encode = async (of: LearnerState) => {
    const names = Object.keys(variablesOf(model));
    const weights = await weightsOf();
    return encodeLearner(of, Object.fromEntries(names.map((name, i) => [name, weights[i]!])), config, shapes);
  };

  const weightsOf = () =>
    Promise.all(
      Object.values(variablesOf(model)).map(async (variable) =>
        Float32Array.from((await variable.data()) as Float32Array),
      ),
    );

  const measure = (signal?: AbortSignal) => evaluate(model, scaled(guard!.holdOut), { loss, signal });

  /** Trains, and says what came of it; the caller takes it back where it may not stay. */
  const learn = async (windows: WindowSamples, signal?: AbortSignal): Promise<UpdateResult> => {
    const update = state.updates + 1;
    const wanted = Math.round((windows.count * share) / (1 - share));
    const past = state.buffer ? drawRows(state.buffer, wanted, update) : [];
    const all = Array.from({ length: windows.count }, (_, i) => i);
    const samples = scaled(rowSamples([...rowsOf(windows, all), ...past], shapes));
    const { from, to } = rangeOf(windows);
    if (guard) heldOut ??= await measure(signal);
    const result = {
      ...{ update, windows: windows.count, replayed: past.length, from, to },
      ...(guard && { before: heldOut }),
    };
    let trained: number;
    try {
      const fitSeed = deriveSeed(seed, 'update', update);
      const history = await fit(model, samples, {
        ...{ loss, optimizer, epochs, batchSize, clip, signal },
        seed: fitSeed,
      });
      trained = history.epochs.at(-1)!.loss;
    } catch (error) {
      if (!(error instanceof NonFiniteError)) throw error;
      return { ...result, accepted: false, reason: error.message };
    }
    if (!guard) return { ...result, accepted: true, loss: trained };
    const after = await measure(signal);
    // A likelihood's loss may be negative; worse is above it all the same.
    const limit = heldOut! + guard.tolerance * Math.abs(heldOut!);
    // What is not a number is not within the limit.
    const accepted = after <= limit;
    return {
      ...result,
      accepted,
      ...(!accepted && {
        reason: `the loss on the hold-out rose from ${heldOut!.toPrecision(4)} to ${after.toPrecision(4)}, more than the ${limit.toPrecision(4)} allowed`,
      }),
      ...{ loss: trained, after },
    };
  };

  return {
    forecaster,
    get updates() {
      return state.updates;
    },
    get learnedTo() {
      return state.learnedTo;
    },
    save: () => encode(state),
    async update(windows, { signal } = {}) {
      if (busy) throw new Error('incremental: an update is under way. Wait for it before the next one.');
      checkSameWindows('incremental: windows', forecaster, windows);
      if (windows.count === 0) throw new Error('incremental: expected at least one new window, got none.');
      signal?.throwIfAborted();
      busy = true;
      const before = await weightsOf();
      try {
        const result = await learn(windows, signal);
        const { accepted } = result;
        if (!accepted) setValues(model, before);
        const next: LearnerState = {
          updates: result.update,
          accepted: state.accepted + (accepted ? 1 : 0),
          learnedTo: Math.max(state.learnedTo, result.to),
          windows: state.windows + (accepted ? windows.count : 0),
          // What was not to be learnt is not to be replayed either.
          ...(state.buffer && { buffer: accepted ? offer(state.buffer, windows) : state.buffer }),
        };
        if (checkpoint) await checkpoint.write(await encode(next));
        signal?.throwIfAborted();
        state = next;
        if (accepted) heldOut = result.after;
        noteUpdates();
        return result;
      } catch (error) {
        setValues(model, before);
        throw error;
      } finally {
        busy = false;
      }
    },
  };
}

/** @throws if the outputs mean something else to the loss than to the forecaster. A loss without a head is its own business. */
function checkSameHead({ loss: own }: Forecaster, { head, config }: Loss): void {
  if (!head) return;
  const wanted = own && createLoss(own).head;
  if (wanted?.parameters === head.parameters && `${wanted.levels}` === `${head.levels}`) return;
  throw new Error(
    `incremental: loss must have the head of the forecaster's, ${own ? shown(own) : 'none'}, got ${shown(config)}.`,
  );
}

function emptyBuffer(replay: NonNullable<IncrementalOptions['replay']>, seed: number): ReplayBuffer {
  const { capacity, strategy = 'reservoir' } = replay;
  lookUp('incremental: replay.strategy', replayStrategies, strategy);
  return {
    capacity: checkNumber('incremental: replay.capacity', capacity, { min: 1, integer: true }),
    strategy,
    seed,
    seen: 0,
    rows: [],
  };
}
