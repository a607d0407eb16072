// A JavaScript peer's end of the conversation, and its clock. peers/measure.py does the same for the Python peers.

import { createInterface } from 'node:readline';
import type { Answer, InferAnswer, Request, TrainAnswer } from '../protocol.ts';
import { median, percentile } from '../statistics.ts';

/** Parts a measurement is cut into; the median is over them. */
export const BLOCKS = 7;

/** Says ready and answers requests until stdin ends. What `answer` throws is answered as a refusal. */
export async function serve(
  ready: { ready: string; version: string },
  answer: (request: Request) => Promise<Answer<Request>>,
): Promise<void> {
  const write = (value: unknown) => process.stdout.write(`${JSON.stringify(value)}\n`);
  write(ready);
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      write(await answer(JSON.parse(line)));
    } catch (error) {
      write({ error: error instanceof Error ? error.message : String(error) });
    }
  }
}

/** How many steps a block has, and how many blocks there are, for steps of about `stepMs`. */
export function blocksFor(
  { seconds = 0.3, steps }: { seconds?: number; steps?: number },
  stepMs: number,
): { blocks: number; each: number } {
  if (steps !== undefined) return { blocks: Math.min(BLOCKS, steps), each: Math.ceil(steps / BLOCKS) };
  const total = (seconds * 1000) / stepMs;
  // A step longer than a block is a block by itself; three of them at least.
  if (total < BLOCKS) return { blocks: Math.max(3, Math.ceil(total)), each: 1 };
  return { blocks: BLOCKS, each: Math.floor(total / BLOCKS) };
}

/** The clock of a measurement: blocks of `each` steps, ended one by one. */
export function createClock(each: number) {
  const times: number[] = [];
  const cpuStarted = process.cpuUsage();
  const started = performance.now();
  let last = started;
  return {
    get blocks() {
      return times.length;
    },
    /** Ends a block. */
    lap() {
      const now = performance.now();
      times.push((now - last) / each);
      last = now;
    },
    answer(): TrainAnswer {
      const { user, system } = process.cpuUsage(cpuStarted);
      return {
        steps: each * times.length,
        ms: median(times),
        busy: (user + system) / 1000 / (last - started),
        rss: process.resourceUsage().maxRSS * 1024,
      };
    },
  };
}

/** Percentiles of single calls [ms], a tenth as many before them not counted; two seconds at most, but 100 calls. */
export async function timeCalls(call: () => Promise<unknown> | unknown, calls: number): Promise<InferAnswer> {
  for (let i = 0; i < calls / 10; i++) await call();
  const times: number[] = [];
  const began = performance.now();
  while (times.length < calls && (times.length < 100 || performance.now() - began < 2000)) {
    const started = performance.now();
    await call();
    times.push(performance.now() - started);
  }
  return { calls: times.length, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}
