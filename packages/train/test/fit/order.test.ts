// Samples that say themselves which examples an epoch goes through.

import type { EpochRequest, Samples } from '@tidecast/data';
import { expect, test } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { adam, fit, mse } from '../../src/index.ts';
import { sequenceSamples, smallModel } from '../helpers.ts';

setUpBackend();

const options = { loss: mse(), optimizer: adam(), epochs: 2, batchSize: 4, seed: 3 };

function watched(order: NonNullable<Samples['order']>): { samples: Samples; seen: number[][] } {
  const samples = sequenceSamples(10, 1);
  const seen: number[][] = [];
  return {
    seen,
    samples: {
      ...samples,
      order,
      batch(indices) {
        seen.push(Array.from(indices));
        return samples.batch(indices);
      },
    },
  };
}

test('an epoch goes through the order the samples give, which may repeat and leave out', async () => {
  const asked: EpochRequest[] = [];
  const { samples, seen } = watched((request) => {
    asked.push(request);
    return request.epoch === 1 ? [9, 9, 9, 9, 0, 1, 2, 3, 4, 5] : [0, 0, 1, 1, 2, 2, 3, 3, 4, 4];
  });
  const model = smallModel();
  await fit(model, samples, options);
  model.dispose();
  expect(asked).toEqual([
    { seed: 3, epoch: 1, batchSize: 4 },
    { seed: 3, epoch: 2, batchSize: 4 },
  ]);
  const trained = seen.slice(-6);
  expect(trained).toEqual([
    [9, 9, 9, 9],
    [0, 1, 2, 3],
    [4, 5],
    [0, 0, 1, 1],
    [2, 2, 3, 3],
    [4, 4],
  ]);
});

test('an order of the wrong length, or with an index out of range, is refused', async () => {
  const model = smallModel();
  await expect(fit(model, watched(() => [0, 1]).samples, options)).rejects.toThrow(
    "fit: the samples' own order must have 10 indices, got 2.",
  );
  const beyond = watched(() => [0, 1, 2, 3, 4, 5, 6, 7, 8, 10]).samples;
  await expect(fit(model, beyond, options)).rejects.toThrow(/own order must be .* got 10/);
  model.dispose();
});
