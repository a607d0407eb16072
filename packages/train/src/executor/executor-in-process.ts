// Jobs one after the other in this thread: in browsers, in tests, and where a second thread would gain nothing.

import { shown } from '../check.ts';
import { createBreather } from '../fit/event-loop.ts';
import type { Executor, RunJob } from './executor.ts';
import { errorData, notCloneable } from './executor-error.ts';
import { createExecutor } from './executor-runs.ts';

/**
 * An executor that calls `runJob` in this thread, one job at a time. Inputs, results and reports are copied as they
 * are on the way to a worker, so that a job behaves here as it does there. A job that ignores its signal is not
 * stopped in the middle, and one that breaks the backend breaks it for those after it.
 * @throws if `runJob` is no function.
 */
export function createInProcessExecutor<Input, Result, Report = unknown>(
  runJob: RunJob<Input, Result, Report>,
): Executor<Input, Result, Report> {
  if (typeof runJob !== 'function') {
    throw new Error(`executor: runJob must be a function, got ${shown(runJob)}.`);
  }
  const breathe = createBreather();
  return createExecutor<Input, Result, Report>({
    workers: 1,
    async attemptJob({ id, input, attempt, signal, report }) {
      await breathe();
      try {
        signal.throwIfAborted();
        const value = await runJob(copy('input', id, input), {
          id,
          attempt,
          signal,
          report: (event) => report(copy('report', id, event)),
        });
        return { status: 'done', value: copy('result', id, value) };
      } catch (error) {
        return { status: 'failed', error: errorData(error) };
      }
    },
    release: async () => {},
  });
}

function copy<Value>(what: 'input' | 'result' | 'report', id: string, value: Value): Value {
  try {
    return structuredClone(value);
  } catch (error) {
    throw notCloneable(what, id, error);
  }
}
