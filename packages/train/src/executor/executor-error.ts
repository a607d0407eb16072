// What went wrong in a job, as data that crosses threads and processes.

import { shown } from '../check.ts';
import type { JobError } from './executor.ts';

/** Whatever a job threw, as data. */
export function errorData(thrown: unknown): JobError {
  if (typeof thrown === 'object' && thrown !== null && 'message' in thrown) {
    const { name, message, stack } = thrown as Partial<Error>;
    return {
      name: String(name ?? 'Error'),
      message: String(message),
      ...(stack !== undefined && { stack: String(stack) }),
    };
  }
  // Not every object can be shown as JSON.
  const text = typeof thrown === 'object' && thrown !== null ? 'an object' : shown(thrown);
  return { name: 'Error', message: `the job threw ${text}, which is no Error.` };
}

/** That a job's input, result or report is nothing structured clone can copy. */
export function notCloneable(what: 'input' | 'result' | 'report', id: string, thrown: unknown): Error {
  const reason = (thrown as Error).message;
  return new TypeError(
    `executor: the ${what} of job '${id}' must be plain data that structured clone can copy, got: ${reason} ` +
      'Send configs, numbers and typed arrays; make functions, models and tensors inside the job.',
    { cause: thrown },
  );
}
