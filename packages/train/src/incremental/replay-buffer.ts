// Examples of the past that are mixed into what is learnt next, so that a network does not forget: a bounded number of
// them, chosen as they come, without looking back.

import { createRandom, type Random, type Samples, shuffle } from '@tidecast/data';
import { type Row, rowsOf } from './rows.ts';

/** Which slot of a full buffer the next example takes: −1 for none. `seen`: how many came before it. */
type Placement = (seen: number, capacity: number, random: Random) => number;

/** Ways to choose what a buffer keeps. */
export const replayStrategies = {
  /** A uniform sample of all that ever came: example n stays with probability capacity / n (Vitter 1985, algorithm R). */
  reservoir(seen, capacity, random) {
    const slot = random.integer(seen + 1);
    return slot < capacity ? slot : -1;
  },
  /** The last ones. */
  recent: (seen, capacity) => seen % capacity,
} satisfies Record<string, Placement>;

export type ReplayStrategy = keyof typeof replayStrategies;

/** What is kept; never changed in place. */
export interface ReplayBuffer {
  readonly capacity: number;
  readonly strategy: ReplayStrategy;
  readonly seed: number;
  /** How many examples were offered so far. */
  readonly seen: number;
  /** At most `capacity`. */
  readonly rows: readonly Row[];
}

/** The buffer after all of `samples` were offered, in their order. */
export function offer(buffer: ReplayBuffer, samples: Samples): ReplayBuffer {
  const { capacity, strategy, seed, seen } = buffer;
  /** Index of the last example that took each slot. */
  const taken = new Map<number, number>();
  for (let i = 0; i < samples.count; i++) {
    const n = seen + i;
    const slot =
      n < capacity ? n : replayStrategies[strategy](n, capacity, createRandom(seed, 'replay-slot', n));
    if (slot >= 0) taken.set(slot, i);
  }
  const rows = [...buffer.rows];
  const fresh = rowsOf(samples, [...taken.values()]);
  [...taken.keys()].forEach((slot, i) => {
    rows[slot] = fresh[i]!;
  });
  return { ...buffer, seen: seen + samples.count, rows };
}

/** `count` different rows by chance, or all where there are fewer; `draw` tells one draw from another. */
export function drawRows({ rows, seed }: ReplayBuffer, count: number, draw: number): Row[] {
  const order = shuffle(
    Uint32Array.from(rows, (_, i) => i),
    createRandom(seed, 'replay-draw', draw),
  );
  return Array.from(order.subarray(0, count), (index) => rows[index]!);
}
