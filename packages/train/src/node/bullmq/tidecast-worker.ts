#!/usr/bin/env node
// The command that starts a worker: `tidecast-worker --redis redis://… --queue … --module ./job.js`.

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BullmqWorkerEvent, startBullmqWorker } from './bullmq-worker.ts';
import { placeOf } from './connection.ts';

const HELP = `Usage: tidecast-worker --queue <name> --module <file> [options]

Runs jobs that a createBullmqExecutor put into a queue, until it is told to stop (SIGTERM or Ctrl-C; twice: at once).

  --redis <address>    the Redis or Valkey; default: the environment variable REDIS_URL, else redis://localhost:6379
  --queue <name>       name of the queue
  --module <file>      the module with the job function; only this one runs, whatever the queue holds
  --name <function>    the function it exports; default runJob
  --concurrency <n>    jobs at a time, each in a thread of its own; default 1
  --takeover-ms <ms>   a worker not heard of for so long is taken for dead; default 30000, the same for all workers
  --finish-ms <ms>     time that jobs have to finish when the worker stops, before they are handed back; default 10000
  --memory-mb <n>      memory of one job's JavaScript objects; without it, running out ends the whole worker
  --quiet              print nothing but errors
  --help               this text
`;

try {
  await main();
} catch (error) {
  process.stderr.write(`tidecast-worker: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      redis: text,
      queue: text,
      module: text,
      name: text,
      concurrency: text,
      'takeover-ms': text,
      'finish-ms': text,
      'memory-mb': text,
      quiet: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  for (const name of ['queue', 'module'] as const) {
    if (!values[name]) throw new Error(`--${name} must be given. See --help.`);
  }
  const number = (name: 'concurrency' | 'takeover-ms' | 'finish-ms' | 'memory-mb') =>
    values[name] === undefined ? undefined : Number(values[name]);
  const redis = values.redis ?? process.env.REDIS_URL ?? 'redis://localhost:6379';
  const memory = number('memory-mb');
  const say = (message: string) => {
    if (!values.quiet) process.stderr.write(`tidecast-worker ${process.pid}: ${message}\n`);
  };
  const worker = await startBullmqWorker({
    redis,
    queue: values.queue!,
    module: resolve(values.module!),
    name: values.name,
    workers: number('concurrency'),
    takeoverMs: number('takeover-ms'),
    finishMs: number('finish-ms'),
    ...(memory !== undefined && { resourceLimits: { maxOldGenerationSizeMb: memory } }),
    // Ids come from the queue: as JSON they cannot steer the terminal.
    onEvent: ({ kind, id, attempt }: BullmqWorkerEvent) =>
      say(`${kind} ${JSON.stringify(id)}${attempt > 1 ? `, attempt ${attempt}` : ''}`),
  });
  say(`waits for jobs of ${values.queue} at ${placeOf(redis)}`);
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    let told = false;
    process.on(name, () => {
      if (told) process.exit(130);
      told = true;
      say('stops');
      void worker.close();
    });
  }
  try {
    await worker.ended;
  } finally {
    await worker.close();
  }
}
