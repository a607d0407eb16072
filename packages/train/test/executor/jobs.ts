// Jobs of the tests: they run in this thread or in worker threads alike.

import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import type { JobContext } from '../../src/index.ts';

/** The square, after a while: the later the job, the sooner it ends. */
export async function square({ value, ms = 0 }: { value: number; ms?: number }): Promise<number> {
  await sleep(ms);
  return value * value;
}

/** What a job is told about itself. */
export function whoAmI(_: unknown, { id, attempt }: JobContext) {
  return { id, attempt, threadId };
}

/** Waits until `count` jobs are under way at once, so that it never ends on fewer workers. */
export async function meet({ file, count }: { file: string; count: number }): Promise<number> {
  appendFileSync(file, '.');
  while (readFileSync(file).length < count) await sleep(5);
  return threadId;
}

export function throwOnOdd(value: number): number {
  if (value % 2 === 1) throw new RangeError(`${value} is odd`);
  return value;
}

export function throwText(): never {
  throw 'only text';
}

/** Throws an object that is neither an Error nor JSON. */
export function throwCircle(): never {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  throw circle;
}

let broken = false;

/** Fails for 0, and ever after in the same thread: as a WASM instance does that ran out of memory. */
export function breakOnZero(value: number): number {
  broken ||= value === 0;
  if (broken) throw new Error('this instance is dead');
  return value;
}

/** Sits in a native call, which nothing can interrupt, for `ms`. */
export function block({ file, ms }: { file: string; ms: number }, { id }: JobContext): void {
  appendFileSync(file, `begun ${id}\n`);
  spawnSync(process.execPath, ['-e', `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms})`]);
}

/** Reports 1 … `count`, then returns their sum. */
export function countUp(count: number, { report }: JobContext<{ at: number }>): number {
  let sum = 0;
  for (let at = 1; at <= count; at++) {
    report({ at });
    sum += at;
  }
  return sum;
}

/** Writes to its input, and returns it. */
export function scribble(values: Float32Array): Float32Array {
  values[0]! += 1;
  return values;
}

export function returnFunction(): () => number {
  return () => 1;
}

export function reportFunction(_: unknown, { report }: JobContext): string {
  report(() => 1);
  return 'not reached';
}

/** Waits for its signal; leaves a mark when it begins and another when it ends by itself. */
export async function waitForSignal({ file }: { file: string }, { id, signal }: JobContext): Promise<never> {
  appendFileSync(file, `begun ${id}\n`);
  try {
    await sleep(60_000, undefined, { signal });
  } finally {
    appendFileSync(file, `ended ${id}\n`);
  }
  throw new Error('waited a minute in vain');
}

/** Does not look at its signal, nor at anything else. */
export function spin({ file }: { file: string }, { id }: JobContext): never {
  appendFileSync(file, `begun ${id}\n`);
  for (;;);
}

/** Ways to die. */
export type Death = 'exit' | 'uncaught' | 'rejection' | 'memory';

async function die(death: Death): Promise<never> {
  if (death === 'exit') process.exit(7);
  if (death === 'uncaught') setImmediate(() => JSON.parse('{'));
  if (death === 'rejection') void Promise.reject(new TypeError('nobody waits for this'));
  const hoard: number[][] = [];
  while (death === 'memory') hoard.push(new Array(1000).fill(Math.random()));
  await sleep(60_000);
  throw new Error('still alive');
}

export interface DyingInput {
  value: number;
  /** How it dies; absent: it lives. */
  death?: Death;
  /** It dies only while this file does not exist, and makes it before. */
  once?: string;
  /** Where each run of the job is noted. */
  log: string;
  ms?: number;
}

/** Dies as its input says; otherwise returns ten times the value. */
export async function mayDie(
  { value, death, once, log, ms = 0 }: DyingInput,
  { id, attempt, report }: JobContext<string>,
): Promise<number> {
  appendFileSync(log, `${id} ${attempt}\n`);
  report(`attempt ${attempt}`);
  if (death && !(once && existsSync(once))) {
    if (once) writeFileSync(once, '');
    await die(death);
  }
  await sleep(ms);
  return 10 * value;
}

/** Returns, and takes the worker down when the result is sent, but before the pool hears that the job is over. */
export function dieAfterwards(value: number): number {
  queueMicrotask(() => queueMicrotask(() => process.exit(3)));
  return value;
}

/** Notes its process when it begins, and returns it after `ms`, whatever its signal says. */
export async function tellProcess(
  { file, ms }: { file: string; ms: number },
  { id, attempt }: JobContext,
): Promise<number> {
  appendFileSync(file, `${id} ${attempt} ${process.pid}\n`);
  await sleep(ms);
  return process.pid;
}

/** As much as is asked for. */
export function returnBytes(count: number): Uint8Array {
  return new Uint8Array(count);
}

export function reportBytes(count: number, { report }: JobContext): number {
  report(new Uint8Array(count));
  return count;
}
