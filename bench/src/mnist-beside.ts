// The training on digits beside other libraries: the same network, data, batches, optimiser and learning rates, whole
// trainings by turns on one core. Each seed is another training; the epochs of all of them are the times.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Samples } from '@tidecast/data';
import { type Child, startChild } from './child.ts';
import { writeDigits } from './mnist-files.ts';
import type { MnistSettings } from './mnist-training.ts';
import { launchFor, type PeerName, sharedCore } from './peers.ts';
import type { DigitsAnswer } from './protocol.ts';
import { median } from './statistics.ts';
import { markdown } from './tables.ts';

/** How long a training may take [ms]. */
const PATIENCE = 3_600_000;

/** What one peer's trainings came to. */
export interface BesideResult {
  peer: PeerName;
  version: string;
  /** Median time of an epoch over all trainings [s]. */
  epochSeconds: number;
  /** The same, of the time in which the process had the core. */
  busySeconds: number;
  /** Test accuracy of each training. */
  accuracies: number[];
}

/** Trains `rounds` times by turns with `peers`, from `settings.seed` on. @throws if one of them is not there. */
export async function besidePeers(
  samples: { train: Samples; test: Samples },
  settings: MnistSettings,
  { peers, rounds, say }: { peers: readonly PeerName[]; rounds: number; say: (message: string) => void },
): Promise<{ results: BesideResult[]; table: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'tidecast-digits-'));
  const running: { peer: PeerName; child: Child; answers: DigitsAnswer[] }[] = [];
  try {
    writeDigits(folder, samples);
    const core = sharedCore();
    for (const peer of ['tidecast' as const, ...peers]) {
      const launch = launchFor(peer, say);
      if ('absent' in launch) throw new Error(`${peer}: ${launch.absent}`);
      running.push({ peer, child: await startChild(launch, { core }), answers: [] });
    }
    const { model, epochs, seed, batchSize, learningRate, dropout } = settings;
    for (let round = 0; round < rounds; round++) {
      for (const { peer, child, answers } of running) {
        const training = { model, epochs, seed: seed + round, batchSize, learningRate, dropout };
        const answer = await child.ask({ measure: 'digits', folder, ...training }, PATIENCE);
        answers.push(answer);
        const busy = `${(100 * answer.busy).toFixed(0)} % of the core`;
        say(
          `${peer}, seed ${seed + round}: ${median(answer.epochSeconds).toFixed(2)} s an epoch, ${busy}, accuracy ${answer.accuracy}`,
        );
      }
    }
  } finally {
    for (const { child } of running) child.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const results = running.map(({ peer, child, answers }): BesideResult => {
    const middle = (scaled: boolean) =>
      median(
        answers.flatMap(({ epochSeconds, busy }) => epochSeconds.map((each) => each * (scaled ? busy : 1))),
      );
    return {
      ...{ peer, version: child.ready.version, epochSeconds: middle(false), busySeconds: middle(true) },
      accuracies: answers.map(({ accuracy }) => accuracy),
    };
  });
  return { results, table: tableOf(results) };
}

function tableOf(results: readonly BesideResult[]): string {
  const own = results[0]!;
  const header = [
    '',
    'an epoch [s]',
    'of it on the core [s]',
    'time beside Tidecast',
    'accuracy of each seed',
  ];
  const rows = results.map(({ peer, epochSeconds, busySeconds, accuracies }) => [
    peer,
    epochSeconds.toFixed(2),
    busySeconds.toFixed(2),
    `${(busySeconds / own.busySeconds).toFixed(2)}×`,
    accuracies.map((each) => `${(100 * each).toFixed(2)} %`).join(', '),
  ]);
  return markdown(header, rows);
}
