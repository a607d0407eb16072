// What only worker threads can do: run at the same time, die, be stopped in the middle, and not start at all.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/index.ts';
import { createWorkerExecutor } from '../../src/node.ts';
import type { Death, DyingInput } from './jobs.ts';
import { setUpWorkers, startWorkers } from './workers.ts';

setUpWorkers();

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidecast-executor-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const lines = (file: string) => readFileSync(file, 'utf8').trim().split('\n').sort();
const done = (id: string, value: number, attempts = 1) => ({ id, status: 'done', value, attempts });

/** Resolves when the file has `count` lines. */
async function untilLines(file: string, count: number): Promise<void> {
  const read = () => {
    try {
      return lines(file).length;
    } catch {
      return 0;
    }
  };
  while (read() < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Six jobs `a` … `f`, of which some die. */
function dying(deaths: Record<string, { death: Death; once?: boolean }>) {
  const log = join(folder, 'log');
  const jobs = ['a', 'b', 'c', 'd', 'e', 'f'].map((id, value) => ({
    id,
    input: {
      value,
      log,
      ms: 30,
      death: deaths[id]?.death,
      once: deaths[id]?.once ? join(folder, `${id} has died`) : undefined,
    } satisfies DyingInput,
  }));
  return { log, jobs };
}

describe('worker threads', () => {
  it('run as many jobs at a time as there are workers: 3 jobs that wait for one another end', async () => {
    const executor = startWorkers<{ file: string; count: number }, number>('meet', { workers: 3 });
    const input = { file: join(folder, 'here'), count: 3 };
    const outcomes = await executor.run(['a', 'b', 'c'].map((id) => ({ id, input })));
    expect(new Set(outcomes.map((each) => each.status === 'done' && each.value)).size).toBe(3);
  });

  it('stay from job to job: 8 jobs on 2 workers see at most 2 threads', async () => {
    const executor = startWorkers<null, { threadId: number }>('whoAmI', { workers: 2 });
    const jobs = Array.from({ length: 8 }, (_, i) => ({ id: `${i}`, input: null }));
    const outcomes = [...(await executor.run(jobs)), ...(await executor.run(jobs))];
    const threads = new Set(outcomes.map((each) => each.status === 'done' && each.value.threadId));
    expect(threads.size).toBeLessThanOrEqual(2);
    expect(threads).not.toContain(0);
  });

  it('are as many as the machine runs in parallel by default', () => {
    expect(startWorkers('whoAmI').workers).toBe(availableParallelism());
    expect(startWorkers('whoAmI', { workers: 7 }).workers).toBe(7);
  });

  it.each([0, -1, 1.5, Number.NaN, '2'])('are not %s', (workers) => {
    expect(() => startWorkers('whoAmI', { workers: workers as number })).toThrow(
      /^executor: workers must be a whole number at least 1, got/,
    );
  });
});

describe('a worker that dies', () => {
  it.each<[Death, RegExp]>([
    ['exit', /exited with code:? 7/],
    ['uncaught', /SyntaxError: .*JSON/],
    ['rejection', /TypeError: nobody waits for this/],
    ['memory', /memory/],
  ])('by %s: its job is tried once more on a fresh one, all others once', async (death) => {
    const { log, jobs } = dying({ b: { death, once: true } });
    const executor = startWorkers<DyingInput, number, string>('mayDie', {
      workers: 2,
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    const seen: Outcome<number>[] = [];
    const reports: string[] = [];
    const outcomes = await executor.run(jobs, {
      onResult: (outcome) => void seen.push(outcome),
      onProgress: ({ id, report }) => void (id === 'b' && reports.push(report)),
    });
    expect(outcomes).toEqual([
      done('a', 0),
      done('b', 10, 2),
      done('c', 20),
      done('d', 30),
      done('e', 40),
      done('f', 50),
    ]);
    expect(lines(log)).toEqual(['a 1', 'b 1', 'b 2', 'c 1', 'd 1', 'e 1', 'f 1']);
    expect(reports).toEqual(['attempt 1', 'attempt 2']);
    expect(seen).toHaveLength(6);
  });

  it.each<[Death, RegExp]>([
    ['exit', /exited with code: 7/],
    ['uncaught', /SyntaxError: .*JSON/],
    ['rejection', /TypeError: nobody waits for this/],
    ['memory', /ERR_WORKER_OUT_OF_MEMORY|memory limit/],
  ])('twice by %s: its job is reported with what happened, all others are done', async (death, what) => {
    const { log, jobs } = dying({ a: { death }, f: { death } });
    const executor = startWorkers<DyingInput, number, string>('mayDie', {
      workers: 2,
      resourceLimits: { maxOldGenerationSizeMb: 64 },
    });
    const outcomes = await executor.run(jobs);
    expect(outcomes.slice(1, 5)).toEqual([done('b', 10), done('c', 20), done('d', 30), done('e', 40)]);
    for (const [index, id] of [
      [0, 'a'],
      [5, 'f'],
    ] as const) {
      const outcome = outcomes[index]!;
      expect(outcome).toMatchObject({ id, status: 'failed', attempts: 2, error: { name: 'WorkerCrash' } });
      const { message } = (outcome as Extract<typeof outcome, { status: 'failed' }>).error;
      expect(message).toMatch(`the worker of job '${id}' died while it ran: `);
      expect(message).toMatch(what);
    }
    expect(lines(log)).toEqual(['a 1', 'a 2', 'b 1', 'c 1', 'd 1', 'e 1', 'f 1', 'f 2']);
  });

  it('after the job has returned: the result stands', async () => {
    const executor = startWorkers<number, number>('dieAfterwards', { workers: 1 });
    const outcomes = await executor.run([1, 2, 3].map((input) => ({ id: `${input}`, input })));
    expect(outcomes).toEqual([done('1', 1), done('2', 2), done('3', 3)]);
  });

  it('while no other is left: every job of 6 on one worker is still done', async () => {
    const once = true;
    const { jobs } = dying({
      a: { death: 'exit', once },
      c: { death: 'exit', once },
      f: { death: 'exit', once },
    });
    const executor = startWorkers<DyingInput, number, string>('mayDie', { workers: 1 });
    const outcomes = await executor.run(jobs);
    expect(outcomes.map((each) => each.status === 'done' && each.value)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(outcomes.map(({ attempts }) => attempts)).toEqual([2, 1, 2, 1, 1, 2]);
  });
});

describe('a job that fails', () => {
  it('leaves its thread to no other: where it broke the instance, the 4 jobs after it on 1 worker are done', async () => {
    const executor = startWorkers<number, number>('breakOnZero', { workers: 1 });
    const outcomes = await executor.run([1, 0, 2, 3, 4, 5].map((input) => ({ id: `${input}`, input })));
    expect(outcomes[1]).toMatchObject({ id: '0', status: 'failed', attempts: 1 });
    expect(outcomes.toSpliced(1, 1)).toEqual([1, 2, 3, 4, 5].map((value) => done(`${value}`, value)));
  });
});

describe('an abort', () => {
  it('tells the jobs under way, begins no other, and rejects with the reason', async () => {
    const file = join(folder, 'marks');
    const executor = startWorkers<{ file: string }, never>('waitForSignal', { workers: 2, graceMs: 20_000 });
    const controller = new AbortController();
    const run = executor.run(
      ['a', 'b', 'c', 'd'].map((id) => ({ id, input: { file } })),
      { signal: controller.signal },
    );
    await untilLines(file, 2);
    controller.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect(lines(file)).toEqual(['begun a', 'begun b', 'ended a', 'ended b']);
  });

  it('ends jobs that do not look at their signal, within a second of graceMs', async () => {
    const file = join(folder, 'marks');
    const executor = startWorkers<{ file: string }, never>('spin', { workers: 2, graceMs: 100 });
    const controller = new AbortController();
    const run = executor.run(
      ['a', 'b', 'c'].map((id) => ({ id, input: { file } })),
      { signal: controller.signal },
    );
    await untilLines(file, 2);
    const begin = performance.now();
    controller.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect(performance.now() - begin).toBeGreaterThan(95);
    expect(performance.now() - begin).toBeLessThan(1100);
    expect(lines(file)).toEqual(['begun a', 'begun b']);
  });

  it('rejects only when the threads have ended, also one that sits in a native call for 600 ms', async () => {
    const file = join(folder, 'marks');
    const executor = startWorkers<{ file: string; ms: number }, void>('block', { workers: 1, graceMs: 0 });
    const controller = new AbortController();
    const run = executor.run([{ id: 'a', input: { file, ms: 600 } }], { signal: controller.signal });
    await untilLines(file, 1);
    const begin = performance.now();
    controller.abort(new Error('enough'));
    await expect(run).rejects.toThrow('enough');
    expect(performance.now() - begin).toBeGreaterThan(500);
  });

  it('keeps the outcomes so far, and the executor serves again', async () => {
    const { log, jobs } = dying({});
    const executor = startWorkers<DyingInput, number, string>('mayDie', { workers: 1 });
    const controller = new AbortController();
    const seen: string[] = [];
    const run = executor.run(jobs, {
      signal: controller.signal,
      onResult({ id }) {
        seen.push(id);
        if (id === 'c') controller.abort();
      },
    });
    await expect(run).rejects.toHaveProperty('name', 'AbortError');
    expect(seen).toEqual(['a', 'b', 'c']);
    expect(lines(log)).toEqual(['a 1', 'b 1', 'c 1']);
    const rest = await executor.run(jobs.slice(3));
    expect(rest).toEqual([done('d', 30), done('e', 40), done('f', 50)]);
  });

  it('of one run leaves another on the same workers alone', async () => {
    const executor = startWorkers<{ value: number; ms: number }, number>('square', { workers: 2 });
    const controller = new AbortController();
    const slow = [1, 2, 3, 4].map((value) => ({ id: `${value}`, input: { value, ms: 300 } }));
    const aborted = executor.run(slow, { signal: controller.signal });
    const kept = executor.run(slow);
    controller.abort(new Error('only this one'));
    await expect(aborted).rejects.toThrow('only this one');
    expect(await kept).toEqual([done('1', 1), done('2', 4), done('3', 9), done('4', 16)]);
  });

  it('of a run that waits for its turn rejects without waiting for the run before it', async () => {
    const executor = startWorkers<{ value: number; ms: number }, number>('square', { workers: 1 });
    const ends: string[] = [];
    const before = executor.run([{ id: 'a', input: { value: 3, ms: 500 } }]).then(() => ends.push('before'));
    const controller = new AbortController();
    const run = executor.run([{ id: 'a', input: { value: 4, ms: 0 } }], { signal: controller.signal });
    const aborted = run.catch((reason) => ends.push(reason.message));
    controller.abort(new Error('no longer'));
    await Promise.all([before, aborted]);
    expect(ends).toEqual(['no longer', 'before']);
  });

  it('comes from close too: runs under way say that it was closed', async () => {
    const file = join(folder, 'marks');
    const executor = startWorkers<{ file: string }, never>('waitForSignal', { workers: 1 });
    const run = executor.run([{ id: 'a', input: { file } }]);
    const ended = expect(run).rejects.toThrow('executor: closed before all jobs were done.');
    await untilLines(file, 1);
    await executor.close();
    await ended;
    expect(lines(file)).toEqual(['begun a', 'ended a']);
  });
});

describe('a module that does not load', () => {
  const jobs = [1, 2, 3].map((input) => ({ id: `${input}`, input }));

  it('is named, with the reason, and no outcome', async () => {
    const module = new URL('./executor/there-is-none.mjs', import.meta.url);
    const seen: unknown[] = [];
    const run = startWorkers('runJob', { module, workers: 2 }).run(jobs, {
      onResult: (outcome) => void seen.push(outcome),
    });
    await expect(run).rejects.toThrow(
      /^executor: cannot load the job module file:.*there-is-none\.mjs: .*(not find|ENOENT|no such file)/,
    );
    expect(seen).toEqual([]);
  });

  it('is one that throws, too', async () => {
    const module = 'data:text/javascript,throw new Error("no data here")';
    await expect(startWorkers('runJob', { module }).run(jobs)).rejects.toThrow(
      `executor: cannot load the job module ${module}: no data here`,
    );
  });

  it('is one that lacks the function, too: what it exports is named', async () => {
    const module = 'data:text/javascript,export const a = 1; export function b() {}';
    await expect(startWorkers('runJob', { module }).run(jobs)).rejects.toThrow(
      "it must export a function called 'runJob', got: a, b.",
    );
  });

  it('after it had loaded before fails the job alone', async () => {
    const file = join(folder, 'job.mjs');
    writeFileSync(
      file,
      `import { rmSync } from 'node:fs';
       export function runJob(value) { if (value === 2) { rmSync(${JSON.stringify(file)}); process.exit(1); } return value; }`,
    );
    const outcomes = await startWorkers<number, number>('runJob', { module: file, workers: 1 }).run(jobs);
    expect(outcomes[0]).toEqual(done('1', 1));
    for (const outcome of outcomes.slice(1)) {
      expect(outcome).toHaveProperty('error.message', expect.stringContaining('cannot load the job module'));
    }
  });

  it.each(['./job.mjs', 'job', '', 3])('is no URL: %s', (module) => {
    expect(() => createWorkerExecutor({ module: module as string })).toThrow(
      /^executor: module must be a URL or an absolute path, got .* Use new URL/,
    );
  });
});

describe('workers that do not start', () => {
  it.each([
    ['throw', 'throw new Error("not on this machine")', /died before it began: Error: not on this machine/],
    ['exit', 'process.exit(5)', /died before it began: worker exited/],
  ])('because they %s fail every job after two attempts, and none waits for ever', async (_, code, what) => {
    const executor = startWorkers<number, number>('runJob', {
      workers: 2,
      execArgv: ['--import', `data:text/javascript,${encodeURIComponent(code)}`],
    });
    const outcomes = await executor.run([1, 2, 3, 4, 5].map((input) => ({ id: `${input}`, input })));
    expect(outcomes).toHaveLength(5);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'failed', attempts: 2, error: { name: 'WorkerCrash' } });
      expect(outcome).toHaveProperty('error.message', expect.stringMatching(what));
    }
  });

  it('because Node does not know their options fail every job, and say so', async () => {
    const executor = startWorkers<number, number>('runJob', { execArgv: ['--no-such-option'] });
    const outcomes = await executor.run([{ id: '1', input: 1 }]);
    expect(outcomes[0]).toHaveProperty('error.message', expect.stringContaining('--no-such-option'));
  });
});
