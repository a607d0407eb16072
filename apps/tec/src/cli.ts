#!/usr/bin/env node
// The executable: wires the program to the process. Ctrl-C once stops cleanly, twice at once.

import { main } from './main.ts';

const controller = new AbortController();
process.on('SIGINT', () => {
  if (controller.signal.aborted) process.exit(130);
  controller.abort();
});
process.on('SIGTERM', () => controller.abort());

process.exitCode = await main(process.argv.slice(2), { signal: controller.signal });
