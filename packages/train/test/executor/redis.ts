// A real Redis for the tests: a server of their own, on a free port, with its files in a temporary folder. And workers
// on it, in this process or in processes of their own.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach } from 'vitest';
import type { Executor } from '../../src/index.ts';
import {
  type BullmqExecutorOptions,
  type BullmqWorkerOptions,
  createBullmqExecutor,
  startBullmqWorker,
} from '../../src/node/bullmq.ts';
import { execArgv } from './workers.ts';

/** Whether this machine has a Redis. */
export const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
/** Belongs in the names of tests that need one. */
export const needsRedis = hasRedis ? '' : ' (skipped: there is no redis-server)';

const closing: { close(): Promise<unknown> }[] = [];
let server: Promise<RedisServer> | undefined;

export interface RedisServer {
  /** Its address. */
  readonly redis: string;
  /** Kills it, and starts it again on its files after `ms`. */
  restart(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** Closes what the functions below started. Call once at the top of a test file. */
export function setUpRedis(): void {
  afterEach(async () => {
    for (const each of closing.splice(0).reverse()) await each.close();
  });
  afterAll(async () => (await server)?.stop());
}

/** The server of this test file. */
export function redisServer(): Promise<RedisServer> {
  server ??= startRedis();
  return server;
}

async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tidecast-redis-'));
  const port = await freePort();
  const start = async () => {
    const child = spawn(
      'redis-server',
      ['--port', `${port}`, '--dir', folder, '--appendonly', 'yes', '--save', '', '--bind', '127.0.0.1'],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await said(child, /Ready to accept connections/);
    return child;
  };
  let child = await start();
  const kill = () =>
    new Promise<void>((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  return {
    redis: `redis://127.0.0.1:${port}`,
    async restart(ms) {
      await kill();
      await new Promise((resolve) => setTimeout(resolve, ms));
      child = await start();
    },
    async stop() {
      await kill();
      rmSync(folder, { recursive: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}

/** Resolves when a process has printed what matches. @throws with what it printed, where it ends before. */
function said(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const listen = (chunk: unknown) => {
      text += String(chunk);
      if (pattern.test(text)) resolve();
    };
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
}

let queues = 0;

/** A queue that no other test uses. */
export function freshQueue(): string {
  return `test-${process.pid}-${++queues}`;
}

/** An executor on the server of this file. */
export async function startProducer<Input, Result, Report = unknown>(
  queue: string,
  options: Partial<BullmqExecutorOptions> = {},
): Promise<Executor<Input, Result, Report>> {
  const { redis } = await redisServer();
  const executor = createBullmqExecutor<Input, Result, Report>({ redis, queue, checkMs: 300, ...options });
  closing.push(executor);
  return executor;
}

/** A worker in this process. */
export async function startConsumer(name: string, options: Partial<BullmqWorkerOptions> & { queue: string }) {
  const { redis } = await redisServer();
  const module = new URL('./jobs.ts', import.meta.url);
  const worker = await startBullmqWorker({
    redis,
    module,
    name,
    execArgv,
    finishMs: 0,
    graceMs: 200,
    ...options,
  });
  closing.push(worker);
  return worker;
}

/** An executor and a worker in this process, for a function of `jobs.ts`. */
export async function startBullmq<Input, Result, Report = unknown>(
  name: string,
  { workers }: { workers: number },
): Promise<Executor<Input, Result, Report>> {
  const queue = freshQueue();
  const executor = await startProducer<Input, Result, Report>(queue, { workers });
  await startConsumer(name, { queue, workers });
  return executor;
}

export interface WorkerProcess {
  readonly pid: number;
  /** All that it printed so far. */
  printed(): string;
  kill(signal: 'SIGKILL' | 'SIGTERM'): void;
  readonly exit: Promise<number | null>;
}

/** A worker in a process of its own, by its command. */
export async function startWorkerProcess(
  queue: string,
  name: string,
  flags: string[] = [],
): Promise<WorkerProcess> {
  const { redis } = await redisServer();
  const command = fileURLToPath(new URL('../../src/node/bullmq/tidecast-worker.ts', import.meta.url));
  const module = fileURLToPath(new URL('./jobs.ts', import.meta.url));
  const child = spawn(
    process.execPath,
    [...execArgv, command, '--queue', queue, '--module', module, '--name', name, ...flags],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        REDIS_URL: redis,
        TIDECAST_TYPESCRIPT_CACHE: join(tmpdir(), `tidecast-typescript-${process.pid}`),
      },
    },
  );
  let printed = '';
  child.stderr.on('data', (chunk) => {
    printed += String(chunk);
  });
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  closing.push({
    close: () => {
      child.kill('SIGKILL');
      return exit;
    },
  });
  await said(child, /waits for jobs/);
  return { pid: child.pid!, printed: () => printed, kill: (signal) => void child.kill(signal), exit };
}
