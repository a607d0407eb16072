// What is measured beside the grid: latency of one window, memory, and the rate of the matrix product.

import type { Launch } from './child.ts';
import { startChild } from './child.ts';
import type { PointResult } from './measure.ts';
import { askAlive, type Contestant } from './measure.ts';
import type { PeerName } from './peers.ts';
import { GRID_CELLS, lstmStepFlops, type Point } from './points.ts';
import type { InferAnswer } from './protocol.ts';
import { median } from './statistics.ts';

/** Time of a call of the trained network on one window [ms]. */
export interface Latency {
  measure: 'latency';
  peer: PeerName;
  cell: string;
  units: number;
  calls: number;
  p50: number;
  p99: number;
}

/** Most memory that a process of its own has held while it trained an LSTM of 100 units, batch 128 [bytes]. */
export interface Memory {
  measure: 'memory';
  peer: PeerName;
  cell: string;
  units: number;
  batch: number;
  rss: number;
}

/** Rate of the packed matrix product, and the share of it that the largest LSTM's step reaches. */
export interface GemmRate {
  measure: 'gemm';
  peer: PeerName;
  /** Best over square and recurrent shapes [10⁹ floating-point operations a second]. */
  gflops: number;
  /** The step's floating-point operations by its time. */
  lstmGflops?: number;
}

const LATENCY = { units: 50, batch: 32, calls: 2000, rounds: 3 };
const LARGEST: Point = { cell: 'lstm', units: 100, batch: 128 };
/** The forward product of the largest LSTM, its weights' gradient, and a square. */
const SHAPES = [
  { m: 128, n: 400, k: 100 },
  { m: 102, n: 400, k: 128 },
  { m: 256, n: 256, k: 256 },
];

/** Latency at every cell, the peers in turn. */
export async function measureLatency(
  contestants: readonly Contestant[],
  onResult: (result: Latency) => void,
): Promise<void> {
  const { units, batch, calls, rounds } = LATENCY;
  for (const cell of GRID_CELLS) {
    const answers = new Map<Contestant, InferAnswer[]>();
    for (let round = 0; round < rounds; round++) {
      for (const contestant of contestants) {
        const answer = await askAlive(contestant, { measure: 'infer', cell, units, batch, calls }).catch(
          () => {},
        );
        if (answer) answers.set(contestant, [...(answers.get(contestant) ?? []), answer]);
      }
    }
    for (const [{ name }, all] of answers) {
      const middle = (key: 'p50' | 'p99') => Number(median(all.map((each) => each[key])).toPrecision(3));
      onResult({
        measure: 'latency',
        peer: name,
        cell,
        units,
        calls: all.reduce((sum, each) => sum + each.calls, 0),
        p50: middle('p50'),
        p99: middle('p99'),
      });
    }
  }
}

/** Memory of fresh processes, one after another. */
export async function measureMemory(
  launches: readonly { name: PeerName; launch: Launch }[],
  core: number | undefined,
  onResult: (result: Memory) => void,
): Promise<void> {
  for (const { name, launch } of launches) {
    const child = await startChild(launch, { core });
    try {
      const { rss } = await child.ask({ measure: 'train', ...LARGEST, seconds: 0.3 });
      const { cell, units, batch } = LARGEST;
      onResult({ measure: 'memory', peer: name, cell, units, batch, rss });
    } finally {
      child.stop();
    }
  }
}

/** Rates of the peers that answer, beside what their largest LSTM reached in `results`. */
export async function measureGemm(
  contestants: readonly Contestant[],
  results: readonly PointResult[],
  onResult: (result: GemmRate) => void,
): Promise<void> {
  for (const contestant of contestants) {
    const rates: number[] = [];
    for (const shape of SHAPES) {
      const answer = await askAlive(contestant, { measure: 'gemm', ...shape }).catch(() => undefined);
      if (answer) rates.push(answer.gflops);
    }
    if (rates.length === 0) continue;
    const { name } = contestant;
    const step = results.find(
      ({ peer, cell, units, batch }) =>
        peer === name && cell === LARGEST.cell && units === LARGEST.units && batch === LARGEST.batch,
    );
    onResult({
      measure: 'gemm',
      peer: name,
      gflops: round(Math.max(...rates)),
      ...(step && { lstmGflops: round(lstmStepFlops(LARGEST) / step.ms / 1e6) }),
    });
  }
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
