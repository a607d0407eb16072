// The other side of the queue: takes jobs out of it and runs them in worker threads, so that the heart-beat of this
// process goes on whatever a job does. The module is that of whoever started the worker; from Redis comes only data.

import { randomUUID } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Job, QueueEvents, UnrecoverableError, WaitingError, Worker } from 'bullmq';
import { checkNumber, shown } from '../../check.ts';
import { errorData, notCloneable } from '../../executor/executor-error.ts';
import type { AttemptResult, ExecutorParts } from '../../executor/executor-runs.ts';
import { createThreads, type WorkerExecutorOptions } from '../worker-executor.ts';
import { checkQueueName, connect, streamPosition } from './connection.ts';
import {
  CALL_OFF_EVENT,
  CALLED_OFF,
  encodeWithin,
  MAX_BYTES,
  MAX_REPORT_BYTES,
  readTask,
  type Task,
  type TaskResult,
  writeResult,
} from './messages.ts';
import { decodePlainData } from './plain-data.ts';

export interface BullmqWorkerOptions extends WorkerExecutorOptions {
  /** Address of the Redis or Valkey. */
  redis: string;
  /** Name of the queue. */
  queue: string;
  /** Jobs at a time, each in a thread of its own; default 1. */
  workers?: number;
  /** A worker not heard of for so long is taken for dead, and its jobs go to others [ms]; default 30 000. */
  takeoverMs?: number;
  /** Time that jobs under way have to finish when the worker is closed, before they are handed back [ms]; default 10 000. */
  finishMs?: number;
  /** Largest input and result as text [bytes]; default 32 MiB. */
  maxBytes?: number;
  /** Told what happens. */
  onEvent?(event: BullmqWorkerEvent): void;
}

/** What a worker does with a job, by the job's id and attempt. */
export interface BullmqWorkerEvent {
  kind: 'begun' | 'done' | 'failed' | 'called off' | 'handed back' | 'taken over';
  id: string;
  attempt: number;
}

export interface BullmqWorker {
  /** Resolves when the worker has stopped. Rejects where it cannot go on: the module does not load. */
  readonly ended: Promise<void>;
  /** Takes no more jobs, lets those under way finish for `finishMs`, hands back the rest, and lets go of everything. */
  close(): Promise<void>;
}

/** Why a job under way is to stop. */
type Stop = 'called off' | 'handed back' | 'taken over';

/**
 * Runs jobs of a queue until it is closed.
 * @throws if an option is out of range, or no Redis answers.
 */
export async function startBullmqWorker(options: BullmqWorkerOptions): Promise<BullmqWorker> {
  const { redis: address, maxBytes = MAX_BYTES, onEvent = () => {} } = options;
  const queue = checkQueueName(options.queue);
  const takeoverMs = checkNumber('executor: takeoverMs', options.takeoverMs ?? 30_000, { min: 100 });
  const finishMs = checkNumber('executor: finishMs', options.finishMs ?? 10_000, { min: 0 });
  checkNumber('executor: maxBytes', maxBytes, { min: 1, integer: true });
  const threads = createThreads<unknown, unknown, unknown>({ ...options, workers: options.workers ?? 1 });
  const connection = await connect(address);
  const active = new Map<string, AbortController>();
  let closing: Promise<void> | undefined;
  let fail: (reason: unknown) => void = () => {};
  let finish: () => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // Whoever does not look at it is told by `close`.
  ended.catch(() => {});

  const stopJob = (key: string, why: Stop) => active.get(key)?.abort(why);

  const processJob = async (job: Job, token?: string): Promise<string> => {
    const key = job.id!;
    const task = readOrGiveUp(job, maxBytes);
    const attempt = job.attemptsStarted - task.handedBack;
    const { id } = task;
    if (attempt > task.attempts) {
      return store(job, { ...diedTooOften(task), attempts: task.attempts }, maxBytes);
    }
    onEvent({ kind: 'begun', id, attempt });
    const controller = new AbortController();
    active.set(key, controller);
    try {
      const result = await runTask(threads, job, task, attempt, controller);
      const why = controller.signal.reason as Stop | undefined;
      if (why === 'called off' || why === 'taken over') {
        onEvent({ kind: why, id, attempt });
        throw new UnrecoverableError(CALLED_OFF);
      }
      if (why === 'handed back' && result.status !== 'done') {
        return await handBack(job, task, attempt, token);
      }
      const again = result.status === 'crashed' && attempt < task.attempts;
      onEvent({ kind: result.status === 'done' ? 'done' : 'failed', id, attempt });
      if (again) throw new Error(result.error.message);
      return await store(
        job,
        result.status === 'done'
          ? { status: 'done', value: result.value, attempts: attempt }
          : { status: 'failed', error: result.error, attempts: attempt },
        maxBytes,
      );
    } catch (error) {
      if (!(error instanceof ModuleError)) throw error;
      fail(error.cause);
      void close();
      return await handBack(job, task, attempt, token);
    } finally {
      active.delete(key);
    }
  };

  /** Leaves the job to another worker, as if this one had never begun it. */
  const handBack = async (job: Job, task: Task, attempt: number, token?: string): Promise<never> => {
    await job.updateData({ ...task, handedBack: task.handedBack + 1 });
    await job.moveToWait(token);
    onEvent({ kind: 'handed back', id: task.id, attempt });
    throw new WaitingError();
  };

  const worker = new Worker(queue, processJob, {
    connection,
    concurrency: threads.workers,
    lockDuration: takeoverMs,
    stalledInterval: takeoverMs / 2,
    // How often is a matter of each job's `attempts`.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    runRetryDelay: 1000,
  });
  const events = new QueueEvents(queue, { connection, lastEventId: await streamPosition(connection) });
  // An outage of Redis is waited for; nothing else ends here.
  for (const each of [worker, events] as EventEmitter[]) each.on('error', () => {});
  worker.on('lockRenewalFailed', (keys) => {
    for (const key of keys) stopJob(key, 'taken over');
  });
  events.on<never>(
    CALL_OFF_EVENT as never,
    (({ jobId }: { jobId: string }) => stopJob(jobId, 'called off')) as never,
  );

  function close(): Promise<void> {
    closing ??= (async () => {
      await worker.pause(true);
      const finished = new AbortController();
      const late = sleep(finishMs, undefined, { signal: finished.signal }).then(
        () => {
          for (const key of active.keys()) stopJob(key, 'handed back');
        },
        () => {},
      );
      await worker.close();
      finished.abort();
      await late;
      await events.close();
      await threads.release();
      connection.disconnect();
      finish();
    })();
    return closing;
  }
  return { ended, close };
}

/** That the job's module does not load: no job can run here. */
class ModuleError extends Error {}

/** Runs a task in a thread. @throws ModuleError */
async function runTask(
  threads: ExecutorParts<unknown, unknown, unknown>,
  job: Job,
  { id, input }: Task,
  attempt: number,
  controller: AbortController,
): Promise<AttemptResult<unknown>> {
  /** Reports go out one after the other; the result waits for them. */
  let sent: Promise<unknown> = Promise.resolve();
  let refused: unknown;
  const report = (value: unknown) => {
    if (controller.signal.aborted) return;
    try {
      const text = encodeWithin(value, MAX_REPORT_BYTES);
      sent = sent.then(() => job.updateProgress({ attempt, report: text })).catch(() => {});
    } catch (error) {
      refused = notCloneable('report', id, error);
      controller.abort();
    }
  };
  let data: unknown;
  try {
    data = decodePlainData(input);
  } catch (error) {
    throw new UnrecoverableError(`the input of job ${shown(id)} is damaged: ${(error as Error).message}`);
  }
  let result: AttemptResult<unknown>;
  try {
    result = await threads.attemptJob({ id, input: data, attempt, signal: controller.signal, report });
  } catch (error) {
    throw new ModuleError('', { cause: error });
  }
  if (refused !== undefined) result = { status: 'failed', error: errorData(refused) };
  await sent;
  return result;
}

/** The task of a job. @throws so that BullMQ does not try again what nobody can read, or nobody waits for. */
function readOrGiveUp(job: Job, maxBytes: number): Task {
  let task: Task;
  try {
    task = readTask(job.data, maxBytes);
  } catch (error) {
    throw new UnrecoverableError((error as Error).message);
  }
  if (task.calledOff) throw new UnrecoverableError(CALLED_OFF);
  return task;
}

/** Stores a result beside the job, and returns the mark that tells it from those of other attempts. */
async function store(job: Job, result: TaskResult, maxBytes: number): Promise<string> {
  const mark = randomUUID();
  let row: string;
  try {
    row = writeResult(mark, result, maxBytes);
  } catch (error) {
    const { id } = job.data as Task;
    const refused = errorData(notCloneable('result', id, error));
    row = writeResult(mark, { status: 'failed', error: refused, attempts: result.attempts }, maxBytes);
  }
  // Results stand in the job's log, not in the value it returns: that one also goes through the stream of events.
  await job.log(row);
  return mark;
}

function diedTooOften({ id, attempts }: Task): Pick<TaskResult & { status: 'failed' }, 'status' | 'error'> {
  const times = attempts === 1 ? 'once' : `${attempts} times`;
  return {
    status: 'failed',
    error: { name: 'WorkerCrash', message: `the worker of job '${id}' died while it ran, ${times}.` },
  };
}
