// One training of the contest, in a worker of Tidecast's executor.

import { useBackend } from '@tidecast/backend';
import { createModel } from '@tidecast/models';
import { adam, fit, mse } from '@tidecast/train';
import { networkFor } from '../peers/networks.ts';
import { samplesOf } from '../peers/samples.ts';
import { CHANNELS, OUTPUTS, type Point, TIME_STEPS } from '../points.ts';

export interface TrainingInput {
  point: Point;
  /** Windows and targets in shared memory. */
  x: Float32Array;
  y: Float32Array;
  epochs: number;
}

/** Trains the network of a point from scratch; returns its loss in the last epoch. */
export async function runJob({ point, x, y, epochs }: TrainingInput): Promise<number> {
  await useBackend('wasm');
  const count = y.length / OUTPUTS;
  const model = createModel(networkFor(point), { seed: 1 });
  try {
    const history = await fit(
      model,
      samplesOf({ count, x, xShape: [TIME_STEPS, CHANNELS], y, yShape: [OUTPUTS] }),
      {
        loss: mse(),
        optimizer: adam({ learningRate: 1e-3 }),
        epochs,
        batchSize: point.batch,
        seed: 1,
      },
    );
    return history.epochs.at(-1)!.loss;
  } finally {
    model.dispose();
  }
}
