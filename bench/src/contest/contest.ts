// The course's grid as a whole: every network of the grid trained once on the same windows, two trainings at a time.
// Nothing is pinned here: the machine's cores are what the two share. PyTorch: two processes take jobs from one list. Tidecast: one process whose worker executor does.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@tidecast/data';
import { type Child, type Launch, startChild } from '../child.ts';
import type { PeerName } from '../peers.ts';
import { CHANNELS, GRID_CELLS, gridPoints, OUTPUTS, type Point, TIME_STEPS } from '../points.ts';
import { median } from '../statistics.ts';

/** One side's result. */
export interface ContestResult {
  measure: 'contest';
  peer: PeerName;
  jobs: number;
  windows: number;
  epochs: number;
  /** From the first job given out to the last one done [s], median of the rounds; processes have started before. */
  seconds: number;
  /** Mean of the trainings' last losses: both sides have learned about the same. */
  loss: number;
}

/** Epochs are few so that a round takes a minute; they are scaled down alike for both sides. */
const SCALE = { windows: 1024, epochs: 8, rounds: 2, processes: 2 };

/** A side of the contest. */
export interface Side {
  name: PeerName;
  launch: Launch;
}

/** Runs the sides in turn. */
export async function runContest(
  sides: readonly Side[],
  onResult: (result: ContestResult) => void,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tidecast-contest-'));
  try {
    const files = writeWindows(folder, SCALE.windows);
    // The largest first, so that neither side ends with one long job.
    const jobs = gridPoints({ cells: GRID_CELLS }).reverse();
    const times = new Map<Side, { seconds: number; loss: number }[]>();
    for (let round = 0; round < SCALE.rounds; round++) {
      for (const side of sides) {
        const result = await runSide(side, jobs, files);
        times.set(side, [...(times.get(side) ?? []), result]);
      }
    }
    for (const [{ name }, all] of times) {
      onResult({
        measure: 'contest',
        peer: name,
        jobs: jobs.length,
        windows: SCALE.windows,
        epochs: SCALE.epochs,
        seconds: Number(median(all.map(({ seconds }) => seconds)).toPrecision(4)),
        loss: Number(all[0]!.loss.toPrecision(4)),
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function runSide(
  { name, launch }: Side,
  jobs: readonly Point[],
  files: { x: string; y: string },
): Promise<{ seconds: number; loss: number }> {
  const { epochs, processes } = SCALE;
  const own = name.startsWith('tidecast');
  const children = await Promise.all(Array.from({ length: own ? 1 : processes }, () => startChild(launch)));
  try {
    const started = performance.now();
    const losses = own
      ? (await children[0]!.ask({ measure: 'contest', jobs, ...files, epochs, workers: processes })).losses
      : await shareOut(children, jobs, (child, job) =>
          child.ask({ measure: 'fit', ...job, ...files, epochs }),
        );
    const seconds = (performance.now() - started) / 1000;
    return { seconds, loss: losses.reduce((sum, loss) => sum + loss, 0) / losses.length };
  } finally {
    for (const child of children) child.stop();
  }
}

/** Gives each child the next job of the list as soon as it is free. */
async function shareOut(
  children: readonly Child[],
  jobs: readonly Point[],
  run: (child: Child, job: Point) => Promise<{ loss: number }>,
): Promise<number[]> {
  const losses: number[] = [];
  let next = 0;
  await Promise.all(
    children.map(async (child) => {
      while (next < jobs.length) losses.push((await run(child, jobs[next++]!)).loss);
    }),
  );
  return losses;
}

/** Windows over a made-up series of two channels (a tide and its season), and the next twelve values of the first. */
function writeWindows(folder: string, count: number): { x: string; y: string } {
  const random = createRandom(1, 'contest');
  const tide = (t: number) => Math.sin((2 * Math.PI * t) / 12.42) + 0.5 * Math.sin((2 * Math.PI * t) / 24);
  const noise = Array.from({ length: count + TIME_STEPS + OUTPUTS }, () => 0.1 * random.normal());
  const x = new Float32Array(count * TIME_STEPS * CHANNELS);
  const y = new Float32Array(count * OUTPUTS);
  for (let i = 0; i < count; i++) {
    for (let t = 0; t < TIME_STEPS; t++) {
      x[(i * TIME_STEPS + t) * CHANNELS] = tide(i + t) + noise[i + t]!;
      x[(i * TIME_STEPS + t) * CHANNELS + 1] = Math.sin((2 * Math.PI * (i + t)) / 24);
    }
    for (let h = 0; h < OUTPUTS; h++) {
      y[i * OUTPUTS + h] = tide(i + TIME_STEPS + h) + noise[i + TIME_STEPS + h]!;
    }
  }
  const files = { x: join(folder, 'x.f32'), y: join(folder, 'y.f32') };
  writeFileSync(files.x, x);
  writeFileSync(files.y, y);
  return files;
}
