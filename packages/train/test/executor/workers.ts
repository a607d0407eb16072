// Worker executors for the tests, closed after each one.

import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach } from 'vitest';
import type { Executor } from '../../src/index.ts';
import { createWorkerExecutor, type WorkerExecutorOptions } from '../../src/node.ts';

/** Makes worker threads run on the sources, as the tests do. */
export const execArgv = [
  '--import',
  new URL('./register-typescript.mjs', import.meta.url).href,
  '--conditions=@tidecast/source',
];

const open: { close(): Promise<void> }[] = [];

/** Closes what {@link startWorkers} started, and clears up after its threads. Call once at the top of a test file. */
export function setUpWorkers(): void {
  afterEach(async () => {
    await Promise.all(open.splice(0).map((executor) => executor.close()));
  });
  afterAll(() => rm(join(tmpdir(), `tidecast-typescript-${process.pid}`), { recursive: true, force: true }));
}

/** An executor of worker threads for an exported function of `jobs.ts`, or of another module. */
export function startWorkers<Input, Result, Report = unknown>(
  name: string,
  options: Partial<WorkerExecutorOptions> = {},
): Executor<Input, Result, Report> {
  const module = new URL('./jobs.ts', import.meta.url);
  const executor = createWorkerExecutor<Input, Result, Report>({ module, name, execArgv, ...options });
  open.push(executor);
  return executor;
}
