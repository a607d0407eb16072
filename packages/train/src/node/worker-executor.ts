// Jobs on all cores: a pool of worker threads, each with its own copy of the job's module and so its own WASM
// instance. The pool is piscina's; what it does not know is here: progress, stopping gently, and what is a crash.

import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MessageChannel, type ResourceLimits, receiveMessageOnPort } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { checkNumber, shown } from '../check.ts';
import type { Executor, JobError } from '../executor/executor.ts';
import { errorData, notCloneable } from '../executor/executor-error.ts';
import {
  type Attempt,
  type AttemptResult,
  createExecutor,
  type ExecutorParts,
} from '../executor/executor-runs.ts';
import type { WorkerAttempt, WorkerMessage } from './worker-executor-worker.ts';

export interface WorkerExecutorOptions {
  /** The module that exports the job function: a URL, for example `new URL('./job.js', import.meta.url)`. */
  module: URL | string;
  /** Name of the function; default `'runJob'`. */
  name?: string;
  /** Jobs at a time, each in a thread of its own; default: as many as the machine runs in parallel. */
  workers?: number;
  /** Time [ms] that jobs have to end by themselves when a run stops, before their threads are ended; default 1000. */
  graceMs?: number;
  /** Memory of one worker; without limits, running out of it ends the whole process. WASM memory does not count. */
  resourceLimits?: ResourceLimits;
  /** Node's options for the workers; default: those of this process. */
  execArgv?: string[];
}

/** The worker's file stands beside this one, as source and as built. */
const workerFile = new URL(
  `./worker-executor-worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
);

/**
 * An executor whose jobs run in worker threads. Threads start with the first jobs and stay until `close`, but for
 * those whose job failed: the next job gets a fresh one. While idle they do not keep the process alive. What kills the
 * whole process (a fault in native code) is beyond it.
 * @throws if an option is out of range. `run` throws if the module cannot be loaded or no worker starts.
 */
export function createWorkerExecutor<Input, Result, Report = unknown>(
  options: WorkerExecutorOptions,
): Executor<Input, Result, Report> {
  return createExecutor(createThreads<Input, Result, Report>(options));
}

/** The threads of {@link createWorkerExecutor}, for whoever has its own order of jobs. @throws as it does. */
export function createThreads<Input, Result, Report>(
  options: WorkerExecutorOptions,
): ExecutorParts<Input, Result, Report> {
  const { name = 'runJob', resourceLimits, execArgv } = options;
  const module = moduleAddress(options.module);
  const workers = checkNumber('executor: workers', options.workers ?? availableParallelism(), {
    min: 1,
    integer: true,
  });
  const graceMs = checkNumber('executor: graceMs', options.graceMs ?? 1000, { min: 0 });

  const pool = new Piscina({
    filename: workerFile.href,
    name: 'runAttempt',
    minThreads: 0,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
    // Otherwise workers block between tasks, and what a job left running would stand still.
    atomics: 'disabled',
    recordTiming: false,
    resourceLimits,
    execArgv,
  });
  /** Attempts that no worker has begun; the pool forgets them where all workers die while they start. */
  const waiting = new Set<AbortController>();
  let startFailure: unknown;
  /** The module loaded in some worker. */
  let loaded = false;
  pool.on('error', (error) => {
    startFailure = error;
  });
  pool.on('workerDestroy', () =>
    setImmediate(() => {
      const reason = startFailure ?? new Error('worker exited while it started');
      startFailure = undefined;
      if (pool.threads.length === 0) for (const kill of waiting) kill.abort(reason);
    }),
  );

  async function attemptJob(attempt: Attempt<Input, Report>): Promise<AttemptResult<Result>> {
    const { id } = attempt;
    const { port1: port, port2: workerPort } = new MessageChannel();
    try {
      port.postMessage(attempt.input);
    } catch (error) {
      port.close();
      return { status: 'failed', error: errorData(notCloneable('input', id, error)) };
    }

    let result: AttemptResult<Result> | undefined;
    let unloadable: JobError | undefined;
    const kill = new AbortController();
    const receive = (message: WorkerMessage) => {
      waiting.delete(kill);
      if (message.kind === 'unloadable') unloadable = message.error;
      else if (message.kind === 'report') attempt.report(message.report as Report);
      else if (message.kind === 'failed') result = { status: 'failed', error: message.error };
      else if (message.kind === 'done') result = { status: 'done', value: message.value as Result };
      else loaded = true;
    };
    let timer: NodeJS.Timeout | undefined;
    let killed: Promise<unknown> | undefined;
    const onAbort = () => {
      port.postMessage('abort');
      timer = setTimeout(() => {
        const before = pool.threads;
        kill.abort();
        // The pool does not wait for a thread to end; one inside a native call takes its time.
        const after = pool.threads;
        killed = Promise.all(before.filter((each) => !after.includes(each)).map((each) => each.terminate()));
      }, graceMs);
    };
    port.on('message', receive);
    attempt.signal.addEventListener('abort', onAbort, { once: true });
    waiting.add(kill);
    let crash: unknown;
    try {
      const task: WorkerAttempt = { port: workerPort, module, name, id, attempt: attempt.attempt };
      await pool.run(task, { transferList: [workerPort], signal: kill.signal });
    } catch (error) {
      crash = kill.signal.aborted ? kill.signal.reason : error;
    }
    clearTimeout(timer);
    await killed;
    attempt.signal.removeEventListener('abort', onAbort);
    // All that the worker told is here by now, though perhaps not delivered yet.
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) {
      receive(next.message);
    }
    port.close();
    const began = !waiting.delete(kill);

    if (result) return result;
    if (unloadable) {
      const message = `executor: cannot load the job module ${module}: ${unloadable.message}`;
      // Where it never loaded, it is no job's fault, and none can run.
      if (!loaded) throw new Error(message);
      return { status: 'failed', error: { ...unloadable, message } };
    }
    return { status: 'crashed', error: crashData(id, began, crash) };
  }

  const release = async () => {
    // Where Node refused to make a thread, the pool would reject what it had half taken, and nobody would hear it.
    if (pool.threads.length > 0) await pool.destroy();
  };
  return { workers, attemptJob, release };
}

/** What killed a worker, as an error of its job. */
function crashData(id: string, began: boolean, cause: unknown): JobError {
  const { name, message, stack } = errorData(cause);
  const when = began ? 'while it ran' : 'before it began';
  // An exit has only its code to tell; anything else brings the error that nobody caught.
  const what = /^worker exited/.test(message) ? message : `${name}: ${message}`;
  return { name: 'WorkerCrash', message: `the worker of job '${id}' died ${when}: ${what}`, stack };
}

function moduleAddress(module: unknown): string {
  if (module instanceof URL) return module.href;
  if (typeof module === 'string') {
    if (isAbsolute(module)) return pathToFileURL(module).href;
    if (URL.canParse(module)) return module;
  }
  throw new Error(
    `executor: module must be a URL or an absolute path, got ${shown(module)}. ` +
      "Use new URL('./job.js', import.meta.url).",
  );
}
