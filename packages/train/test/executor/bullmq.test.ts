// Jobs through a real Redis, and what can go wrong on the way: workers that die, stop for a while or are told to stop, a
// Redis that restarts, a producer that is killed, data that is too large or from another hand.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/index.ts';
import { createBullmqExecutor } from '../../src/node/bullmq.ts';
import type { DyingInput } from './jobs.ts';
import {
  freshQueue,
  hasRedis,
  needsRedis,
  redisServer,
  setUpRedis,
  startBullmq,
  startConsumer,
  startProducer,
  startWorkerProcess,
} from './redis.ts';
import { execArgv, setUpWorkers } from './workers.ts';

setUpWorkers();
setUpRedis();

const it = test.skipIf(!hasRedis);

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidecast-bullmq-'));
  file = join(folder, 'log');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const lines = () => {
  try {
    return readFileSync(file, 'utf8').trim().split('\n').filter(Boolean);
  } catch {
    return [];
  }
};

/** Resolves when `is` holds. */
async function until(is: () => boolean): Promise<void> {
  while (!is()) await sleep(10);
}

const named = <Input>(inputs: Input[]) => inputs.map((input, i) => ({ id: `job-${i}`, input }));

/** Does something with the queue as BullMQ sees it. */
async function withQueue<Result>(queue: string, work: (queue: Queue) => Promise<Result>): Promise<Result> {
  const connection = new Redis((await redisServer()).redis, { maxRetriesPerRequest: null });
  const seen = new Queue(queue, { connection });
  try {
    return await work(seen);
  } finally {
    await seen.close();
    connection.disconnect();
  }
}

describe(`workers of a queue${needsRedis}`, () => {
  it('3 processes, one killed in the middle, Redis killed and restarted once: 30 jobs, none lost, none counted twice', async () => {
    const queue = freshQueue();
    // Long enough for heart-beats of a machine that has other things to do.
    const flags = ['--takeover-ms', '2000'];
    const workers = await Promise.all([0, 1, 2].map(() => startWorkerProcess(queue, 'tellProcess', flags)));
    const executor = await startProducer<{ file: string; ms: number }, number>(queue, { attempts: 10 });
    const seen: string[] = [];
    const run = executor.run(named(new Array(30).fill({ file, ms: 150 })), {
      onResult: ({ id }) => void seen.push(id),
    });
    await until(() => seen.length >= 5);
    const [doomed, ...survivors] = workers.map(({ pid }) => pid);
    const begun = () => lines().filter((line) => line.endsWith(` ${doomed}`)).length;
    const before = begun();
    await until(() => begun() > before);
    workers[0]!.kill('SIGKILL');
    await until(() => seen.length >= 12);
    await (await redisServer()).restart(200);
    const outcomes = await run;
    expect(outcomes.map(({ id, status }) => `${id} ${status}`)).toEqual(
      outcomes.map((_, i) => `job-${i} done`),
    );
    expect(seen.sort()).toEqual(outcomes.map(({ id }) => id).sort());
    const taken = outcomes.filter(({ attempts }) => attempts > 1);
    expect(taken.length).toBeGreaterThanOrEqual(1);
    for (const outcome of taken) expect(survivors).toContain(outcome.status === 'done' && outcome.value);
    // What ran was told: no job more often than it has attempts. (One may be lost on the way to its worker.)
    for (const { id, attempts } of outcomes) {
      const times = lines().filter((line) => line.startsWith(`${id} `)).length;
      expect(times).toBeGreaterThanOrEqual(1);
      expect(times).toBeLessThanOrEqual(attempts);
    }
  }, 120_000);

  it('one that stands still loses its job to another, and the result it brings too late is not counted', async () => {
    const queue = freshQueue();
    const flags = ['--takeover-ms', '1500'];
    const first = await startWorkerProcess(queue, 'tellProcess', flags);
    const executor = await startProducer<{ file: string; ms: number }, number>(queue);
    const seen: Outcome<number>[] = [];
    const run = executor.run(named([{ file, ms: 300 }]), { onResult: (outcome) => void seen.push(outcome) });
    await until(() => lines().length === 1);
    process.kill(first.pid, 'SIGSTOP');
    const second = await startWorkerProcess(queue, 'tellProcess', flags);
    await until(() => lines().length === 2);
    process.kill(first.pid, 'SIGCONT');
    const [outcome] = await run;
    await sleep(500);
    expect(outcome).toEqual({ id: 'job-0', status: 'done', value: second.pid, attempts: 2 });
    expect(seen).toEqual([outcome]);
  }, 120_000);

  it('one that gets SIGTERM finishes its job', async () => {
    const queue = freshQueue();
    const worker = await startWorkerProcess(queue, 'tellProcess');
    const executor = await startProducer<{ file: string; ms: number }, number>(queue);
    const run = executor.run(named([{ file, ms: 300 }]));
    await until(() => lines().length === 1);
    worker.kill('SIGTERM');
    expect(await run).toMatchObject([{ status: 'done', value: worker.pid, attempts: 1 }]);
    expect(await worker.exit).toBe(0);
  });

  it('one that gets SIGTERM hands back what does not finish in time, and that is no attempt', async () => {
    const queue = freshQueue();
    const first = await startWorkerProcess(queue, 'tellProcess', ['--finish-ms', '50']);
    const executor = await startProducer<{ file: string; ms: number }, number>(queue);
    const run = executor.run(named([{ file, ms: 1400 }]));
    await until(() => lines().length === 1);
    first.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    expect(first.printed()).toMatch(/handed back "job-0"/);
    await startConsumer('tellProcess', { queue });
    expect(await run).toMatchObject([{ status: 'done', value: process.pid, attempts: 1 }]);
  });

  it('one whose module does not load says so and leaves the job to others', async () => {
    const queue = freshQueue();
    const broken = await startWorkerProcess(queue, 'thereIsNone');
    const executor = await startProducer<{ value: number }, number>(queue);
    const run = executor.run(named([{ value: 3 }]));
    expect(await broken.exit).toBe(1);
    expect(broken.printed()).toMatch(
      /cannot load the job module .* must export a function called 'thereIsNone'/,
    );
    await startConsumer('square', { queue });
    expect(await run).toMatchObject([{ status: 'done', value: 9, attempts: 1 }]);
  });

  it('a thread that dies is replaced: its job is tried up to 3 times, then failed', async () => {
    const executor = await startBullmq<DyingInput, number, string>('mayDie', { workers: 2 });
    const reports: string[] = [];
    const outcomes = await executor.run(
      named<DyingInput>([
        { value: 1, log: file },
        { value: 2, log: file, death: 'exit', once: join(folder, 'died') },
        { value: 3, log: file, death: 'exit' },
      ]),
      { onProgress: ({ id, attempt, report }) => void reports.push(`${id}: ${report} ${attempt}`) },
    );
    expect(outcomes).toMatchObject([
      { status: 'done', value: 10, attempts: 1 },
      { status: 'done', value: 20, attempts: 2 },
      { status: 'failed', attempts: 3, error: { name: 'WorkerCrash' } },
    ]);
    expect(reports.sort()).toEqual([
      'job-0: attempt 1 1',
      'job-1: attempt 1 1',
      'job-1: attempt 2 2',
      'job-2: attempt 1 1',
      'job-2: attempt 2 2',
      'job-2: attempt 3 3',
    ]);
  });
});

describe(`a run through Redis${needsRedis}`, () => {
  it('goes on by its run id after its process was killed: no job that was done runs again', async () => {
    const queue = freshQueue();
    await startConsumer('tellProcess', { queue, workers: 2 });
    const { redis } = await redisServer();
    const script = fileURLToPath(new URL('./producer.ts', import.meta.url));
    const producer = spawn(process.execPath, [...execArgv, script, redis, queue, 'run-1', file, '12'], {
      env: {
        ...process.env,
        TIDECAST_TYPESCRIPT_CACHE: join(tmpdir(), `tidecast-typescript-${process.pid}`),
      },
    });
    let printed = '';
    producer.stdout.on('data', (chunk) => {
      printed += String(chunk);
    });
    await until(() => printed.split('\n').length > 4);
    producer.kill('SIGKILL');
    const executor = await startProducer<{ file: string; ms: number }, number>(queue, { runId: 'run-1' });
    const outcomes = await executor.run(named(new Array(12).fill({ file, ms: 100 })));
    expect(outcomes.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
      new Array(12).fill('done 1'),
    );
    expect(
      lines()
        .map((line) => line.split(' ')[0])
        .sort(),
    ).toEqual(outcomes.map(({ id }) => id).sort());
    // And once more: all are there.
    expect(await executor.run(named(new Array(12).fill({ file, ms: 100 })))).toEqual(outcomes);
    expect(lines()).toHaveLength(12);
  });

  it('under a run id runs failed jobs again, and jobs with another input', async () => {
    const queue = freshQueue();
    await startConsumer('mayDie', { queue });
    const executor = await startProducer<DyingInput, number, string>(queue, { runId: 'again', attempts: 1 });
    const dying: DyingInput = { value: 1, log: file, death: 'exit', once: join(folder, 'died') };
    expect(await executor.run(named([dying]))).toMatchObject([{ status: 'failed', attempts: 1 }]);
    expect(await executor.run(named([dying]))).toMatchObject([{ status: 'done', value: 10 }]);
    expect(await executor.run(named([{ ...dying, value: 2 }]))).toMatchObject([
      { status: 'done', value: 20 },
    ]);
    expect(lines()).toHaveLength(3);
  });

  it('without a run id leaves nothing behind', async () => {
    const queue = freshQueue();
    await startConsumer('square', { queue });
    const executor = await startProducer<{ value: number }, number>(queue);
    await executor.run(named([{ value: 1 }, { value: 2 }]));
    const counts = await withQueue(queue, (seen) => seen.getJobCounts());
    expect(Object.values(counts).every((count) => count === 0)).toBe(true);
  });

  it('that is aborted tells the jobs under way, and takes those that wait out of the queue', async () => {
    const queue = freshQueue();
    await startConsumer('waitForSignal', { queue, workers: 2, graceMs: 5000 });
    const executor = await startProducer<{ file: string }, never>(queue);
    const controller = new AbortController();
    const run = executor.run(named(new Array(5).fill({ file })), { signal: controller.signal });
    await until(() => lines().length === 2);
    controller.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect(
      lines()
        .map((line) => line.split(' ')[0])
        .sort(),
    ).toEqual(['begun', 'begun', 'ended', 'ended']);
    const counts = await withQueue(queue, (seen) => seen.getJobCounts());
    expect(Object.values(counts).every((count) => count === 0)).toBe(true);
  });

  it('that is aborted does not wait for a worker that is dead longer than graceMs', async () => {
    const queue = freshQueue();
    const worker = await startWorkerProcess(queue, 'tellProcess');
    const executor = await startProducer<{ file: string; ms: number }, number>(queue, { graceMs: 300 });
    const controller = new AbortController();
    const run = executor.run(named([{ file, ms: 60_000 }]), { signal: controller.signal });
    await until(() => lines().length === 1);
    worker.kill('SIGKILL');
    await worker.exit;
    const begin = performance.now();
    controller.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect(performance.now() - begin).toBeLessThan(1500);
  });

  it('puts jobs back that a Redis without its files has lost', async () => {
    const queue = freshQueue();
    const executor = await startProducer<{ value: number }, number>(queue);
    const run = executor.run(named([{ value: 4 }]));
    const count = () => withQueue(queue, (seen) => seen.getWaitingCount());
    while ((await count()) === 0) await sleep(20);
    await withQueue(queue, (seen) => seen.obliterate({ force: true }));
    await startConsumer('square', { queue });
    expect(await run).toMatchObject([{ status: 'done', value: 16 }]);
  });

  it('says so where no Redis answers, without the password', async () => {
    const executor = createBullmqExecutor({ redis: 'redis://me:secret@127.0.0.1:1', queue: 'q' });
    const run = executor.run(named([1]));
    await expect(run).rejects.toThrow(
      /^executor: no Redis or Valkey answers at 127\.0\.0\.1:1 .*ECONNREFUSED/,
    );
    await run.catch((error) => expect(error.message).not.toMatch(/secret/));
    await executor.close();
  });
});

describe(`what goes through Redis${needsRedis}`, () => {
  it('is at most maxBytes: a larger input, result or report fails its job with the size and what to do', async () => {
    const queue = freshQueue();
    const executor = await startProducer<unknown, unknown>(queue, { maxBytes: 1000 });
    await startConsumer('returnBytes', { queue, maxBytes: 2000 });
    const [large, result, good] = await executor.run([
      { id: 'large', input: new Uint8Array(1000) },
      { id: 'result', input: 3000 },
      { id: 'good', input: 10 },
    ]);
    expect(large).toHaveProperty(
      'error.message',
      expect.stringMatching(/the input of job 'large' .* 1\d\d\d bytes as text, more than the 1000 allowed/),
    );
    expect(result).toMatchObject({ status: 'failed', attempts: 1 });
    expect(result).toHaveProperty(
      'error.message',
      expect.stringMatching(/the result of job 'result' .* 2000 allowed/),
    );
    expect(good).toMatchObject({ status: 'done', value: new Uint8Array(10) });
    const reporter = await startBullmq<number, number>('reportBytes', { workers: 1 });
    const [report, small] = await reporter.run(named([100_000, 10]));
    expect(report).toHaveProperty(
      'error.message',
      expect.stringMatching(/the report of job 'job-0' .* 65536 allowed/),
    );
    expect(small).toMatchObject({ status: 'done', value: 10 });
  });

  it.each([
    ['no object', 'text'],
    ['another version', { version: 9 }],
    ['no input', { version: 1, id: 'a', attempts: 1, handedBack: 0 }],
    ['a damaged input', { version: 1, id: 'a', input: '{"$":"Function"}', attempts: 1, handedBack: 0 }],
    ['attempts without end', { version: 1, id: 'a', input: '1', attempts: 1e9, handedBack: 0 }],
  ])('is checked by the worker: a task with %s fails, and the next job is done', async (_, data) => {
    const queue = freshQueue();
    await startConsumer('square', { queue });
    await withQueue(queue, async (seen) => {
      const job = await seen.add('foreign', data, { jobId: 'foreign' });
      while (!(await job.isFailed())) await sleep(10);
    });
    const executor = await startProducer<{ value: number }, number>(queue);
    expect(await executor.run(named([{ value: 2 }]))).toMatchObject([{ value: 4 }]);
  });

  it('never names the module: what a task says about it is ignored', async () => {
    const queue = freshQueue();
    await startConsumer('square', { queue });
    const module = 'data:text/javascript,export function runJob() { return "owned" }';
    const data = {
      ...{ version: 1, id: 'a', input: '{"value":5}', attempts: 1, handedBack: 0 },
      ...{ module, name: 'runJob', filename: module },
    };
    const rows = await withQueue(queue, async (seen) => {
      const job = await seen.add('foreign', data, { jobId: 'foreign' });
      while (!(await job.isCompleted())) await sleep(10);
      return (await seen.getJobLogs('foreign')).logs;
    });
    expect(rows.join()).toMatch(/"value":25/);
  });

  it('is checked by the producer: a result from another hand fails its job', async () => {
    const queue = freshQueue();
    await startConsumer('square', { queue });
    const executor = await startProducer<{ value: number }, number>(queue, { runId: 'r' });
    const jobs = named([{ value: 2 }]);
    await executor.run(jobs);
    await withQueue(queue, async (seen) => {
      const [job] = await seen.getCompleted();
      const client = new Redis((await redisServer()).redis);
      await client.lset(`bull:${queue}:${job!.id}:logs`, 0, `${job!.returnvalue} {"$":"Function","v":"1"}`);
      client.disconnect();
    });
    // What cannot be read is no result: the job runs again.
    expect(await executor.run(jobs)).toMatchObject([{ status: 'done', value: 4, attempts: 1 }]);
  });
});

describe('createBullmqExecutor', () => {
  const redis = 'redis://localhost';
  test.each([
    [
      { redis: 'localhost', queue: 'q' },
      'executor: redis must be an address like redis://localhost:6379, got',
    ],
    [{ redis: 'http://localhost', queue: 'q' }, 'got one of http:.'],
    [{ redis, queue: 'a:b' }, "executor: queue must be a name without colons and blanks, got 'a:b'."],
    [{ redis, queue: 'q', runId: '' }, 'executor: runId must be a text that is not empty'],
    [{ redis, queue: 'q', workers: 0 }, 'executor: workers must be a whole number at least 1, got 0.'],
    [{ redis, queue: 'q', attempts: 1.5 }, 'executor: attempts must be a whole number'],
    [{ redis, queue: 'q', maxBytes: -1 }, 'executor: maxBytes must be a whole number'],
  ])('refuses %j', (options, message) => {
    expect(() => createBullmqExecutor(options)).toThrow(message);
  });
});
