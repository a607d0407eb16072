// A journal in a file: lines that are on the disk before the search goes on, and that a kill in the middle of a write
// leaves whole, but for the last one.

import { open } from 'node:fs/promises';
import { shown } from '../check.ts';
import { type Journal, mayBeJournal } from '../search/journal.ts';
import { readWhole } from './file.ts';

/**
 * A journal at `path`, one line of JSON a step: `search({ …, journal: fileJournal('search.jsonl') })` begins, or goes on
 * where the last run was ended, by whatever. A last line without its end is taken off: its step had not been written
 * down. One search at a time may write to it. `read` refuses a file that is no journal, and leaves it as it is.
 */
export function fileJournal(path: string): Journal {
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other, so that no two lines mix. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
  return {
    read: () =>
      inTurn(async () => {
        const bytes = await readWhole(path);
        if (!bytes) return [];
        const begin = new TextDecoder().decode(bytes.subarray(0, 60));
        if (!mayBeJournal(begin)) {
          throw new Error(`journal: ${path} must be the journal of a search, got a file of ${shown(begin)}.`);
        }
        const whole = bytes.lastIndexOf(0x0a) + 1;
        if (whole < bytes.length) await change(path, (file) => file.truncate(whole));
        return new TextDecoder().decode(bytes.subarray(0, whole)).split('\n').slice(0, -1);
      }),
    append: (line) =>
      inTurn(async () => {
        await change(path, (file) => file.writeFile(`${line}\n`));
      }),
  };
}

/** Changes the file, which is made where there is none, and waits until the change is on the disk. */
async function change(
  path: string,
  by: (file: Awaited<ReturnType<typeof open>>) => Promise<void>,
): Promise<void> {
  try {
    const file = await open(path, 'a');
    try {
      await by(file);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new Error(`cannot write ${path}: ${(error as Error).message}`, { cause: error });
  }
}
