// Several networks that differ by their seeds, trained side by side: what they agree on is a better forecast, and what
// they do not agree on is how little they know.

import { deriveSeed } from '@tidecast/data';
import type { Model } from '@tidecast/models';
import { checkNumber, shown } from '../check.ts';
import { firstDifference } from '../difference.ts';
import { asExecutor } from '../executor/as-executor.ts';
import type { Executor, JobError, Outcome, RunJob } from '../executor/executor.ts';
import { errorData } from '../executor/executor-error.ts';
import type { Forecaster } from '../forecaster/forecaster.ts';
import { loadForecaster } from '../forecaster/forecaster-file.ts';
import type { Store } from '../store/store.ts';

/** Forecasters of the same windows, each as likely as the others. */
export interface Ensemble {
  name: string;
  members: readonly Forecaster[];
}

/** A member as data: the input of a job. */
export interface MemberInput<Data = unknown> {
  /** From 0. */
  readonly member: number;
  /** Of this member alone: for its first weights, the order of its samples, dropout, and its bag (`bootstrap`). */
  readonly seed: number;
  /** What {@link ensemble} was given for all members. */
  readonly data: Data;
}

/** How to train an ensemble. */
export interface EnsembleOptions<Data> {
  /** How many members. */
  count: number;
  /** The seeds of the members derive from it. */
  seed: number;
  /** Where members are trained, or the job itself, to run in this thread. It gives back the bytes of `saveForecaster`. */
  executor: Executor<MemberInput<Data>, Uint8Array> | RunJob<MemberInput<Data>, Uint8Array>;
  /** Handed to every member. Typed arrays over a `SharedArrayBuffer` are not copied. */
  data: Data;
  /** That of @tidecast/models. */
  loadModel(bytes: Uint8Array): Model;
  /** Default `'ensemble'`. */
  name?: string;
  /** Fewer are an error; default 2, or 1 of 1. */
  minMembers?: number;
  /** Keeps each member as it is done; one that is there already is not trained again. For this ensemble alone. */
  store?: Store;
  onProgress?(event: EnsembleEvent): void;
  /** Stops the training; members that are done by then are in the store. */
  signal?: AbortSignal;
}

/** What `onProgress` is told. */
export type EnsembleEvent =
  | { readonly kind: 'report'; readonly member: number; readonly report: unknown }
  | { readonly kind: 'end'; readonly result: MemberResult };

/** How the training of a member ended. */
export type MemberResult = {
  readonly member: number;
  readonly seed: number;
} & (
  | { readonly status: 'done' }
  /** It was in the store. */
  | { readonly status: 'kept' }
  | { readonly status: 'failed'; readonly error: JobError }
);

/**
 * Trains `count` members that differ by their seeds (Lakshminarayanan, Pritzel and Blundell 2017, NeurIPS), and puts
 * those that succeeded together. The same seed gives the same members on any executor.
 * @returns the ensemble, whose models belong to it (see `disposeEnsemble`), and how each member ended, in their order.
 * @throws if fewer than `minMembers` succeed, or an option is out of bounds. `signal.reason` on abort.
 */
export async function ensemble<Data>(
  options: EnsembleOptions<Data>,
): Promise<{ ensemble: Ensemble; members: MemberResult[] }> {
  const { data, loadModel, name = 'ensemble', store, onProgress, signal } = options;
  const count = checkNumber('ensemble: count', options.count, { min: 1, integer: true });
  checkNumber('ensemble: seed', options.seed, { integer: true });
  const minMembers = checkNumber('ensemble: minMembers', options.minMembers ?? Math.min(2, count), {
    min: 1,
    max: count,
    integer: true,
  });
  const inputs = Array.from({ length: count }, (_, member) => {
    const seed = deriveSeed(options.seed, 'member', member);
    return { id: `member-${member}-seed-${seed}`, input: { member, seed, data } };
  });
  signal?.throwIfAborted();
  const bytes: (Uint8Array | undefined)[] = await Promise.all(inputs.map(({ id }) => store?.read(id)));
  const results: MemberResult[] = [];
  const end = (result: MemberResult) => {
    results[result.member] = result;
    onProgress?.({ kind: 'end', result });
  };
  for (const { input } of inputs) {
    if (bytes[input.member]) end({ member: input.member, seed: input.seed, status: 'kept' });
  }
  const jobs = inputs.filter(({ input }) => !bytes[input.member]);
  await asExecutor(options.executor).run(jobs, {
    signal,
    onProgress: ({ index, report }) =>
      onProgress?.({ kind: 'report', member: jobs[index]!.input.member, report }),
    async onResult(outcome, index) {
      const { member, seed } = jobs[index]!.input;
      const error = errorOf(outcome);
      if (!error) {
        bytes[member] = (outcome as { value: Uint8Array }).value;
        await store?.write(outcome.id, bytes[member]);
      }
      end({ member, seed, ...(error ? { status: 'failed', error } : { status: 'done' }) });
    },
  });

  const members: Forecaster[] = [];
  try {
    for (const { member, status } of results) {
      if (status === 'failed') continue;
      try {
        members.push(loadForecaster(bytes[member]!, loadModel));
      } catch (error) {
        const where = store ? ` Take '${inputs[member]!.id}' out of the store to train it again.` : '';
        throw new Error(`ensemble: member ${member}: ${(error as Error).message}${where}`, { cause: error });
      }
    }
    if (members.length < minMembers) throw tooFew(results, minMembers);
    return { ensemble: createEnsemble(members, name), members: results };
  } catch (error) {
    for (const { model } of members) model.dispose();
    throw error;
  }
}

/**
 * An ensemble of forecasters that are there already; their models belong to it from then on.
 * @throws if there is none, or they do not forecast the same from the same windows.
 */
export function createEnsemble(members: readonly Forecaster[], name = 'ensemble'): Ensemble {
  const [first, ...others] = members;
  if (!first) throw new Error('ensemble: expected at least one member, got none.');
  const kindOf = ({ spec, live, step, inputChannels, targetChannels, loss, levels }: Forecaster) => ({
    spec,
    live,
    step,
    inputChannels,
    targetChannels,
    head: loss !== undefined,
    levels,
  });
  others.forEach((member, i) => {
    const difference = firstDifference(kindOf(first), kindOf(member));
    if (!difference) return;
    const { path, was, is } = difference;
    throw new Error(
      `ensemble: members must read the same windows: ${path} of member 0 is ${shown(was)}, of member ${i + 1} ` +
        `${shown(is)}. Train them on windows of one specification.`,
    );
  });
  return { name, members: [...members] };
}

/** Frees the weights of all members. */
export function disposeEnsemble({ members }: Ensemble): void {
  for (const { model } of members) model.dispose();
}

function errorOf(outcome: Outcome<Uint8Array>): JobError | undefined {
  if (outcome.status === 'failed') return outcome.error;
  if (outcome.value instanceof Uint8Array) return undefined;
  return errorData(
    new TypeError(`ensemble: a job must give back the bytes of saveForecaster, got ${shown(outcome.value)}.`),
  );
}

function tooFew(results: readonly MemberResult[], minMembers: number): Error {
  const failed = results.flatMap((result) =>
    result.status === 'failed' ? [`member ${result.member}: ${result.error.message}`] : [],
  );
  return new Error(
    `ensemble: expected at least ${minMembers} members that succeed, got ${results.length - failed.length}. ${failed.join(' ')}`,
  );
}
