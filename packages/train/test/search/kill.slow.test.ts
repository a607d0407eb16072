// A search is killed with SIGKILL, which nothing can catch, five times, wherever it happens to be; the table must be that
// of one that was left alone, byte for byte.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@tidecast/data';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execArgv } from '../executor/workers.ts';

const KILLS = 5;
const script = new URL('./killed-search.ts', import.meta.url).pathname;

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tidecast-search-'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const lines = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0);

const start = (folder: string, strategy: string) =>
  spawn(process.execPath, [...execArgv, script, folder, strategy], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });

const ended = (child: ChildProcess) =>
  new Promise<string>((resolve) => child.on('close', (code, signal) => resolve(signal ?? `exit ${code}`)));

/** Kills the child when it has begun `more` jobs and some ms have passed. */
async function killSoon(folder: string, strategy: string, more: number, ms: number): Promise<string> {
  const log = join(folder, 'begun');
  const target = lines(log) + more;
  const child = start(folder, strategy);
  const end = ended(child);
  while (lines(log) < target && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 4));
  await new Promise((resolve) => setTimeout(resolve, ms));
  child.kill('SIGKILL');
  return end;
}

describe.each(['grid', 'random', 'asha', 'tpe', 'trainings'])('%s', (strategy) => {
  it('killed 5 times gives the table of a search that was not, and runs no step that was done again', async () => {
    const folder = mkdtempSync(join(root, strategy));
    const alone = mkdtempSync(join(root, strategy));
    const undisturbed = ended(start(alone, strategy));
    const random = createRandom(1, strategy);
    const done: number[] = [];
    for (let kill = 0; kill < KILLS; kill++) {
      const more = strategy === 'trainings' ? 2 : 2 + random.integer(3);
      expect(await killSoon(folder, strategy, more, random.integer(12))).toBe('SIGKILL');
      done.push(lines(join(folder, 'journal.jsonl')));
    }
    expect(await ended(start(folder, strategy))).toBe('exit 0');
    expect(await undisturbed).toBe('exit 0');

    const table = readFileSync(join(folder, 'table.json'));
    expect(table.equals(readFileSync(join(alone, 'table.json')))).toBe(true);
    const steps = lines(join(alone, 'journal.jsonl')) - 1;
    expect(lines(join(folder, 'journal.jsonl')) - 1).toBe(steps);
    // It had got somewhere at the first kill, and had not ended at the last.
    expect(done[0]).toBeGreaterThan(0);
    expect(done.at(-1)! - 1).toBeLessThan(steps);
    // Only what was under way at a kill, two jobs at most, begins again.
    const begun = lines(join(folder, 'begun'));
    expect(begun).toBeGreaterThan(steps);
    expect(begun).toBeLessThanOrEqual(steps + 2 * KILLS);
  });
});
