// Densities, resampling and targets, on numbers small enough to count by hand.

import { arraySamples, type EpochRequest, type NdArray } from '@tidecast/data';
import { createModel, dense } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import {
  autoencoding,
  encode,
  latentDensity,
  latentResampling,
  principalComponents,
  sampleVae,
} from '../../src/index.ts';
import { randomArray } from '../helpers.ts';

setUpBackend();

const column = (...values: number[]): NdArray => ({
  data: Float32Array.from(values),
  shape: [values.length, 1],
});

describe('latentDensity', () => {
  it('is the share of examples in the same bin over that of an even spread', () => {
    // Bins [0, 1), [1, 2), [2, 3), [3, 4] hold 3, 1, 0 and 1 of the 5 examples.
    const density = latentDensity(column(0, 0.5, 0.9, 1, 4), { bins: 4 });
    expect(Array.from(density)).toEqual([3, 3, 3, 1, 1].map((count) => (count * 4) / 5));
  });

  it('takes every latent variable by itself, and one that never changes for 1 bin', () => {
    const z = { data: Float32Array.from([0, 7, 1, 7, 1, 7]), shape: [3, 2] };
    expect(Array.from(latentDensity(z, { bins: 2 }))).toEqual([2 / 3, 2, 4 / 3, 2, 4 / 3, 2]);
  });

  it('keeps the mass of all bins when it smooths, and levels them as the deviation grows', () => {
    const z = column(0, 0, 0, 1, 2, 3, 4);
    const mass = (smoothing: number) => {
      const density = latentDensity(z, { bins: 5, smoothing });
      return [density[0]!, ...density.slice(3)].reduce((sum, each) => sum + each, 0) / 5;
    };
    expect(mass(0)).toBeCloseTo(1, 12);
    expect(mass(0.7)).toBeCloseTo(1, 12);
    const level = latentDensity(z, { bins: 5, smoothing: 100 });
    level.forEach((each) => {
      expect(each).toBeCloseTo(1, 3);
    });
  });

  it('refuses latent variables that are not finite, and settings out of bounds', () => {
    expect(() => latentDensity(column(0, Number.NaN))).toThrow(
      'a latent variable must be a finite number, got NaN.',
    );
    expect(() => latentDensity(column(0, 1), { bins: 0 })).toThrow(
      'bins must be a whole number at least 1, got 0.',
    );
  });
});

describe('latentResampling', () => {
  const values = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 10];
  const samples = arraySamples({ x: column(...values), y: column(...values) });
  const request: EpochRequest = { seed: 5, epoch: 1, batchSize: 4 };
  const options = { encode: () => column(...values), bins: 2, alpha: 0.2 };

  it('draws each example as often as 1 / (density + α) says, within 4 standard errors', async () => {
    // Densities 9/10·2 and 1/10·2.
    const weights = values.map((value) => 1 / ((value === 10 ? 0.2 : 1.8) + 0.2));
    const total = weights.reduce((sum, each) => sum + each, 0);
    const told: Float64Array[] = [];
    const resampled = latentResampling(samples, { ...options, onResample: (p) => void told.push(p) });
    const counts = new Array<number>(10).fill(0);
    const epochs = 2000;
    for (let epoch = 1; epoch <= epochs; epoch++) {
      for (const index of Array.from(await resampled.order!({ ...request, epoch }))) counts[index]!++;
    }
    const draws = epochs * values.length;
    weights.forEach((weight, i) => {
      const p = weight / total;
      expect(told[0]![i]).toBeCloseTo(p, 12);
      expect(Math.abs(counts[i]! / draws - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / draws));
    });
  });

  it.each([
    // Densities 1.5, 1.5, 1.5, 0.5 and 0.5, 1.5, 1.5, 1.5: factors 1/2 and 1.
    ['product', [1 / 2, 1 / 4, 1 / 4, 1 / 2]],
    ['maximum', [1, 1 / 2, 1 / 2, 1]],
  ] as const)('combines latent variables by their %s', async (combine, weights) => {
    const z = { data: Float32Array.from([0, 0, 0, 1, 0, 1, 1, 1]), shape: [4, 2] };
    const told: Float64Array[] = [];
    const four = arraySamples({ x: column(1, 2, 3, 4), y: column(1, 2, 3, 4) });
    const settings = { encode: () => z, bins: 2, alpha: 0.5, combine };
    const resampled = latentResampling(four, { ...settings, onResample: (p) => void told.push(p) });
    await resampled.order!(request);
    const total = weights.reduce((sum, each) => sum + each, 0);
    weights.forEach((weight, i) => {
      expect(told[0]![i]).toBeCloseTo(weight / total, 12);
    });
  });

  it('gives one order for a seed and an epoch, another for others, and one for other latent variables', async () => {
    const order = async (change: Partial<EpochRequest>, from = options) =>
      Array.from(await latentResampling(samples, from).order!({ ...request, ...change }));
    const first = await order({});
    expect(first).toHaveLength(10);
    expect(await order({})).toEqual(first);
    expect(await order({ seed: 6 })).not.toEqual(first);
    expect(await order({ epoch: 2 })).not.toEqual(first);
    expect(await order({}, { ...options, encode: () => column(...[...values].reverse()) })).not.toEqual(
      first,
    );
  });

  it('resamples among some, and shows each of the others once', async () => {
    const resampled = latentResampling(samples, { ...options, among: [1, 3, 9] });
    for (let epoch = 1; epoch <= 20; epoch++) {
      const order = Array.from(await resampled.order!({ ...request, epoch }));
      expect(order).toHaveLength(10);
      const others = order.filter((index) => ![1, 3, 9].includes(index)).sort((a, b) => a - b);
      expect(others).toEqual([0, 2, 4, 5, 6, 7, 8]);
    }
  });

  it('keeps batches and shapes, and refuses what does not fit', async () => {
    const resampled = latentResampling(samples, options);
    expect(resampled.batch([9]).x.data[0]).toBe(10);
    expect(() => latentResampling(resampled, options)).toThrow('have an order of their own already');
    expect(() => latentResampling(samples, { ...options, alpha: 0 })).toThrow(
      'alpha must be a finite number greater than 0',
    );
    expect(() => latentResampling(samples, { ...options, among: [1, 1] })).toThrow('none twice');
    expect(() => latentResampling(samples, { ...options, among: [10] })).toThrow('at most 9, got 10');
    const short = latentResampling(samples, { ...options, encode: () => column(1, 2) });
    await expect(short.order!(request)).rejects.toThrow('encode must give [10, L], got [2, 1].');
  });
});

describe('autoencoding', () => {
  it('asks for the inputs, and with classes for the targets behind them', () => {
    const x = randomArray([4, 3, 2], 1);
    const y = column(0, 1, 0, 1);
    const samples = arraySamples({ x, y });
    const plain = autoencoding(samples);
    expect(plain.yShape).toEqual([3, 2]);
    expect(plain.batch([2, 0]).y).toEqual(samples.batch([2, 0]).x);
    expect(plain.batch([0]).weight).toBeUndefined();
    const both = autoencoding(samples, { classes: true });
    expect(both.yShape).toEqual([7]);
    const { y: targets, weight } = both.batch([1, 2]);
    expect(Array.from(targets.data)).toEqual([...x.data.slice(6, 12), 1, ...x.data.slice(12, 18), 0]);
    expect(weight).toBeUndefined();
  });

  it('weighs masked steps 0, and keeps the weights of the targets', () => {
    const x = randomArray([1, 3, 2], 1);
    const mask = { data: Float32Array.from([1, 0, 1]), shape: [1, 3] };
    const samples = arraySamples({ x: x, y: column(1), mask, weight: column(0.25) });
    const { weight } = autoencoding(samples, { classes: true }).batch([0]);
    expect(Array.from(weight!.data)).toEqual([1, 1, 0, 0, 1, 1, 0.25]);
    const { weight: own, mask: kept } = autoencoding(samples).batch([0]);
    expect(Array.from(own!.data)).toEqual([1, 1, 0, 0, 1, 1]);
    expect(kept).toEqual(mask);
    expect(
      autoencoding(arraySamples({ x: x, y: column(1), weight: column(0.25) })).batch([0]).weight,
    ).toBeUndefined();
  });
});

describe('encode, sampleVae and principalComponents', () => {
  it('refuse models and numbers that do not fit', async () => {
    const model = createModel({ input: [4], layers: [dense({ units: 3 })] });
    const image = createModel({ input: [2, 2, 1], layers: [dense({ units: 3 })] });
    await expect(encode(model, randomArray([2, 4], 1), { latent: 2 })).rejects.toThrow(
      'encode: the encoder must give [N, 4] or more, got [2, 3].',
    );
    await expect(sampleVae(image, { count: 2, seed: 1 })).rejects.toThrow(
      'the decoder must take [B, L], got inputs of [2, 2, 1].',
    );
    await expect(sampleVae(model, { count: 0, seed: 1 })).rejects.toThrow(
      'count must be a whole number at least 1, got 0.',
    );
    expect(() => principalComponents(randomArray([2, 4], 1), { latent: 5 })).toThrow('at most 4, got 5.');
    model.dispose();
    image.dispose();
  });

  it('finds orthonormal components whose variances are those of the projected examples, to 1e-10', () => {
    const x = randomArray([50, 7], 3);
    const { mean, components, variances } = principalComponents(x, { latent: 7 });
    for (let l = 0; l < 7; l++) {
      const direction = components.subarray(l * 7, (l + 1) * 7);
      for (let m = 0; m <= l; m++) {
        const product = direction.reduce((sum, value, f) => sum + value * components[m * 7 + f]!, 0);
        expect(product).toBeCloseTo(Number(l === m), 10);
      }
      let variance = 0;
      for (let n = 0; n < 50; n++) {
        variance +=
          direction.reduce((sum, value, f) => sum + value * (x.data[n * 7 + f]! - mean[f]!), 0) ** 2 / 50;
      }
      expect(variance).toBeCloseTo(variances[l]!, 10);
      if (l > 0) expect(variances[l]).toBeLessThanOrEqual(variances[l - 1]!);
    }
  });
});
