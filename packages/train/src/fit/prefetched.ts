// Batches that have to be waited for are asked for before their turn, so that they are made while others are learned from.

import type { Batch } from '@tidecast/data';
import { letOthersRun } from './event-loop.ts';

/** Batches asked for ahead, unless told otherwise. */
export const PREFETCH = 2;

/** Which batches, and how. */
interface PrefetchOptions {
  /** The first one, and the one after the last. */
  from: number;
  to: number;
  /** How many to ask for before their turn, at most, where they have to be waited for. */
  ahead: number;
  /** Stops with `signal.reason`. */
  signal?: AbortSignal;
}

/**
 * The batches `request(from)` … `request(to − 1)`, asked for and given in this order. Those that are there at once are asked
 * for one by one. However it ends, nothing that was asked for is still under way afterwards.
 */
export async function* prefetched(
  request: (index: number) => Batch | Promise<Batch>,
  { from, to, ahead, signal }: PrefetchOptions,
): AsyncGenerator<Batch, void, void> {
  const asked: Promise<Batch>[] = [];
  let next = from;
  /** Its error is thrown in its turn; until then nobody listens. */
  const ask = (batch: Batch | Promise<Batch>) => {
    const promise = Promise.resolve(batch);
    promise.catch(() => {});
    asked.push(promise);
  };
  try {
    for (let index = from; index < to; index++) {
      signal?.throwIfAborted();
      if (asked.length === 0) {
        const batch = request(next++);
        if (!(batch instanceof Promise)) {
          yield batch;
          continue;
        }
        ask(batch);
      }
      while (asked.length <= ahead && next < to) ask(request(next++));
      // What other threads have read or decoded goes on to its next stage, also where this batch is there already.
      await letOthersRun();
      const batch = await asked.shift()!;
      signal?.throwIfAborted();
      yield batch;
    }
  } finally {
    await Promise.allSettled(asked);
  }
}
