// The same training on WASM and on native TensorFlow: the sums run in another order, so losses differ by rounding,
// which grows from step to step.

import { useBackend } from '@tidecast/backend';
import {
  cnn1d,
  createModel,
  dense,
  flatten,
  gru,
  type LayerConfig,
  lstm,
  network,
  rnn,
} from '@tidecast/models';
import { afterAll, describe, expect, it } from 'vitest';
import { testBackend } from '../../../../test/backend.ts';
import { hasNative, needsNative } from '../../../backend/test/native.ts';
import { adam, fit, mse } from '../../src/index.ts';
import { sequenceSamples } from '../helpers.ts';

const bodies: Record<string, LayerConfig[]> = {
  rnn: [rnn({ units: 8 })],
  lstm: [lstm({ units: 8 })],
  gru: [gru({ units: 8 })],
  cnn1d: [cnn1d({ filters: 8 }), flatten()],
  dense: [flatten(), dense({ units: 8, activation: 'tanh' })],
};

/** Loss of each of 60 updates. */
async function losses(body: LayerConfig[]): Promise<number[]> {
  const model = createModel(network({ input: [6, 2], layers: [...body, dense({ units: 2 })] }), { seed: 4 });
  const result: number[] = [];
  await fit(model, sequenceSamples(80, 1), {
    loss: mse(),
    optimizer: adam({ learningRate: 0.01 }),
    epochs: 15,
    batchSize: 20,
    seed: 9,
    clip: { norm: 1 },
    onProgress: (event) => void (event.kind === 'batch' && result.push(event.loss)),
  });
  model.dispose();
  return result;
}

describe.skipIf(!hasNative)(`WASM and native${needsNative}`, () => {
  afterAll(() => useBackend(testBackend));

  it.each(Object.entries(bodies))('%s: 60 losses agree within 5e-6 relative', async (_, body) => {
    await useBackend('wasm');
    const wasm = await losses(body);
    await useBackend('native');
    const native = await losses(body);
    expect(wasm).toHaveLength(60);
    expect(wasm.at(-1)).toBeLessThan(0.5 * wasm[0]!);
    const worst = Math.max(...wasm.map((loss, i) => Math.abs(loss / native[i]! - 1)));
    expect(worst).toBeLessThan(5e-6);
  });
});
