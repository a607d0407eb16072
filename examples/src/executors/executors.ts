// The same jobs in this thread, in worker threads and through Redis: how many a second, and what each costs on top of
// its own work. Jobs of known length wait instead of computing, so that the figures are those of the executors, on any
// number of cores.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createInProcessExecutor, type Executor } from '@tidecast/train';
import { createBullmqExecutor, startBullmqWorker } from '@tidecast/train/bullmq';
import { createWorkerExecutor } from '@tidecast/train/node';
import type { Example } from '../example.ts';
import { hasRedis, withRedis } from './redis-server.ts';

interface Input {
  ms: number;
  value: number;
}
type TimedExecutor = Executor<Input, number>;

/** The job as a module, for workers: they load a file. */
const MODULE = `import { setTimeout as sleep } from 'node:timers/promises';
export async function runJob({ ms, value }) {
  if (ms > 0) await sleep(ms);
  return value * value;
}
`;
/** Length of a job [ms]. */
const LENGTH = 50;
/** What an executor must reach of what its workers could do if handing over took no time. */
const SHARE = 0.8;

interface Row extends Record<string, string | number> {
  executor: string;
  workers: number;
  jobsPerSecond: number;
  shareOfIdeal: number;
  overheadMs: number;
  lostOrDoubled: number;
}

/** Runs jobs that wait, then jobs that do nothing, and checks that each was counted once. */
async function measure(executor: string, workers: number, runner: TimedExecutor, jobs: number): Promise<Row> {
  const list = (count: number, ms: number) =>
    Array.from({ length: count }, (_, value) => ({ id: `job-${value}`, input: { ms, value } }));
  // Threads and connections start with the first jobs.
  await runner.run(list(4 * workers, 1));
  let wrong = 0;
  const timed = async (count: number, ms: number) => {
    const seen = new Array<number>(count).fill(0);
    const started = performance.now();
    const outcomes = await runner.run(list(count, ms), { onResult: (_, index) => void seen[index]!++ });
    const took = performance.now() - started;
    outcomes.forEach((outcome, i) => {
      if (outcome.status !== 'done' || outcome.value !== i * i || seen[i] !== 1) wrong++;
    });
    return took / count;
  };
  const perJob = await timed(jobs * workers, LENGTH);
  const overheadMs = await timed(10 * jobs, 0);
  const jobsPerSecond = 1000 / perJob;
  const shareOfIdeal = LENGTH / (perJob * workers);
  return { executor, workers, jobsPerSecond, shareOfIdeal, overheadMs, lostOrDoubled: wrong };
}

async function measureAll(
  jobs: number,
  progress: (message: string) => void,
  signal: AbortSignal,
): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'tidecast-executors-'));
  const module = join(folder, 'job.mjs');
  const rows: Row[] = [];
  const add = async (executor: string, workers: number, runner: TimedExecutor) => {
    signal.throwIfAborted();
    try {
      rows.push(await measure(executor, workers, runner, jobs));
      progress(`${executor}, ${workers}: ${rows.at(-1)!.jobsPerSecond.toFixed(0)} jobs/s`);
    } finally {
      await runner.close();
    }
  };
  try {
    await writeFile(module, MODULE);
    const here = async ({ ms, value }: Input) => {
      if (ms > 0) await sleep(ms);
      return value * value;
    };
    await add('in this thread', 1, createInProcessExecutor<Input, number>(here));
    for (const workers of [1, 2, 3]) {
      await add('worker threads', workers, createWorkerExecutor<Input, number>({ module, workers }));
    }
    if (!hasRedis()) progress('the queue is left out: there is no redis-server');
    else {
      await withRedis(async (redis) => {
        for (const count of [1, 2, 3]) {
          const queue = `executors-${count}`;
          const workers = [];
          for (let i = 0; i < count; i++) workers.push(await startBullmqWorker({ redis, queue, module }));
          try {
            await add(
              'BullMQ',
              count,
              createBullmqExecutor<Input, number>({ redis, queue, workers: 2 * count }),
            );
          } finally {
            await Promise.all(workers.map((worker) => worker.close()));
          }
        }
      });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return rows;
}

/** The example. */
export const executorsExample: Example = {
  title: 'Executors: the same jobs in one thread, in worker threads and through Redis',
  source:
    `Jobs that wait ${LENGTH} ms, so that w workers can do ${1000 / LENGTH}·w of them a second at most. The overhead is the time per ` +
    'job of jobs that do nothing. Workers of the queue run beside the producer, and Redis on the same machine.',
  async run({ quick, progress, signal }) {
    const rows = await measureAll(quick ? 5 : 40, progress, signal);
    const lost = rows.reduce((sum, row) => sum + row.lostOrDoubled, 0);
    const claims = [...new Set(rows.map((row) => row.executor))].map((executor) => {
      const own = rows.filter((row) => row.executor === executor);
      const worst = Math.min(...own.map((row) => row.shareOfIdeal));
      const speeds = own.map((row) => `${row.jobsPerSecond.toFixed(0)} with ${row.workers}`).join(', ');
      const overhead = own.map((row) => row.overheadMs.toFixed(1)).join(', ');
      return {
        method: `Executor: ${executor}`,
        figure: `${speeds} [jobs/s]; ${(100 * worst).toFixed(0)} % of the ideal or more; overhead ${overhead} ms per job`,
        bar: `${100 * SHARE} % of ${1000 / LENGTH} jobs/s per worker`,
        met: worst >= SHARE,
      };
    });
    const counted = {
      method: 'Executors: results',
      figure: `${lost} jobs lost, wrong or counted twice`,
      bar: 'none',
      met: lost === 0,
    };
    return {
      claims: [...claims, counted],
      rows,
      charts: [{ name: 'executors', caption, spec: chart(rows) }],
    };
  },
};

const caption = `Jobs of ${LENGTH} ms that each executor finishes in a second; the line is what its workers could do at most.`;

function chart(rows: readonly Row[]) {
  const names = [...new Set(rows.map((row) => row.executor))];
  const x = {
    field: 'workers',
    type: 'quantitative',
    title: 'Workers',
    axis: { values: [1, 2, 3], grid: false },
  };
  const limits = [0, 3.3].map((workers) => ({ workers, jobsPerSecond: (1000 / LENGTH) * workers }));
  return {
    description: caption,
    width: 560,
    height: 280,
    layer: [
      {
        data: { values: limits },
        mark: { type: 'line', strokeDash: [5, 3], strokeWidth: 1.5, color: '#9aa5b1' },
        encoding: { x, y: { field: 'jobsPerSecond', type: 'quantitative', title: 'Throughput [jobs/s]' } },
      },
      {
        data: { values: rows },
        mark: { type: 'line', point: { size: 70, filled: true }, strokeWidth: 2 },
        encoding: {
          x,
          y: { field: 'jobsPerSecond', type: 'quantitative' },
          color: {
            field: 'executor',
            type: 'nominal',
            sort: names,
            scale: { domain: names, range: ['#1f9e6e', '#2f7ed8', '#e07b1a'] },
            legend: { title: null, orient: 'top' },
          },
        },
      },
    ],
  };
}
