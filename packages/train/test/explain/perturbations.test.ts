// Explanations that change inputs and look at what comes out: permutation importance and occlusion.

import * as tf from '@tensorflow/tfjs-core';
import { arraySamples } from '@tidecast/data';
import { cnn2d, createModel, dense, flatten, gru, type Model } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { mse, occlusion, permutationImportance } from '../../src/index.ts';
import { assignWeights, randomArray } from '../helpers.ts';

setUpBackend();

/** y = Σ kernel ⊙ x over inputs `[3, 2]`. */
function linear(kernel: number[]): Model {
  const model = createModel({ input: [3, 2], layers: [flatten(), dense({ units: 1 })] }, { seed: 1 });
  assignWeights(model, { '1.dense.kernel': { data: Float32Array.from(kernel), shape: [6, 1] } });
  return model;
}

/** What {@link linear} gives for inputs. */
function linearSamples(kernel: number[], count: number, mask?: Float32Array) {
  const x = randomArray([count, 3, 2], 5);
  const y = Float32Array.from({ length: count }, (_, i) =>
    kernel.reduce((sum, each, j) => sum + each * x.data[i * 6 + j]!, 0),
  );
  return arraySamples({
    x: x,
    y: { data: y, shape: [count, 1] },
    ...(mask ? { mask: { data: mask, shape: [count, 3] } } : {}),
  });
}

describe('permutationImportance', () => {
  const kernel = [0, 0.5, 0, 2, 0, 0];

  it('of a linear model is 2·w² of unit inputs for the MSE, within 15 %, and exactly 0 for what it ignores', async () => {
    const model = linear(kernel);
    const samples = linearSamples(kernel, 800);
    const options = { error: mse(), seed: 3, repeats: 8 };
    const channels = await permutationImportance(model, samples, options);
    const steps = await permutationImportance(model, samples, { ...options, groups: 'steps' });
    model.dispose();
    expect(channels.error).toBeLessThan(1e-10);
    expect(channels.groups.map(({ name }) => name)).toEqual(['channel 0', 'channel 1']);
    expect(Math.abs(channels.groups[0]!.mean)).toBeLessThan(1e-10);
    expect(Math.abs(channels.groups[1]!.mean / (2 * (2 ** 2 + 0.5 ** 2)) - 1)).toBeLessThan(0.15);
    const [first, second, third] = steps.groups.map(({ mean }) => mean);
    expect(Math.abs(first! / (2 * 0.5 ** 2) - 1)).toBeLessThan(0.15);
    expect(Math.abs(second! / (2 * 2 ** 2) - 1)).toBeLessThan(0.15);
    expect(Math.abs(third!)).toBeLessThan(1e-10);
    for (const { values, mean, sd } of steps.groups) {
      expect(values).toHaveLength(8);
      const spread = values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / 7;
      expect(sd).toBeCloseTo(Math.sqrt(spread), 10);
    }
  });

  it('is the same for a seed, and takes groups and an error of your own', async () => {
    const model = linear(kernel);
    const samples = linearSamples(kernel, 60);
    const run = (seed: number) =>
      permutationImportance(model, samples, {
        error: (output, targets) =>
          Math.max(...output.data.map((value, i) => Math.abs(value - targets.data[i]!))),
        groups: [
          { name: 'both', places: [1, 3] },
          { name: 'none', places: [0, 2] },
        ],
        repeats: 2,
        batchSize: 17,
        seed,
      });
    const first = await run(1);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
    model.dispose();
    expect(first.groups[0]!.mean).toBeGreaterThan(1);
    expect(first.groups[1]!.mean).toBeCloseTo(0, 6);
  });

  it('moves no value into or out of a masked step', async () => {
    const mask = Float32Array.from({ length: 90 }, (_, i) => (i % 3 === 1 ? 0 : 1));
    const samples = linearSamples([0, 1, 0, 0, 0, 0], 30, mask);
    const gru3 = createModel(
      { input: [3, 2], layers: [gru({ units: 3 }), dense({ units: 1 })] },
      { seed: 2 },
    );
    const seen: Float32Array[] = [];
    const model: Model = {
      ...gru3,
      infer: (x, steps) => {
        seen.push(x.data.slice());
        return gru3.infer?.(x, steps);
      },
    };
    const result = await permutationImportance(model, samples, { error: mse(), groups: 'steps', seed: 1 });
    gru3.dispose();
    expect(result.groups[1]!.values).toEqual([0, 0, 0, 0, 0]);
    expect(Math.abs(result.groups[0]!.mean)).toBeGreaterThan(1e-4);
    const { x } = samples.batch(Array.from({ length: 30 }, (_, i) => i));
    for (const rows of seen) {
      for (const [i, value] of rows.entries()) if (Math.floor(i / 2) % 3 === 1) expect(value).toBe(x.data[i]);
    }
  });

  it('refuses what cannot be permuted', async () => {
    const model = linear(kernel);
    const options = { error: mse(), seed: 1 };
    await expect(permutationImportance(model, linearSamples(kernel, 1), options)).rejects.toThrow(
      'permutationImportance: expected at least two examples, got 1.',
    );
    await expect(
      permutationImportance(model, linearSamples(kernel, 5), {
        ...options,
        groups: [{ name: 'a', places: [6] }],
      }),
    ).rejects.toThrow("places of group 'a' must be whole numbers from 0 to 5, at least one, got [6].");
    await expect(
      permutationImportance(model, linearSamples(kernel, 5), { ...options, groups: 'rows' as 'steps' }),
    ).rejects.toThrow("groups must be one of channels, steps, got 'rows'.");
    await expect(
      permutationImportance(model, linearSamples(kernel, 5), { ...options, error: mse as never }),
    ).rejects.toThrow(
      'permutationImportance: error must be a Loss, for example mse(), or give a number, got {',
    );
    model.dispose();
  });
});

describe('occlusion', () => {
  const kernel = [1, -2, 3, 4, -5, 6];
  const x = randomArray([2, 3, 2], 8);

  it('of a linear model is weight times distance from the fill, within 1e-5', async () => {
    const model = linear(kernel);
    const result = await occlusion(model, x, { fill: [0.5, -0.5], batchSize: 3 });
    model.dispose();
    expect(result.shape).toEqual([2, 3, 2]);
    for (const [i, value] of result.data.entries()) {
      const expected = kernel[i % 6]! * (x.data[i]! - [0.5, -0.5][i % 2]!);
      expect(Math.abs(value - expected)).toBeLessThan(1e-5);
    }
  });

  it('covers windows, cut off at the end, and takes the mean where they overlap, within 1e-5', async () => {
    const model = linear(kernel);
    const part = (b: number, t: number) =>
      [0, 1].reduce((sum, c) => sum + kernel[2 * t + c]! * x.data[b * 6 + 2 * t + c]!, 0);
    const side = await occlusion(model, x, { window: [2, 2] });
    const lapping = await occlusion(model, x, { window: [2, 2], stride: [1, 1] });
    model.dispose();
    for (let b = 0; b < 2; b++) {
      const [p0, p1, p2] = [part(b, 0), part(b, 1), part(b, 2)];
      const expected = [p0 + p1, p0 + p1, p2].flatMap((value) => [value, value]);
      const overlapped = [p0 + p1, (p0 + 2 * p1 + p2) / 2, p1 + p2].flatMap((value) => [value, value]);
      for (let i = 0; i < 6; i++) {
        expect(Math.abs(side.data[b * 6 + i]! - expected[i]!)).toBeLessThan(1e-5);
        expect(Math.abs(lapping.data[b * 6 + i]! - overlapped[i]!)).toBeLessThan(1e-5);
      }
    }
  });

  it('covers patches of images, by hand, and takes a function of the outputs and masks', async () => {
    const layers = [cnn2d({ filters: 2, activation: 'tanh' }), flatten(), dense({ units: 3 })];
    const model = createModel({ input: [5, 4, 2], layers }, { seed: 1 });
    const image = randomArray([1, 5, 4, 2], 3);
    const choose = (output: tf.Tensor) => tf.max(output, 1);
    const result = await occlusion(model, image, { window: [2, 2, 2], output: choose });
    const covered = image.data.map((value, i) => {
      const [row, column] = [Math.floor(i / 8), Math.floor(i / 2) % 4];
      return row >= 2 && row < 4 && column < 2 ? 0 : value;
    });
    const of = (data: Float32Array) =>
      tf.tidy(() => choose(model.apply(tf.tensor(data, [1, 5, 4, 2]))).dataSync()[0]!);
    expect(Math.abs(result.data[2 * 8]! - (of(image.data) - of(covered)))).toBeLessThan(1e-6);
    expect(result.output[0]).toBeCloseTo(of(image.data), 6);
    model.dispose();

    const recurrent = createModel(
      { input: [3, 2], layers: [gru({ units: 3 }), dense({ units: 1 })] },
      { seed: 2 },
    );
    const mask = { data: Float32Array.of(1, 0, 1, 1, 0, 1), shape: [2, 3] };
    const masked = await occlusion(recurrent, x, { window: [1, 2], mask });
    recurrent.dispose();
    for (let b = 0; b < 2; b++) {
      expect(masked.data[b * 6 + 2]).toBe(0);
      expect(Math.abs(masked.data[b * 6]!)).toBeGreaterThan(1e-4);
    }
  });

  it('refuses windows that do not fit', async () => {
    const model = linear(kernel);
    await expect(occlusion(model, x, { window: [2] })).rejects.toThrow(
      'occlusion: window must have a size for each axis of an input [3, 2], got [2].',
    );
    await expect(occlusion(model, x, { window: [1, 1], stride: [2, 1] })).rejects.toThrow(
      'got 2 over 1 on axis 0',
    );
    await expect(occlusion(model, x, { window: [0, 1] })).rejects.toThrow('occlusion: window must be');
    model.dispose();
  });
});
