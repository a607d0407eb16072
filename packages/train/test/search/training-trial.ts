// A trial that trains a small network, on WASM.

import { useBackend } from '@tidecast/backend';
import { createModel, dense, lstm, network } from '@tidecast/models';
import { adam, fitTrial, mse, type TrialInput, type TrialResult } from '../../src/index.ts';
import { sequenceSamples } from '../helpers.ts';

export async function trainTrial(trial: TrialInput<null>): Promise<TrialResult> {
  await useBackend('wasm');
  const { units, rate } = trial.values as { units: number; rate: number };
  const model = createModel(network({ input: [6, 2], layers: [lstm({ units }), dense({ units: 2 })] }), {
    seed: trial.seed,
  });
  try {
    const options = { loss: mse(), optimizer: adam({ learningRate: rate }), batchSize: 16 };
    return await fitTrial(
      model,
      sequenceSamples(64, 1),
      { ...options, validation: sequenceSamples(32, 2) },
      trial,
    );
  } finally {
    model.dispose();
  }
}
