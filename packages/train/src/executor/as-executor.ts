// Where something takes an executor, a job alone will do.

import type { Executor, RunJob } from './executor.ts';
import { createInProcessExecutor } from './executor-in-process.ts';

/** `executor` itself, or one that runs a job in this thread. */
export function asExecutor<Input, Result, Report>(
  executor: Executor<Input, Result, Report> | RunJob<Input, Result, Report>,
): Executor<Input, Result, Report> {
  return typeof executor === 'function' ? createInProcessExecutor(executor) : executor;
}
