// Every example by name, in the order of the table. A new one is a file in a folder of its topic and a line here.

import type { Example } from './example.ts';

/** Every example. */
export const examples: Readonly<Record<string, Example>> = {};
