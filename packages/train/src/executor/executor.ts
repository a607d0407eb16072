// Many small trainings side by side: the seam between what asks for them (a grid, an ensemble, a search) and where
// they run (this thread, worker threads, other machines). Only plain data crosses it.

/** A piece of work as data: what `runJob` is called with, and its name. */
export interface Job<Input> {
  /** Names the job wherever it runs; unique within a run. A good name says what the job is: `lstm-50-32-seed1`. */
  readonly id: string;
  /**
   * Anything structured clone can copy. Typed arrays over a `SharedArrayBuffer` are shared, not copied: put data
   * that all jobs read in one, and never write to it.
   */
  readonly input: Input;
}

/** What a running job is given besides its input. */
export interface JobContext<Report = unknown> {
  /** The job's name: for example for its checkpoint file. */
  readonly id: string;
  /** 1, and one more for each worker that died of the job or while it ran. */
  readonly attempt: number;
  /** Aborts where the run is aborted. Hand it to `fit`. */
  readonly signal: AbortSignal;
  /** Sends progress, as data that structured clone can copy, to the run's `onProgress`. */
  report(report: Report): void;
}

/**
 * The work itself. Its result depends on the input alone, not on where, when or how often it ran: then results do
 * not depend on the number of workers, and a job that ran twice does no harm. It boots the backend it needs itself.
 */
export type RunJob<Input, Result, Report = unknown> = (
  input: Input,
  context: JobContext<Report>,
) => Result | Promise<Result>;

/** An error as data. */
export interface JobError {
  /** `'WorkerCrash'` where the worker died; else the name of what the job threw. */
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

/** How a job ended. */
export type Outcome<Result> =
  | { readonly id: string; readonly status: 'done'; readonly value: Result; readonly attempts: number }
  | { readonly id: string; readonly status: 'failed'; readonly error: JobError; readonly attempts: number };

/** A job's progress. */
export interface JobProgress<Report> {
  readonly id: string;
  /** Position in `jobs`. */
  readonly index: number;
  /** A later attempt of a job reports from the start again. */
  readonly attempt: number;
  readonly report: Report;
}

export interface RunOptions<Result, Report = unknown> {
  /**
   * Called with each outcome as it comes; `index` is the job's position. Where it returns a promise, the place of
   * the job is free for the next one, and the run done, only when that has resolved. If it throws, the run stops.
   */
  onResult?(outcome: Outcome<Result>, index: number): void | Promise<void>;
  /** Called with what jobs report. If it throws, the run stops. */
  onProgress?(progress: JobProgress<Report>): void;
  /** Stops the run: no job is begun any more, and those under way are told. */
  signal?: AbortSignal;
}

/** Runs jobs side by side. */
export interface Executor<Input, Result, Report = unknown> {
  /** How many jobs run at a time. */
  readonly workers: number;
  /**
   * Runs jobs, in their order as places become free; several runs at a time share the places.
   * A job that throws is a failed outcome; one whose worker dies is tried again (in worker threads once), then a failed
   * outcome.
   * @returns the outcomes in the order of the jobs.
   * @throws `signal.reason` once the jobs under way have stopped; what `onResult` or `onProgress` threw; if ids are
   * not unique; if jobs cannot be run at all; if the executor is closed.
   */
  run(jobs: readonly Job<Input>[], options?: RunOptions<Result, Report>): Promise<Outcome<Result>[]>;
  /** Stops the runs under way and lets go of the workers. */
  close(): Promise<void>;
}
