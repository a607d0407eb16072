import { createSeries, HOUR, windows } from '@tidecast/data';
import { createModel, dense, dropout, gru, network, reshape } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  adam,
  fitForecaster,
  gaussianNll,
  mcDropout,
  mcDropoutOf,
  predict,
  streams,
} from '../../src/index.ts';
import { assignWeights, randomArray } from '../helpers.ts';

setUpBackend();

const RATE = 0.3;
const x = randomArray([5, 8], 3);
const kernel = randomArray([8, 1], 4);

/** Dropout on the inputs of one linear unit: what comes out is known in closed form. */
function linear(rate = RATE) {
  const model = createModel(network({ input: [8], layers: [dropout({ rate }), dense({ units: 1 })] }));
  assignWeights(model, { '1.dense.kernel': kernel });
  return model;
}

describe('mcDropout', () => {
  it('has the mean Σ wx and the variance Σ w²x²·p/(1 − p) of one linear unit, within 5 standard errors', async () => {
    const model = linear();
    const passes = 3000;
    const { variance, mixture, members } = await mcDropout(model, x, { passes, seed: 1 });
    expect(members).toHaveLength(passes);
    for (let i = 0; i < 5; i++) {
      const terms = Array.from({ length: 8 }, (_, k) => x.data[8 * i + k]! * kernel.data[k]!);
      const mean = terms.reduce((sum, term) => sum + term, 0);
      const expected = (terms.reduce((sum, term) => sum + term * term, 0) * RATE) / (1 - RATE);
      expect(Math.abs(variance.mean[i]! - mean)).toBeLessThan(5 * Math.sqrt(expected / passes));
      // The standard error of a variance, with a kurtosis of at most 3 + 1/min(p, 1 − p).
      expect(Math.abs(variance.epistemic[i]! / expected - 1)).toBeLessThan(
        5 * Math.sqrt((2 + 1 / RATE) / passes),
      );
      expect(variance.aleatoric[i]).toBe(0);
      expect(mixture.variance()[i]).toBe(variance.epistemic[i]);
    }
    model.dispose();
  });

  it('draws the same from the same seed, and others from another; batches draw for themselves', async () => {
    const model = linear();
    const means = async (seed: number, batchSize = 256) => [
      ...(await mcDropout(model, x, { passes: 3, seed, batchSize })).mixture.mean(),
    ];
    expect(await means(1)).toEqual(await means(1));
    expect(await means(2)).not.toEqual(await means(1));
    const twice = { data: Float32Array.from([...x.data, ...x.data]), shape: [10, 8] };
    const { members } = await mcDropout(model, twice, { passes: 2, seed: 1, batchSize: 5 });
    const first = [...members[0]!.mean()];
    expect(first.slice(5)).not.toEqual(first.slice(0, 5));
    model.dispose();
  });

  it('takes the noise from the head: the mean of the passes’ variances', async () => {
    const layers = [
      dense({ units: 6, activation: 'tanh' }),
      dropout({ rate: 0.5 }),
      dense({ units: 2 }),
      reshape({ shape: [1, 2] }),
    ];
    const model = createModel(network({ input: [8], layers }), { seed: 2 });
    const { variance, members } = await mcDropout(model, x, { passes: 4, seed: 1, loss: gaussianNll() });
    const mean = members.reduce((sum, each) => sum + each.variance()[0]! / 4, 0);
    expect(Math.abs(variance.aleatoric[0]! - mean)).toBeLessThan(1e-12);
    expect(variance.aleatoric[0]).toBeGreaterThan(0);
    expect(variance.epistemic[0]).toBeGreaterThan(0);
    model.dispose();
  });

  it('carries the states of streams on: the mean is what predict gives, within 5 standard errors', async () => {
    const wave = randomArray([40, 1], 5);
    const samples = streams({ x: wave, y: wave }, { batchSize: 2, steps: 5 });
    const layers = [gru({ units: 3, returnSequences: true }), dropout({ rate: RATE }), dense({ units: 1 })];
    const model = createModel(network({ input: [null, 1], layers }), { seed: 1 });
    const passes = 100;
    const { variance } = await mcDropout(model, samples, { passes, seed: 1 });
    const { data } = await predict(model, samples);
    expect(variance.mean).toHaveLength(40);
    for (const [i, mean] of variance.mean.entries()) {
      expect(Math.abs(mean - data[i]!)).toBeLessThan(5 * Math.sqrt(variance.epistemic[i]! / passes) + 1e-6);
    }
    model.dispose();
  });

  it('refuses models that drop nothing, and a single pass', async () => {
    const model = linear(0);
    await expect(mcDropout(model, x, { seed: 1, passes: 3 })).rejects.toThrow(
      'mcDropout: expected passes that differ, got the same from all.',
    );
    await expect(mcDropout(model, x, { seed: 1, passes: 1 })).rejects.toThrow(
      'passes must be a whole number at least 2',
    );
    model.dispose();
  });
});

describe('mcDropoutOf', () => {
  it('gives the passes of a forecaster in the unit of the series, and leaves its model as it is', async () => {
    const values = Float32Array.from(
      { length: 200 },
      (_, t) => 300 + 20 * Math.sin(t / 3) + 5 * Math.sin(7 * t),
    );
    const series = createSeries({
      start: 0,
      step: HOUR,
      shape: [1],
      channels: [{ name: 'level', unit: 'm' }],
      values,
    });
    const samples = windows(series, { steps: 6, horizon: 2, inputs: ['level'], targets: ['level'] });
    const layers = [
      reshape({ shape: [6] }),
      dense({ units: 8 }),
      dropout({ rate: 0.2 }),
      dense({ units: 4 }),
      reshape({ shape: [2, 1, 2] }),
    ];
    const { forecaster } = await fitForecaster(
      createModel(network({ input: [6, 1], layers }), { seed: 1 }),
      samples,
      {
        loss: gaussianNll(),
        optimizer: adam({ learningRate: 0.01 }),
        epochs: 3,
        batchSize: 32,
        seed: 1,
      },
    );
    const before = await predict(forecaster.model, samples);
    const { mixture } = await mcDropoutOf(forecaster, samples, { passes: 10, seed: 1 });
    expect(mixture.count).toBe(2 * samples.count);
    for (const mean of mixture.mean()) expect(Math.abs(mean - 300)).toBeLessThan(40);
    expect(await predict(forecaster.model, samples)).toEqual(before);
    forecaster.model.dispose();
  });
});
