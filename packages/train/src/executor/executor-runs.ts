// What every executor does alike: places, order, the second attempt after a crash, stopping. Where a job runs is the
// business of `attemptJob`.

import { shown } from '../check.ts';
import type { Executor, Job, JobError, Outcome, RunOptions } from './executor.ts';

/** Attempts at a job whose worker dies. */
const ATTEMPTS = 2;

/** One attempt at a job. */
export interface Attempt<Input, Report> {
  readonly id: string;
  readonly input: Input;
  readonly attempt: number;
  /** Aborts where the run stops; the attempt ends soon after. */
  readonly signal: AbortSignal;
  /** `attempt`: where the job was begun more often than here. */
  report(report: Report, attempt?: number): void;
}

/**
 * How an attempt ended. `'crashed'`: not by the job's own doing, so that another attempt makes sense.
 * `attempts`: how often the job was begun, where that was more often than here.
 */
export type AttemptResult<Result> = { readonly attempts?: number } & (
  | { readonly status: 'done'; readonly value: Result }
  | { readonly status: 'failed' | 'crashed'; readonly error: JobError }
);

/** What is special to one kind of executor. */
export interface ExecutorParts<Input, Result, Report> {
  workers: number;
  /** @throws only where no job can run at all. */
  attemptJob(attempt: Attempt<Input, Report>): Promise<AttemptResult<Result>>;
  /** Lets go of the workers; no attempt is under way then. */
  release(): Promise<void>;
}

/** One call of `run`. */
interface Run {
  /** Why it stops; undefined while it goes on. */
  stopped?: { reason: unknown };
  /** The attempts under way. */
  readonly active: Set<AbortController>;
}

/** An executor from its parts. */
export function createExecutor<Input, Result, Report>(
  parts: ExecutorParts<Input, Result, Report>,
): Executor<Input, Result, Report> {
  const places = createPlaces<Run>(parts.workers);
  const runs = new Map<Run, Promise<unknown>>();
  let closed: Promise<void> | undefined;

  const stop = (run: Run, reason: unknown) => {
    run.stopped ??= { reason };
    places.dismiss(run);
    for (const controller of run.active) controller.abort(run.stopped.reason);
  };

  const attemptOnce = async (
    run: Run,
    { id, input }: Job<Input>,
    index: number,
    attempt: number,
    options: RunOptions<Result, Report>,
  ) => {
    const controller = new AbortController();
    run.active.add(controller);
    const report = (value: Report, begun = attempt) => {
      if (!run.active.has(controller)) return;
      try {
        options.onProgress?.({ id, index, attempt: begun, report: value });
      } catch (error) {
        stop(run, error);
      }
    };
    try {
      return await parts.attemptJob({ id, input, attempt, signal: controller.signal, report });
    } finally {
      run.active.delete(controller);
    }
  };

  /** Undefined where the run stopped before the job was done: then it has no outcome. */
  const outcomeOf = async (
    run: Run,
    job: Job<Input>,
    index: number,
    options: RunOptions<Result, Report>,
  ): Promise<Outcome<Result> | undefined> => {
    for (let attempt = 1; !run.stopped; attempt++) {
      const result = await attemptOnce(run, job, index, attempt, options);
      const { attempts = attempt } = result;
      if (result.status === 'done') return { id: job.id, status: 'done', value: result.value, attempts };
      if (!run.stopped && (result.status === 'failed' || attempt === ATTEMPTS)) {
        return { id: job.id, status: 'failed', error: result.error, attempts };
      }
    }
    return undefined;
  };

  const runAll = async (run: Run, jobs: readonly Job<Input>[], options: RunOptions<Result, Report>) => {
    const outcomes = new Array<Outcome<Result>>(jobs.length);
    const runOne = async (job: Job<Input>, index: number) => {
      if (!(await places.take(run))) return;
      try {
        const outcome = await outcomeOf(run, job, index, options);
        if (!outcome) return;
        outcomes[index] = outcome;
        await options.onResult?.(outcome, index);
      } catch (error) {
        stop(run, error);
      } finally {
        places.give();
      }
    };
    const onAbort = () => stop(run, options.signal?.reason);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    await Promise.all(jobs.map(runOne));
    options.signal?.removeEventListener('abort', onAbort);
    if (run.stopped) throw run.stopped.reason;
    return outcomes;
  };

  return {
    workers: parts.workers,
    async run(jobs, options = {}) {
      if (closed) throw new Error('executor: run must be called before close. Create another executor.');
      checkJobs(jobs);
      options.signal?.throwIfAborted();
      const run: Run = { active: new Set() };
      const result = runAll(run, jobs, options);
      runs.set(run, result);
      return result.finally(() => runs.delete(run));
    },
    close() {
      closed ??= (async () => {
        const reason = new Error('executor: closed before all jobs were done.');
        const ends = [...runs].map(([run, end]) => {
          stop(run, reason);
          return end;
        });
        await Promise.allSettled(ends);
        await parts.release();
      })();
      return closed;
    },
  };
}

/** `count` places; who finds none waits in line. */
function createPlaces<Owner>(count: number) {
  let free = count;
  let line: { owner: Owner; enter(entered: boolean): void }[] = [];
  return {
    /** Resolves to true with a place, or to false where the owner was dismissed. */
    take(owner: Owner): Promise<boolean> {
      return new Promise((enter) => {
        if (free === 0) line.push({ owner, enter });
        else {
          free--;
          enter(true);
        }
      });
    },
    give(): void {
      const next = line.shift();
      if (next) next.enter(true);
      else free++;
    },
    /** Sends away all of the owner's that wait. */
    dismiss(owner: Owner): void {
      const leaving = line.filter((each) => each.owner === owner);
      line = line.filter((each) => each.owner !== owner);
      for (const { enter } of leaving) enter(false);
    },
  };
}

function checkJobs(jobs: readonly Job<unknown>[]): void {
  const seen = new Map<string, number>();
  jobs.forEach((job, index) => {
    const id: unknown = job?.id;
    if (typeof id !== 'string' || id === '') {
      throw new Error(`executor: jobs[${index}].id must be a string that is not empty, got ${shown(id)}.`);
    }
    const first = seen.get(id);
    if (first !== undefined) {
      throw new Error(
        `executor: ids must be unique within a run, got '${id}' for jobs[${first}] and jobs[${index}].`,
      );
    }
    seen.set(id, index);
  });
}
