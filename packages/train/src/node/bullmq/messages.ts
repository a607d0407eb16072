// What producer and workers tell each other through Redis, and the checks it passes on the way in: whoever can write to
// the Redis can write anything there.

import { createHash, randomUUID } from 'node:crypto';
import { checkNumber, checkObject, shown } from '../../check.ts';
import type { JobError } from '../../executor/executor.ts';
import { decodePlainData, encodePlainData } from './plain-data.ts';

/** Largest input or result as text, by default [bytes]. */
export const MAX_BYTES = 32 * 2 ** 20;
/** Largest report as text [bytes]: reports pass through a stream that keeps the last 10 000. */
export const MAX_REPORT_BYTES = 64 * 2 ** 10;
/** Why a job that was called off ended. */
export const CALLED_OFF = 'called off';
/** Name of the event by which a producer calls a job off. */
export const CALL_OFF_EVENT = 'tidecast-call-off';

const VERSION = 1;

/** A job as it lies in the queue. */
export interface Task {
  version: number;
  /** The job's own id. */
  id: string;
  /** Its input, encoded. */
  input: string;
  /** How often it may be begun. */
  attempts: number;
  /** How often a worker that was shut down gave it back; these are no attempts. */
  handedBack: number;
  /** The run has stopped: nobody waits for it. */
  calledOff: boolean;
}

/** How a job ended, as its worker stored it. */
export type TaskResult =
  | { status: 'done'; value: unknown; attempts: number }
  | { status: 'failed'; error: JobError; attempts: number };

/** A report on its way. */
export interface TaskReport {
  attempt: number;
  report: unknown;
}

/** A new task. */
export function createTask(id: string, input: string, attempts: number): Task {
  return { version: VERSION, id, input, attempts, handedBack: 0, calledOff: false };
}

/** The name of a task in Redis: the same for the same job of the same run, whoever asks; without a run its own. */
export function taskKey(runId: string | undefined, id: string, input: string): string {
  const text = runId === undefined ? randomUUID() : JSON.stringify([VERSION, runId, id, input]);
  return `job-${createHash('sha256').update(text).digest('hex')}`;
}

/** `value` as text of at most `maxBytes`. @throws if it is no plain data, or more. */
export function encodeWithin(value: unknown, maxBytes: number): string {
  const text = encodePlainData(value);
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  throw new Error(
    `${bytes} bytes as text, more than the ${maxBytes} allowed. ` +
      'Keep large data in a store that all machines reach, and send its name.',
  );
}

/** A task out of Redis. @throws if it is none. */
export function readTask(data: unknown, maxBytes: number): Task {
  const { version, id, input, attempts, handedBack, calledOff } = checkObject('executor: the task', data);
  if (version !== VERSION) {
    throw new Error(
      `executor: the task must be of version ${VERSION}, got ${shown(version)}. Run the same release everywhere.`,
    );
  }
  if (typeof id !== 'string' || typeof input !== 'string') {
    throw new Error('executor: the task must have an id and an input as texts. Who else uses this queue?');
  }
  if (Buffer.byteLength(input) > maxBytes) {
    throw new Error(`executor: the input of job ${shown(id)} must be at most ${maxBytes} bytes.`);
  }
  const count = { min: 0, max: 1000, integer: true };
  return {
    version,
    id,
    input,
    attempts: checkNumber('executor: attempts of the task', attempts, { ...count, min: 1 }),
    handedBack: checkNumber('executor: handedBack of the task', handedBack, { min: 0, integer: true }),
    calledOff: calledOff === true,
  };
}

/** A result as one row: the mark of the attempt that made it, then the result. */
export function writeResult(mark: string, result: TaskResult, maxBytes: number): string {
  return `${mark} ${encodeWithin(result, maxBytes)}`;
}

/** The result among `rows` that the attempt with this mark stored. @throws if there is none, or it is damaged. */
export function readResult(rows: readonly string[], mark: unknown): TaskResult {
  const row = typeof mark === 'string' ? rows.find((each) => each.startsWith(`${mark} `)) : undefined;
  if (row === undefined) throw new Error('executor: the job is done, but its result is not there.');
  const { status, value, error, attempts } = checkObject(
    'executor: the result',
    decodePlainData(row.slice(String(mark).length + 1)),
  );
  const begun = checkNumber('executor: attempts of the result', attempts, { min: 0, integer: true });
  if (status === 'done') return { status, value, attempts: begun };
  if (status !== 'failed') {
    throw new Error(`executor: status of the result must be done or failed, got ${shown(status)}.`);
  }
  const { name, message, stack } = checkObject('executor: the error of the result', error);
  return {
    status,
    error: {
      name: String(name),
      message: String(message),
      ...(stack !== undefined && { stack: String(stack) }),
    },
    attempts: begun,
  };
}

/** A report out of Redis. @throws if it is none. */
export function readReport(data: unknown): TaskReport {
  const { attempt, report } = checkObject('executor: the report', data);
  if (typeof report !== 'string') throw new Error('executor: the report must be a text.');
  return {
    attempt: checkNumber('executor: attempt of the report', attempt, { min: 1, integer: true }),
    report: decodePlainData(report),
  };
}
