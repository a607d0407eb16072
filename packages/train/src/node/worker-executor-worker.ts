// What runs in each worker thread: one call per attempt. It loads the module of the job and tells all that happens
// through a port of the attempt's own, so that what was told before a crash still arrives.

import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { JobError, RunJob } from '../executor/executor.ts';
import { errorData, notCloneable } from '../executor/executor-error.ts';

/** One attempt, as the pool hands it over. */
export interface WorkerAttempt {
  /** Holds the input from the start; says `'abort'` when the run stops. */
  port: MessagePort;
  /** Address of the module, and the name of the function it exports. */
  module: string;
  name: string;
  id: string;
  attempt: number;
}

/** What the worker tells. */
export type WorkerMessage =
  /** The module is loaded; the job begins. */
  | { kind: 'started' }
  /** There is no such module or function. */
  | { kind: 'unloadable'; error: JobError }
  | { kind: 'report'; report: unknown }
  | { kind: 'done'; value: unknown }
  | { kind: 'failed'; error: JobError };

/** Runs one attempt. The pool calls it; it never throws. */
export async function runAttempt({ port, module, name, id, attempt }: WorkerAttempt): Promise<void> {
  const tell = (message: WorkerMessage) => port.postMessage(message);
  let runJob: RunJob<unknown, unknown>;
  try {
    runJob = await loadFunction(module, name);
  } catch (error) {
    tell({ kind: 'unloadable', error: errorData(error) });
    return endThread();
  }
  tell({ kind: 'started' });

  const tellData = (what: 'result' | 'report', message: WorkerMessage) => {
    try {
      tell(message);
    } catch (error) {
      throw notCloneable(what, id, error);
    }
  };
  const controller = new AbortController();
  const input: unknown = receiveMessageOnPort(port)?.message;
  if (receiveMessageOnPort(port)) controller.abort();
  port.on('message', () => controller.abort());
  try {
    controller.signal.throwIfAborted();
    const value = await runJob(input, {
      id,
      attempt,
      signal: controller.signal,
      report: (report) => tellData('report', { kind: 'report', report }),
    });
    tellData('result', { kind: 'done', value });
  } catch (error) {
    tell({ kind: 'failed', error: errorData(error) });
    if (!controller.signal.aborted) await endThread();
  }
}

/**
 * Ends this thread once what was printed is out; later jobs get another. What made a job fail may have broken more
 * than the job: a WASM instance that ran out of memory is dead, and every job after it would fail at once.
 */
async function endThread(): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
  process.exit();
}

async function loadFunction(module: string, name: string): Promise<RunJob<unknown, unknown>> {
  const exported = (await import(module)) as Record<string, unknown>;
  const value = exported[name];
  if (typeof value === 'function') return value as RunJob<unknown, unknown>;
  const names = Object.keys(exported).join(', ') || 'nothing';
  throw new Error(`it must export a function called '${name}', got: ${names}.`);
}
