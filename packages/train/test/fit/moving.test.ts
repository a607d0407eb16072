// A model moves between WASM and native TensorFlow with its weights, in the middle of its training.

import { useBackend } from '@tidecast/backend';
import { createModel, dense, gru, loadModel, lstm, network, rnn, saveModel } from '@tidecast/models';
import { afterAll, describe, expect, it } from 'vitest';
import { testBackend } from '../../../../test/backend.ts';
import { hasNative, needsNative } from '../../../backend/test/native.ts';
import { adam, fit, mse, predict } from '../../src/index.ts';
import { sequenceSamples } from '../helpers.ts';

const samples = sequenceSamples(40, 1);
const options = {
  loss: mse(),
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 2,
  batchSize: 20,
  seed: 9,
};

describe.skipIf(!hasNative)(`a model that moves${needsNative}`, () => {
  afterAll(() => useBackend(testBackend));

  it.each([
    ['wasm', 'native'],
    ['native', 'wasm'],
  ] as const)(
    'trained on %s, saved, loaded and trained on %s: predictions within 1e-5 of staying',
    async (first, second) => {
      await useBackend(first);
      const layers = [
        lstm({ units: 5, returnSequences: true }),
        gru({ units: 4, bidirectional: true, returnSequences: true }),
        rnn({ units: 4 }),
        dense({ units: 2 }),
      ];
      const model = createModel(network({ input: [6, 2], layers }), { seed: 4 });
      await fit(model, samples, options);
      const saved = saveModel(model);
      const here = await predict(model, samples);
      await fit(model, samples, options);
      const stayed = await predict(model, samples);
      model.dispose();

      await useBackend(second);
      const moved = loadModel(saved);
      expectClose(await predict(moved, samples), here);
      await fit(moved, samples, options);
      expectClose(await predict(moved, samples), stayed);
      moved.dispose();
    },
  );
});

function expectClose(actual: { data: Float32Array }, expected: { data: Float32Array }) {
  const scale = Math.max(...expected.data.map(Math.abs));
  const worst = Math.max(...expected.data.map((value, i) => Math.abs(value - actual.data[i]!)));
  expect(scale).toBeGreaterThan(0.01);
  expect(worst / scale).toBeLessThanOrEqual(1e-5);
}
