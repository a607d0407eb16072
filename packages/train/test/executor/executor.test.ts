// What every executor promises, checked on each of them: in this thread, on one and three worker threads, and through
// a queue in Redis.

import { describe, expect, it, test } from 'vitest';
import { createInProcessExecutor, type Executor, type JobProgress, type RunJob } from '../../src/index.ts';
import {
  countUp,
  reportFunction,
  returnFunction,
  scribble,
  square,
  throwCircle,
  throwOnOdd,
  throwText,
  whoAmI,
} from './jobs.ts';
import { hasRedis, needsRedis, setUpRedis, startBullmq } from './redis.ts';
import { setUpWorkers, startWorkers } from './workers.ts';

setUpWorkers();
setUpRedis();

const jobs = {
  countUp,
  reportFunction,
  returnFunction,
  scribble,
  square,
  throwCircle,
  throwOnOdd,
  throwText,
  whoAmI,
};
type Start = <Input, Result, Report = unknown>(
  name: keyof typeof jobs,
) => Promise<Executor<Input, Result, Report>>;

const inProcess: Start = async (name) => createInProcessExecutor(jobs[name] as RunJob<never, never>) as never;
const executors: { where: string; start: Start; shares: boolean; skipped?: boolean }[] = [
  { where: 'in this thread', start: inProcess, shares: true },
  { where: 'on 1 worker', start: async (name) => startWorkers(name, { workers: 1 }), shares: true },
  { where: 'on 3 workers', start: async (name) => startWorkers(name, { workers: 3 }), shares: true },
  {
    where: `on 3 workers through Redis${needsRedis}`,
    start: (name) => startBullmq(name, { workers: 3 }),
    shares: false,
    skipped: !hasRedis,
  },
];

const named = <Input>(inputs: Input[]) => inputs.map((input, i) => ({ id: `job-${i}`, input }));

describe.each(executors)('an executor $where', ({ start, shares, skipped = false }) => {
  const it = test.skipIf(skipped);

  it('returns outcomes in the order of the jobs and hands each over once as it comes', async () => {
    const executor = await start<{ value: number; ms: number }, number>('square');
    const seen: [string, number][] = [];
    const inputs = [5, 4, 3, 2, 1, 0].map((value) => ({ value, ms: 20 * value }));
    const outcomes = await executor.run(named(inputs), {
      onResult: ({ id }, index) => void seen.push([id, index]),
    });
    expect(outcomes).toEqual(
      inputs.map(({ value }, i) => ({ id: `job-${i}`, status: 'done', value: value ** 2, attempts: 1 })),
    );
    expect(seen.sort()).toEqual(inputs.map((_, i) => [`job-${i}`, i]));
  });

  it('runs no job at all, and the same jobs again', async () => {
    const executor = await start<{ value: number }, number>('square');
    expect(await executor.run([])).toEqual([]);
    const first = await executor.run(named([{ value: 3 }]));
    expect(await executor.run(named([{ value: 3 }]))).toEqual(first);
  });

  it('runs two lots of jobs at a time, each with its own outcomes', async () => {
    const executor = await start<{ value: number }, number>('square');
    const [a, b] = await Promise.all([
      executor.run(named([1, 2, 3, 4].map((value) => ({ value })))),
      executor.run(named([5, 6].map((value) => ({ value })))),
    ]);
    expect(a.map((each) => each.status === 'done' && each.value)).toEqual([1, 4, 9, 16]);
    expect(b.map((each) => each.status === 'done' && each.value)).toEqual([25, 36]);
  });

  it('tells jobs their id and attempt', async () => {
    const executor = await start<null, { id: string; attempt: number }>('whoAmI');
    const [outcome] = await executor.run([{ id: 'lstm-5-16', input: null }]);
    expect(outcome).toMatchObject({ value: { id: 'lstm-5-16', attempt: 1 } });
  });

  it('makes what a job throws a failed outcome, tried once, and goes on', async () => {
    const executor = await start<number, number>('throwOnOdd');
    const outcomes = await executor.run(named([0, 1, 2, 3]));
    expect(outcomes.map(({ status, attempts }) => [status, attempts])).toEqual([
      ['done', 1],
      ['failed', 1],
      ['done', 1],
      ['failed', 1],
    ]);
    expect(outcomes[3]).toMatchObject({ error: { name: 'RangeError', message: '3 is odd' } });
    expect(outcomes[3]).toHaveProperty('error.stack', expect.stringContaining('throwOnOdd'));
  });

  it('says so where a job throws what is no Error', async () => {
    const [outcome] = await (await start('throwText')).run(named([0]));
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { name: 'Error', message: "the job threw 'only text', which is no Error." },
    });
  });

  it('fails a job, tried once, that throws an object which is neither an Error nor JSON', async () => {
    const [outcome] = await (await start('throwCircle')).run(named([0]));
    expect(outcome).toMatchObject({
      status: 'failed',
      attempts: 1,
      error: { name: 'Error', message: 'the job threw an object, which is no Error.' },
    });
  });

  it('hands on all reports, in order and before the outcome, with index and id', async () => {
    const executor = await start<number, number, { at: number }>('countUp');
    const seen: (JobProgress<{ at: number }> | string)[] = [];
    await executor.run(named([3, 2]), {
      onProgress: (progress) => seen.push(progress),
      onResult: ({ id }) => void seen.push(id),
    });
    const of = (index: number, count: number) => [
      ...Array.from({ length: count }, (_, i) => ({
        id: `job-${index}`,
        index,
        attempt: 1,
        report: { at: i + 1 },
      })),
      `job-${index}`,
    ];
    const about = (id: string) => seen.filter((each) => (typeof each === 'string' ? each : each.id) === id);
    expect(about('job-0')).toEqual(of(0, 3));
    expect(about('job-1')).toEqual(of(1, 2));
    expect(seen).toHaveLength(7);
  });

  it('copies inputs, so that a job cannot write to those of another', async () => {
    const executor = await start<Float32Array, Float32Array>('scribble');
    const input = new Float32Array([1, 2]);
    const outcomes = await executor.run(named([input, input]));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ value: new Float32Array([2, 2]) });
    expect(input).toEqual(new Float32Array([1, 2]));
  });

  it(shares ? 'shares arrays over shared memory' : 'copies arrays over shared memory', async () => {
    const executor = await start<Float32Array, Float32Array>('scribble');
    const shared = new Float32Array(new SharedArrayBuffer(8));
    const outcomes = await executor.run(named([shared, shared]));
    if (shares) expect(shared[0]).toBeGreaterThan(0);
    else {
      expect(shared[0]).toBe(0);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ value: new Float32Array([1, 0]) });
    }
  });

  it.each([
    ['input', 'square', () => 1],
    ['result', 'returnFunction', 0],
    ['report', 'reportFunction', 0],
  ] as const)('fails a job whose %s cannot be copied, and says why', async (what, name, input) => {
    const [outcome] = await (await start<unknown, unknown>(name)).run(named([input]));
    expect(outcome).toMatchObject({ status: 'failed', attempts: 1, error: { name: 'TypeError' } });
    expect(outcome).toHaveProperty(
      'error.message',
      expect.stringMatching(
        new RegExp(`^executor: the ${what} of job 'job-0' must be plain data .*could not be cloned\\. Send`),
      ),
    );
  });

  it('stops with what onResult or onProgress throws', async () => {
    const executor = await start<number, number>('countUp');
    const seen: string[] = [];
    const run = executor.run(named(new Array(20).fill(1)), {
      async onResult({ id }) {
        seen.push(id);
        if (seen.length === 2) throw new Error('the disk is full');
      },
    });
    await expect(run).rejects.toThrow('the disk is full');
    expect(seen.length).toBeLessThan(8);
    const progress = executor.run(named([1]), {
      onProgress: () => {
        throw new Error('no terminal');
      },
    });
    await expect(progress).rejects.toThrow('no terminal');
  });

  it('waits for onResult before it is done', async () => {
    const executor = await start<number, number>('throwOnOdd');
    let written = 0;
    await executor.run(named([0, 1, 2]), {
      async onResult() {
        await new Promise((resolve) => setTimeout(resolve, 20));
        written++;
      },
    });
    expect(written).toBe(3);
  });

  it('refuses an aborted signal, ids that are absent or not unique, and runs after close', async () => {
    const executor = await start<number, number>('throwOnOdd');
    const signal = AbortSignal.abort(new Error('never mind'));
    await expect(executor.run(named([1]), { signal })).rejects.toThrow('never mind');
    await expect(executor.run([{ id: '', input: 1 }])).rejects.toThrow(
      "executor: jobs[0].id must be a string that is not empty, got ''.",
    );
    const twice = [...named([1, 2]), { id: 'job-0', input: 3 }];
    await expect(executor.run(twice)).rejects.toThrow(
      "executor: ids must be unique within a run, got 'job-0' for jobs[0] and jobs[2].",
    );
    await executor.close();
    await executor.close();
    await expect(executor.run(named([1]))).rejects.toThrow('executor: run must be called before close');
  });
});

describe('createInProcessExecutor', () => {
  it.each([undefined, null, 'job.mjs'])('refuses %s as a job function', (runJob) => {
    expect(() => createInProcessExecutor(runJob as unknown as RunJob<unknown, unknown>)).toThrow(
      /^executor: runJob must be a function, got /,
    );
  });
});
