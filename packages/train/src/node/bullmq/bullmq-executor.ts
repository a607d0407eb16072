// Jobs on many machines: they lie in a queue of BullMQ in Redis or Valkey, and `tidecast-worker` processes anywhere take
// them out. Redis is the only thing both sides know. Events say at once what happens; every so often the jobs that are
// waited for are also looked up, since events can be lost, and so can jobs, where a Redis without persistence restarts.

import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, QueueEvents, QueueEventsProducer } from 'bullmq';
import type { Redis } from 'ioredis';
import { checkNumber, shown } from '../../check.ts';
import type { Executor } from '../../executor/executor.ts';
import { errorData, notCloneable } from '../../executor/executor-error.ts';
import { type Attempt, type AttemptResult, createExecutor } from '../../executor/executor-runs.ts';
import { checkQueueName, connect, placeOf, streamPosition } from './connection.ts';
import {
  CALL_OFF_EVENT,
  CALLED_OFF,
  createTask,
  encodeWithin,
  MAX_BYTES,
  readReport,
  readResult,
  type Task,
  taskKey,
} from './messages.ts';

export interface BullmqExecutorOptions {
  /** Address of the Redis or Valkey: `redis://user:password@host:6379`, or `rediss://` for TLS. */
  redis: string;
  /** Name of the queue, the one that the workers were started with. */
  queue: string;
  /**
   * Names the run so that it can go on after its own process died: a job of the same run id, id and input that is done
   * is not run again, its result is still there. Failed jobs are run again. Absent: results are kept for nobody.
   */
  runId?: string;
  /** Jobs in the queue at a time; at least as many as all workers together run. Default 16. */
  workers?: number;
  /** How often a job may be begun when its workers die; default 3. */
  attempts?: number;
  /** Largest input and result as text [bytes]; default 32 MiB. Workers have a limit of their own. */
  maxBytes?: number;
  /** How long results are kept [ms]; default 7 days. */
  keepMs?: number;
  /** Time between two looks at jobs of which nothing was heard [ms]; default 5000. */
  checkMs?: number;
  /** Time that workers have to say that a job that was called off has ended [ms]; default 10 000. */
  graceMs?: number;
}

/** A job that is waited for. */
interface Watch {
  readonly task: Task;
  readonly signal: AbortSignal;
  report(report: unknown, attempt: number): void;
  end(result: AttemptResult<unknown>): void;
  break(error: unknown): void;
  /** The highest attempt that reported: what comes from an earlier one is too late. */
  attempt: number;
}

/** What stands between the executor and Redis. */
interface Link {
  redis: Redis;
  queue: Queue;
  events: QueueEvents;
  producer: QueueEventsProducer;
}

/**
 * An executor whose jobs run in `tidecast-worker` processes on any number of machines. Inputs, results and reports are
 * copied as plain data. A worker that is not heard of loses its jobs to others; what it may still tell of them is
 * ignored. Outages of Redis are waited for. Where no worker runs, jobs wait for one.
 * @throws if an option is out of range. `run` throws if Redis does not answer when the first job is sent, or refuses.
 */
export function createBullmqExecutor<Input, Result, Report = unknown>(
  options: BullmqExecutorOptions,
): Executor<Input, Result, Report> {
  const { redis: address, runId } = options;
  placeOf(address);
  const queueName = checkQueueName(options.queue);
  if (runId !== undefined && (typeof runId !== 'string' || runId === '')) {
    throw new Error(`executor: runId must be a text that is not empty, got ${shown(runId)}.`);
  }
  const number = (
    name: 'workers' | 'attempts' | 'maxBytes' | 'keepMs' | 'checkMs' | 'graceMs',
    standard: number,
  ) =>
    checkNumber(`executor: ${name}`, options[name] ?? standard, {
      min: name === 'graceMs' ? 0 : 1,
      integer: true,
    });
  const workers = number('workers', 16);
  const attempts = checkNumber('executor: attempts', number('attempts', 3), { max: 1000 });
  const maxBytes = number('maxBytes', MAX_BYTES);
  const keepMs = number('keepMs', 7 * 24 * 3_600_000);
  const checkMs = number('checkMs', 5000);
  const graceMs = number('graceMs', 10_000);

  const watches = new Map<string, Set<Watch>>();
  let link: Promise<Link> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let released = false;

  const forEach = (key: string, tell: (watch: Watch) => void) => {
    for (const watch of watches.get(key) ?? []) tell(watch);
  };

  const open = async (): Promise<Link> => {
    const redis = await connect(address);
    const queue = new Queue(queueName, { connection: redis });
    const events = new QueueEvents(queueName, {
      connection: redis,
      lastEventId: await streamPosition(redis),
    });
    const producer = new QueueEventsProducer(queueName, { connection: redis });
    // What goes wrong on the way is met by the commands themselves; these only tell.
    for (const each of [queue, events, producer] as EventEmitter[]) each.on('error', () => {});
    events.on('completed', ({ jobId }) => void look(jobId));
    events.on('failed', ({ jobId }) => void look(jobId));
    events.on('progress', ({ jobId, data }) => receive(jobId, data));
    timer = setTimeout(lookAtAll, checkMs);
    return { redis, queue, events, producer };
  };

  /** One round after the other: during an outage each look waits. */
  const lookAtAll = async () => {
    for (const key of [...watches.keys()]) await look(key, Math.min(checkMs, 500));
    if (!released) timer = setTimeout(lookAtAll, checkMs);
  };

  const receive = (key: string, data: unknown) => {
    if (!watches.has(key)) return;
    try {
      const { attempt, report } = readReport(data);
      forEach(key, (watch) => {
        if (attempt < watch.attempt) return;
        watch.attempt = attempt;
        watch.report(report, attempt);
      });
    } catch {
      // A report that is none is somebody else's.
    }
  };

  /** Looks at a job, and ends the wait for it where it has ended. `patience` [ms]: reports may still be on their way. */
  const look = async (key: string, patience = 0): Promise<void> => {
    if (!watches.has(key)) return;
    try {
      const result = await findResult(key);
      if (!result) return;
      if (patience > 0) await sleep(patience);
      forEach(key, (watch) => watch.end(result));
    } catch (error) {
      forEach(key, (watch) => watch.break(error));
    }
  };

  /** How the job ended; undefined where it has not, and it is put back into the queue where it is lost. */
  const findResult = async (key: string): Promise<AttemptResult<unknown> | undefined> => {
    const { queue } = await link!;
    const job = await queue.getJob(key);
    if (!job) {
      const wanted = [...(watches.get(key) ?? [])].find(({ signal }) => !signal.aborted);
      if (wanted) await put(key, wanted.task);
      return undefined;
    }
    const state = await job.getState();
    if (state === 'failed') {
      return { status: 'crashed', error: { name: 'QueueError', message: `executor: ${job.failedReason}` } };
    }
    if (state !== 'completed') return undefined;
    try {
      const { logs } = await queue.getJobLogs(key);
      return readResult(logs, job.returnvalue);
    } catch (error) {
      return { status: 'failed', error: errorData(error) };
    }
  };

  const put = async (key: string, task: Task) => {
    const { queue } = await link!;
    const keep = { age: Math.ceil(keepMs / 1000) };
    await queue.add(task.id, task, { jobId: key, attempts, removeOnComplete: keep, removeOnFail: keep });
  };

  /** Sends a job, unless it is there from before and need not run again. */
  const send = async (key: string, task: Task) => {
    const { queue } = await link!;
    const job = runId === undefined ? undefined : await queue.getJob(key);
    if (job) {
      const state = await job.getState();
      const result = state === 'completed' ? await findResult(key) : undefined;
      if (result?.status === 'done') return forEach(key, (watch) => watch.end(result));
      const stale =
        state === 'failed' || state === 'completed' || (job.data as Partial<Task>)?.calledOff === true;
      // One that still runs cannot be removed: it is waited for.
      if (stale) await queue.remove(key);
    }
    await put(key, task);
  };

  const callOff = async (key: string, task: Task) => {
    const { queue, producer } = await link!;
    const job = await queue.getJob(key);
    await job?.updateData({ ...task, calledOff: true });
    if (!job || (await queue.remove(key)) === 1) {
      forEach(key, (watch) => watch.end(calledOff));
    } else await producer.publishEvent({ eventName: CALL_OFF_EVENT, jobId: key });
  };

  async function attemptJob(attempt: Attempt<Input, Report>): Promise<AttemptResult<Result>> {
    const { id, signal } = attempt;
    let input: string;
    try {
      input = encodeWithin(attempt.input, maxBytes);
    } catch (error) {
      return { status: 'failed', error: errorData(notCloneable('input', id, error)) };
    }
    link ??= open();
    try {
      await link;
    } catch (error) {
      link = undefined;
      throw error;
    }
    if (signal.aborted) return calledOff;

    const key = taskKey(runId, id, input);
    const task = createTask(id, input, attempts);
    const others = watches.get(key) ?? new Set();
    watches.set(key, others);
    let onAbort = () => {};
    let late: NodeJS.Timeout | undefined;
    const waiting = new Promise<AttemptResult<unknown>>((end, fail) => {
      const report = (value: unknown, begun: number) => attempt.report(value as Report, begun);
      const watch: Watch = { task, signal, report, end: settle(end), break: settle(fail), attempt: 0 };
      function settle<Value>(then: (value: Value) => void) {
        return (value: Value) => {
          // From here on nobody misses the job when it is gone.
          others.delete(watch);
          if (others.size === 0) watches.delete(key);
          then(value);
        };
      }
      others.add(watch);
      onAbort = () => {
        late = setTimeout(watch.end, graceMs, calledOff);
        if (others.size > 1) watch.end(calledOff);
        else callOff(key, task).catch(watch.break);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      if (others.size === 1) send(key, task).catch(watch.break);
    });
    try {
      const result = await waiting;
      const keep = runId !== undefined && result.status === 'done';
      if (!keep && others.size === 0) await removeJob(key, signal);
      return result as AttemptResult<Result>;
    } finally {
      clearTimeout(late);
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Nobody asks for the job again; one that still runs stays. A run that stops does not wait for Redis. */
  const removeJob = async (key: string, signal: AbortSignal) => {
    const { queue } = await link!;
    const removed = queue.remove(key).catch(() => {});
    if (!signal.aborted) await removed;
  };

  const release = async () => {
    released = true;
    clearTimeout(timer);
    const parts = await link?.catch(() => undefined);
    if (!parts) return;
    const { redis, queue, events, producer } = parts;
    const closing = Promise.allSettled([events.close(), queue.close(), producer.close()]);
    await Promise.race([closing, sleep(1000, undefined, { ref: false })]);
    redis.disconnect();
  };
  return createExecutor<Input, Result, Report>({ workers, attemptJob, release });
}

const calledOff: AttemptResult<never> = {
  status: 'failed',
  error: { name: 'AbortError', message: `executor: ${CALLED_OFF}` },
};
