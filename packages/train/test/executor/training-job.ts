// A small training as a job: what a grid or an ensemble runs many of.

import { existsSync, writeFileSync } from 'node:fs';
import { useBackend } from '@tidecast/backend';
import {
  cnn1d,
  createModel,
  dense,
  dropout,
  flatten,
  gru,
  type LayerConfig,
  lstm,
  network,
  rnn,
} from '@tidecast/models';
import { adam, fit, type History, type JobContext, mse } from '../../src/index.ts';
import { fileCheckpoint } from '../../src/node.ts';
import { sequenceSamples, weightsOf } from '../helpers.ts';

const bodies: Record<string, LayerConfig[]> = {
  rnn: [rnn({ units: 5 })],
  lstm: [lstm({ units: 5 })],
  gru: [gru({ units: 5 })],
  cnn1d: [cnn1d({ filters: 5 }), flatten()],
};

export interface TrainingInput {
  cell: string;
  seed: number;
  batchSize: number;
  /** Goes on from this file, where there is one. */
  checkpoint?: string;
  /** The worker dies in epoch 3 while this file does not exist, and makes it before. */
  diesOnce?: string;
}

export interface TrainingResult {
  weights: Record<string, Float32Array>;
  history: History;
  /** Epochs that this attempt trained. */
  trained: number;
}

export async function train(
  { cell, seed, batchSize, checkpoint, diesOnce }: TrainingInput,
  { signal, report }: JobContext<number>,
): Promise<TrainingResult> {
  await useBackend('wasm');
  const layers = [...bodies[cell]!, dropout({ rate: 0.2 }), dense({ units: 2 })];
  const model = createModel(network({ input: [6, 2], layers }), { seed });
  const file = checkpoint === undefined ? undefined : fileCheckpoint(checkpoint);
  let trained = 0;
  const history = await fit(model, sequenceSamples(48, 1), {
    loss: mse(),
    optimizer: adam({ learningRate: 0.02 }),
    epochs: 5,
    batchSize,
    seed,
    signal,
    ...(file && { checkpoint: { every: 1, write: file.write }, resume: await file.read() }),
    onProgress(event) {
      if (event.kind === 'batch' && event.epoch === 3 && diesOnce && !existsSync(diesOnce)) {
        writeFileSync(diesOnce, '');
        process.exit(1);
      }
      if (event.kind !== 'epoch') return;
      trained++;
      report(event.loss);
    },
  });
  const weights = weightsOf(model);
  model.dispose();
  return { weights, history, trained };
}
