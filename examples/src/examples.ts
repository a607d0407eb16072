// Every example by name, in the order of the table. A new one is a file in a folder of its topic and a line here.

import type { Example } from './example.ts';
import { executorsExample } from './executors/executors.ts';
import { addingProblemExample } from './sequences/adding-problem.ts';
import { copyTaskExample } from './sequences/copy-task.ts';

/** Every example. */
export const examples: Readonly<Record<string, Example>> = {
  'adding-problem': addingProblemExample,
  'copy-task': copyTaskExample,
  executors: executorsExample,
};
