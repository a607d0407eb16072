// One training of the contest, in a worker of Tidecast's executor.

import { useBackend } from '@tidecast/backend';
import type { Samples } from '@tidecast/data';
import { createModel } from '@tidecast/models';
import { adam, fit, mse } from '@tidecast/train';
import { networkFor } from '../peers/networks.ts';
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
  const model = createModel(networkFor(point), { seed: 1 });
  try {
    const history = await fit(model, samplesOf(x, y), {
      loss: mse(),
      optimizer: adam({ learningRate: 1e-3 }),
      epochs,
      batchSize: point.batch,
      seed: 1,
    });
    return history.epochs.at(-1)!.loss;
  } finally {
    model.dispose();
  }
}

function samplesOf(x: Float32Array, y: Float32Array): Samples {
  const width = TIME_STEPS * CHANNELS;
  const rows = (from: Float32Array, size: number, indices: ArrayLike<number>) => {
    const data = new Float32Array(indices.length * size);
    for (let i = 0; i < indices.length; i++) {
      data.set(from.subarray(indices[i]! * size, (indices[i]! + 1) * size), i * size);
    }
    return data;
  };
  return {
    count: y.length / OUTPUTS,
    xShape: [TIME_STEPS, CHANNELS],
    yShape: [OUTPUTS],
    batch: (indices) => ({
      x: { data: rows(x, width, indices), shape: [indices.length, TIME_STEPS, CHANNELS] },
      y: { data: rows(y, OUTPUTS, indices), shape: [indices.length, OUTPUTS] },
    }),
  };
}
