// The search itself: it asks a strategy what to try, runs that on an executor, and writes down what came out.
// Decisions are made in the order of a clock of its own, on which a step takes as long as the training it asks for. So
// they depend on results alone, not on which worker was quicker, and a search that goes on from its journal only has to
// ask again: what is written down there is not run a second time.

import { createRandom, deriveSeed } from '@tidecast/data';
import { checkNumber, shown } from '../check.ts';
import { asExecutor } from '../executor/as-executor.ts';
import type { Executor, Outcome, RunJob } from '../executor/executor.ts';
import { memoryStore, type Store } from '../store/store.ts';
import {
  descriptionLine,
  type Journal,
  readResults,
  resultLine,
  type StepResult,
  stepId,
} from './journal.ts';
import { checkSpace, type Space, type Values } from './space.ts';
import { createStrategy } from './strategies.ts';
import type { EndedStep, Step, StrategyConfig } from './strategy.ts';
import { bestOf, rowsOf, type SearchRow } from './table.ts';
import type { TrialInput, TrialResult } from './trial.ts';

/** What to search, and how. */
export interface SearchOptions<Data> {
  space: Space;
  /** `grid()`, `random({ trials })`, `asha({ trials })` or `tpe({ trials })`. */
  strategy: StrategyConfig;
  /** Where trials run, or the job itself, to run in this thread. It gives back the validation loss, or several. */
  executor: Executor<TrialInput<Data>, number | TrialResult> | RunJob<TrialInput<Data>, number | TrialResult>;
  /** Handed to every trial. Typed arrays over a `SharedArrayBuffer` are not copied. */
  data: Data;
  /** Decides what is tried, and the seeds of trials. */
  seed: number;
  /**
   * How long a trial is trained, in epochs or whatever the jobs count; several: the loss is read at each of them, in one
   * training up to the last one. Default 1.
   */
  budget?: number | readonly number[];
  /**
   * Steps at a time for strategies that look at results: they decide on what was known when so many were under way.
   * Default: the workers of the executor. Another number is another search.
   */
  places?: number;
  /** What a unit of budget costs under some values, in any unit: the better the guess, the less workers wait. Default 1. */
  cost?(values: Values): number;
  /** Makes the search outlast the program. */
  journal?: Journal;
  /** Keeps checkpoints of trials that may go on. Default: in memory. */
  store?: Store;
  onProgress?(event: SearchEvent): void;
  /** Stops the search; what has ended by then is in the journal. */
  signal?: AbortSignal;
}

/** What `onProgress` is told. */
export type SearchEvent =
  | { readonly kind: 'begin'; readonly step: Step }
  | { readonly kind: 'report'; readonly step: Step; readonly report: unknown }
  /** `known`: it was read from the journal. */
  | { readonly kind: 'end'; readonly step: EndedStep; readonly known: boolean };

/** What a search found. */
export interface SearchResult {
  /** One row for each trial and budget, best first; what failed comes last. */
  rows: readonly SearchRow[];
  /** The row with the lowest loss. */
  best: SearchRow;
  /** Number of trials begun. */
  trials: number;
  /** Budget trained over all trials. */
  spent: number;
}

/** A step under way. */
interface Active {
  step: Step;
  /** When it ends, on the search's own clock. */
  end: number;
  ended: Promise<EndedStep>;
}

/**
 * Looks for the values of `space` with the lowest validation loss. The test data has no place in it: jobs see what
 * `data` holds, so leave the test part out.
 *
 * The same space, strategy, seed and places give the same table, byte for byte, on any executor, after any number of
 * kills (with a journal), and for `grid` and `random` with any number of places; as long as a job's result depends on its
 * input alone.
 * A trial that fails is a row of its own, and the search goes on.
 * @throws if an option makes no sense, the journal is that of another search, or every trial failed.
 */
export async function search<Data>(options: SearchOptions<Data>): Promise<SearchResult> {
  const { seed, journal, signal } = options;
  const executor = asExecutor(options.executor);
  const space = checkSpace(options.space);
  const strategy = createStrategy(options.strategy, space);
  checkNumber('search: seed', seed, { integer: true });
  const readOuts = checkBudgets(options.budget ?? 1);
  const maximum = readOuts.at(-1)!;
  const rungs = strategy.rungs(maximum);
  const budgets = [...new Set([...readOuts, ...rungs])].sort((a, b) => a - b);
  const places = strategy.blind
    ? Number.POSITIVE_INFINITY
    : checkNumber('search: places', options.places ?? executor.workers, { min: 1, integer: true });
  signal?.throwIfAborted();

  const description = {
    space,
    strategy: options.strategy,
    seed,
    budgets,
    places: strategy.blind ? null : places,
  };
  const lines = (await journal?.read()) ?? [];
  const known = readResults(lines, description);
  if (lines.length === 0) await journal?.append(descriptionLine(description));

  const run = createSteps(options, { executor, budgets, maximum, known });
  const begun: Step[] = [];
  const ended: EndedStep[] = [];
  const active: Active[] = [];
  const reached = new Map<number, number>();
  let now = 0;
  let spent = 0;
  const random = (trial: number) => createRandom(seed, 'search', trial);
  const next = () =>
    active.length < places ? strategy.next({ space, maximum, begun, ended, random }) : undefined;
  const onAbort = () => run.stop(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      for (let step = next(); step; step = next()) {
        const length = step.budget - (reached.get(step.trial) ?? 0);
        const cost = checkNumber('search: cost', options.cost?.(step.values) ?? 1, { above: 0 });
        reached.set(step.trial, step.budget);
        spent += length;
        begun.push(step);
        const endedStep = run.start(step);
        endedStep.catch(run.stop);
        active.push({ step, end: now + cost * length, ended: endedStep });
      }
      if (active.length === 0) break;
      // The first begun of those that end first.
      const first = active.reduce((a, b) => (b.end < a.end ? b : a));
      active.splice(active.indexOf(first), 1);
      now = first.end;
      ended.push(await first.ended);
    }
  } catch (error) {
    run.stop(error);
    await Promise.allSettled(active.map((each) => each.ended));
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
  const rows = rowsOf(ended);
  return { rows, best: bestOf(rows), trials: reached.size, spent };
}

/** Runs steps, or reads them from the journal. */
function createSteps<Data>(
  options: SearchOptions<Data>,
  parts: {
    executor: Executor<TrialInput<Data>, number | TrialResult>;
    budgets: readonly number[];
    maximum: number;
    known: ReadonlyMap<string, StepResult>;
  },
) {
  const { journal, seed, data, onProgress, store = memoryStore() } = options;
  const { executor, budgets, maximum, known } = parts;
  const underWay = new Set<AbortController>();
  let stopped: { reason: unknown } | undefined;
  const stop = (reason: unknown) => {
    stopped ??= { reason };
    for (const controller of underWay) controller.abort(stopped.reason);
  };

  /** Trials of which a step was begun. */
  const begun = new Set<number>();
  const runJob = async (step: Step, id: string, goesOn: boolean): Promise<StepResult> => {
    const { trial, values, budget } = step;
    const name = `trial-${trial}`;
    // What the store holds before the first step of a trial is of another search.
    const checkpoint = goesOn ? await store.read(name) : undefined;
    const readAt = budgets.filter((each) => each <= budget);
    const input: TrialInput<Data> = {
      trial,
      values,
      seed: deriveSeed(seed, 'trial', trial),
      budget,
      readAt,
      mayGoOn: budget < maximum,
      ...(checkpoint && { checkpoint }),
      data,
    };
    if (stopped) throw stopped.reason;
    const controller = new AbortController();
    underWay.add(controller);
    let result: StepResult | undefined;
    try {
      await executor.run([{ id, input }], {
        signal: controller.signal,
        onProgress: ({ report }) => onProgress?.({ kind: 'report', step, report }),
        // Here, so that no other job takes the place before this one is written down.
        async onResult(outcome) {
          const { checkpoint: reached, ...rest } = readOutcome(outcome, readAt);
          // The checkpoint first: what the journal says is done can be gone on from.
          if (reached && input.mayGoOn) await store.write(name, reached);
          // Not needed any more at the end, and of another search at the begin.
          else if (goesOn !== input.mayGoOn) await store.remove(name);
          await journal?.append(resultLine(id, rest));
          result = rest;
        },
      });
      return result!;
    } catch (error) {
      stop(error);
      throw error;
    } finally {
      underWay.delete(controller);
    }
  };

  const start = async (step: Step): Promise<EndedStep> => {
    const id = stepId(step);
    const before = known.get(id);
    const goesOn = begun.has(step.trial);
    begun.add(step.trial);
    onProgress?.({ kind: 'begin', step });
    const endedStep = { ...step, ...(before ?? (await runJob(step, id, goesOn))) };
    onProgress?.({ kind: 'end', step: endedStep, known: before !== undefined });
    return endedStep;
  };
  return { start, stop };
}

/** What a job gave back, checked: a job that gave nonsense has failed. */
function readOutcome(
  outcome: Outcome<number | TrialResult>,
  readAt: readonly number[],
): StepResult & { checkpoint?: Uint8Array } {
  if (outcome.status === 'failed') {
    const { name, message } = outcome.error;
    return { losses: [], error: { name, message } };
  }
  const { value } = outcome;
  const budget = readAt.at(-1)!;
  const given: Partial<TrialResult> | null | undefined =
    typeof value === 'number' ? { losses: [{ budget, loss: value }] } : value;
  try {
    if (!Array.isArray(given?.losses)) {
      throw new Error(
        `trial: the job must give back its validation loss, or { losses: [{ budget, loss }, …] }, got ${shown(value)}.`,
      );
    }
    const { losses, checkpoint } = given as TrialResult;
    const read = losses.map((each) => ({
      budget: checkNumber('trial: budget of a loss', each?.budget),
      loss: checkNumber('trial: its validation loss', each?.loss),
    }));
    if (read.at(-1)?.budget !== budget || read.some((each) => !readAt.includes(each.budget))) {
      throw new Error(
        `trial: losses must be those at ${readAt.join(', ')}, got those at ${shown(read.map((each) => each.budget))}.`,
      );
    }
    return { losses: read, ...(checkpoint && { checkpoint }) };
  } catch (error) {
    const { name, message } = error as Error;
    return { losses: [], error: { name, message } };
  }
}

function checkBudgets(budget: number | readonly number[]): readonly number[] {
  const list = typeof budget === 'number' ? [budget] : budget;
  if (!Array.isArray(list) || list.length === 0) {
    throw new Error(`search: budget must be a number or a list of some, got ${shown(budget)}.`);
  }
  list.forEach((each, i) => {
    checkNumber(`search: budget[${i}]`, each, { above: i === 0 ? 0 : list[i - 1] });
  });
  return list;
}
