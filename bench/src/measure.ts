// The measuring itself: at each point the peers take turns, round after round, so that whatever else the machine does
// meets all of them alike. The median of the rounds counts.

import { type Child, PeerError } from './child.ts';
import type { PeerName } from './peers.ts';
import { type Point, pointName, TIME_STEPS } from './points.ts';
import type { TrainAnswer } from './protocol.ts';
import { median } from './statistics.ts';

/** A measured point: one line of results.jsonl. */
export interface PointResult {
  peer: PeerName;
  cell: string;
  units: number;
  batch: number;
  /** Training steps that were timed, all rounds together. */
  steps: number;
  /** Median time of one step [ms]. */
  ms: number;
}

/** A point that a peer could not measure. */
export interface PointFailure {
  peer: PeerName;
  cell: string;
  units: number;
  batch: number;
  error: string;
}

/** A peer that runs, and how to start it anew. */
export interface Contestant {
  name: PeerName;
  child: Child;
  restart(): Promise<Child>;
}

export interface RoundOptions {
  rounds: number;
  seconds: number;
  /** Told each result as it comes. */
  onResult(result: (PointResult | PointFailure) & Pick<Point, 'T'>): void;
  /** Told of points where every round was disturbed by other processes. */
  onDisturbed?(peer: PeerName, point: Point): void;
}

/** Below this share of the core's time, somebody else ran on it in the meantime, and the round is taken again. */
const UNDISTURBED = 0.93;

/** Measures all points with all contestants. */
export async function measurePoints(
  contestants: readonly Contestant[],
  points: readonly Point[],
  options: RoundOptions,
): Promise<void> {
  for (const point of points) await measurePoint(contestants, point, options);
}

async function measurePoint(
  contestants: readonly Contestant[],
  point: Point,
  { rounds, seconds, onResult, onDisturbed }: RoundOptions,
): Promise<void> {
  const answers = new Map<Contestant, TrainAnswer[]>(contestants.map((each) => [each, []]));
  const failures = new Map<Contestant, string>();
  // A disturbed round is taken again, up to as many times as there are rounds.
  for (let round = 0; round < 2 * rounds; round++) {
    for (const contestant of contestants) {
      const got = answers.get(contestant)!;
      if (failures.has(contestant) || got.filter(undisturbed).length >= rounds) continue;
      try {
        got.push(await askAlive(contestant, { measure: 'train', ...point, seconds }));
      } catch (error) {
        if (!(error instanceof PeerError)) throw error;
        failures.set(contestant, error.message);
      }
    }
  }
  const { T, ...place } = point;
  const length = T === undefined || T === TIME_STEPS ? {} : { T };
  for (const contestant of contestants) {
    const { name } = contestant;
    const error = failures.get(contestant);
    const all = answers.get(contestant)!;
    if (error !== undefined) {
      onResult({ peer: name, ...place, error, ...length });
      continue;
    }
    const { steps, ms, disturbed } = summarize(all);
    if (disturbed) onDisturbed?.(name, point);
    onResult({ peer: name, ...place, steps, ms, ...length });
  }
}

/**
 * The median over the undisturbed rounds. Where there is none, the median over all rounds of the time in which the
 * process had the core: what is left is that the others have had the caches in between.
 */
export function summarize(answers: readonly TrainAnswer[]): {
  steps: number;
  ms: number;
  disturbed: boolean;
} {
  const calm = answers.filter(undisturbed);
  const disturbed = calm.length === 0;
  const counted = disturbed ? answers : calm;
  return {
    steps: counted.reduce((sum, { steps }) => sum + steps, 0),
    ms: Number(median(counted.map(({ ms, busy }) => (disturbed ? ms * busy : ms))).toPrecision(4)),
    disturbed,
  };
}

function undisturbed({ busy }: TrainAnswer): boolean {
  return busy >= UNDISTURBED;
}

/** Asks, after starting the peer anew where the point before has ended it. */
export async function askAlive<R extends Parameters<Child['ask']>[0]>(contestant: Contestant, request: R) {
  if (!contestant.child.alive) contestant.child = await contestant.restart();
  return contestant.child.ask(request);
}

/** `tidecast at lstm 50/32`. */
export function resultName({
  peer,
  cell,
  units,
  batch,
  T,
}: { peer: PeerName } & Omit<Point, 'cell'> & { cell: string }): string {
  return `${peer} at ${pointName({ cell, units, batch, T } as Point)}`;
}
