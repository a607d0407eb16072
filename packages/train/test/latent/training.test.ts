// Autoencoders trained from end to end, held against what theory says they find.

import * as tf from '@tensorflow/tfjs-core';
import { arraySamples, createRandom, type NdArray, type Samples } from '@tidecast/data';
import {
  autoencoder,
  cnn2d,
  createModel,
  decoderOf,
  dense,
  encoderOf,
  flatten,
  loadModel,
  lstm,
  type Model,
  type ModelConfig,
  repeat,
  reshape,
  saveModel,
  upsample2d,
  vae,
} from '@tidecast/models';
import { afterEach, describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  adam,
  autoencoding,
  decode,
  encode,
  type FitOptions,
  fit,
  latentResampling,
  mse,
  type ProgressEvent,
  predict,
  principalComponents,
  projectOnComponents,
  sampleVae,
  vaeLoss,
} from '../../src/index.ts';
import { randomArray, weightsOf } from '../helpers.ts';

setUpBackend();

const made: Model[] = [];
const keep = (model: Model) => {
  made.push(model);
  return model;
};
afterEach(() => {
  for (const model of made.splice(0).reverse()) model.dispose();
});

/** `count` examples of `width` values: two strong directions, and noise of deviation `noise`. */
function planeSamples(count: number, width: number, noise: number): { x: NdArray; samples: Samples } {
  const random = createRandom(4, 'plane');
  const directions = [2, 1.2].map((size) =>
    Float64Array.from({ length: width }, () => size * random.normal()),
  );
  const data = new Float32Array(count * width);
  for (let n = 0; n < count; n++) {
    const z = directions.map(() => random.normal());
    for (let f = 0; f < width; f++) {
      data[n * width + f] = z[0]! * directions[0]![f]! + z[1]! * directions[1]![f]! + noise * random.normal();
    }
  }
  const x = { data, shape: [count, width] };
  return { x, samples: arraySamples({ x, y: x }) };
}

async function run(model: Model, samples: Samples, options: Partial<FitOptions>) {
  let start: ProgressEvent | undefined;
  const history = await fit(model, samples, {
    loss: mse(),
    optimizer: adam({ learningRate: 0.01 }),
    epochs: 1,
    batchSize: 32,
    seed: 1,
    onProgress: (event) => {
      if (event.kind === 'start') start = event;
    },
    ...options,
  });
  return { history, start };
}

describe('a linear autoencoder', () => {
  it('spans the subspace of the principal components, to 1 %, and errs as they do, to 0.1 % (Baldi, Hornik 1989)', async () => {
    const width = 6;
    const { x, samples } = planeSamples(256, width, 0.5);
    const decoder = [dense({ units: width })];
    const model = keep(
      createModel(autoencoder({ input: [width], encoder: [], latent: 2, decoder }), { seed: 3 }),
    );
    const schedule = { type: 'cosine' } as const;
    await run(model, samples, {
      epochs: 200,
      batchSize: 64,
      optimizer: adam({ learningRate: 0.03 }),
      schedule,
    });

    const found = principalComponents(x, { latent: 2 });
    const kernel = model.weights['2.dense.kernel']!.dataSync<'float32'>();
    let beside = 0;
    for (let row = 0; row < 2; row++) {
      const direction = kernel.subarray(row * width, (row + 1) * width);
      const inside = projectOnComponents(
        { data: direction.slice(), shape: [1, width] },
        { ...found, mean: new Float64Array(width) },
      );
      beside += direction.reduce((sum, value, f) => sum + (value - inside.data[f]!) ** 2, 0);
    }
    const size = kernel.reduce((sum, value) => sum + value * value, 0);
    expect(Math.sqrt(beside / size)).toBeLessThan(0.01);

    const left = found.variances.slice(2).reduce((sum, variance) => sum + variance, 0) / width;
    const { data } = await predict(model, x);
    const error = data.reduce((sum, value, i) => sum + (value - x.data[i]!) ** 2, 0) / data.length;
    expect(error / left).toBeGreaterThan(1 - 1e-5);
    expect(error / left).toBeLessThan(1.001);
  });
});

describe('a linear variational autoencoder', () => {
  it('reaches the likelihood of probabilistic PCA by its lower bound, to 0.05 nats, and never passes it (Lucas et al. 2019)', async () => {
    const [width, latent, sigma] = [6, 2, 0.5];
    const { x, samples } = planeSamples(256, width, sigma);
    const { variances } = principalComponents(x, { latent });
    const likelihood = variances.reduce((sum, variance, j) => {
      const explained = j < latent ? Math.max(variance, sigma ** 2) : sigma ** 2;
      return sum - (Math.log(2 * Math.PI * explained) + variance / explained) / 2;
    }, 0);
    const decoder = [dense({ units: width })];
    const model = keep(createModel(vae({ input: [width], encoder: [], latent, decoder }), { seed: 3 }));
    const loss = vaeLoss({ latent, sigma });
    const schedule = { type: 'cosine' } as const;
    await run(model, samples, {
      loss,
      epochs: 1000,
      batchSize: 64,
      optimizer: adam({ learningRate: 0.03 }),
      schedule,
    });

    const bounds = Array.from({ length: 50 }, (_, seed) =>
      tf.tidy(() => {
        const input = tf.tensor(x.data, x.shape);
        return -loss.apply(model.apply(input, { training: true, seed }), input).dataSync()[0]!;
      }),
    );
    const mean = bounds.reduce((sum, each) => sum + each, 0) / bounds.length;
    const spread = Math.sqrt(bounds.reduce((sum, each) => sum + (each - mean) ** 2, 0)) / bounds.length;
    expect(mean).toBeLessThan(likelihood + 3 * spread);
    expect(mean).toBeGreaterThan(likelihood - 0.05);
  });
});

const latent = 3;
const networks: Record<
  string,
  { config: ModelConfig; x: NdArray; reconstruction: 'gaussian' | 'bernoulli' }
> = {
  images: {
    config: vae({
      input: [8, 8, 1],
      encoder: [
        cnn2d({ filters: 4, stride: 2, padding: 'same' }),
        flatten(),
        dense({ units: 12, activation: 'relu' }),
      ],
      latent,
      decoder: [
        dense({ units: 64, activation: 'relu' }),
        reshape({ shape: [4, 4, 4] }),
        upsample2d(),
        cnn2d({ filters: 1, padding: 'same', activation: 'linear' }),
      ],
      classes: 1,
    }),
    x: { data: randomArray([40, 8, 8, 1], 1).data.map((value) => Number(value > 0)), shape: [40, 8, 8, 1] },
    reconstruction: 'bernoulli',
  },
  sequences: {
    config: vae({
      input: [7, 2],
      encoder: [lstm({ units: 6 })],
      latent,
      decoder: [repeat({ steps: 7 }), lstm({ units: 5, returnSequences: true }), dense({ units: 2 })],
      classes: 1,
    }),
    x: randomArray([40, 7, 2], 2),
    reconstruction: 'gaussian',
  },
};

describe.each(Object.entries(networks))('a vae of %s with a class', (_, { config, x, reconstruction }) => {
  const labels = { data: Float32Array.from({ length: 40 }, (_, i) => i % 2), shape: [40, 1] };
  const plain = arraySamples({ x, y: labels });
  const samples = autoencoding(plain, { classes: true });
  const loss = vaeLoss({ latent, classes: 1, reconstruction, classWeight: 3, only: 'positives' });

  it(`trains ${testBackend === 'wasm' ? 'by a plan' : 'on the tape'}, with the losses of the tape to 1e-5`, async () => {
    const model = keep(createModel(config, { seed: 1 }));
    const { history, start } = await run(model, samples, { loss, epochs: 6, batchSize: 16 });
    expect(start).toMatchObject({ path: testBackend === 'wasm' ? 'planned' : 'tape' });
    expect(history.epochs.at(-1)!.loss).toBeLessThan(history.epochs[0]!.loss);
    const { plan: _plan, ...onTape } = loss;
    const other = keep(createModel(config, { seed: 1 }));
    const tape = await run(other, samples, { loss: onTape, epochs: 6, batchSize: 16 });
    expect(tape.start).toMatchObject({ path: 'tape' });
    history.epochs.forEach((epoch, i) => {
      expect(Math.abs(epoch.loss / tape.history.epochs[i]!.loss - 1)).toBeLessThan(1e-5);
    });
  });

  it('resumes from the end of an epoch under latent resampling, bit for bit', async () => {
    const saved: Uint8Array[] = [];
    const train = async (resume?: Uint8Array) => {
      const model = keep(createModel(config, { seed: 1 }));
      const encoder = keep(encoderOf(model));
      const resampled = latentResampling(samples, {
        encode: async () => (await encode(encoder, plain, { latent })).means,
        among: Array.from({ length: 20 }, (_, i) => 2 * i + 1),
      });
      const checkpoint = { write: (bytes: Uint8Array) => void saved.push(bytes) };
      const { history } = await run(model, resampled, { loss, epochs: 4, batchSize: 16, resume, checkpoint });
      return { losses: history.epochs.map((epoch) => epoch.loss), weights: weightsOf(model) };
    };
    const whole = await train();
    const [, second] = saved;
    expect(await train(second)).toEqual(whole);
  });

  it('gives back from bytes what it encodes, decodes and draws', async () => {
    const model = keep(createModel(config, { seed: 1 }));
    await run(model, samples, { loss, epochs: 2, batchSize: 16 });
    const again = keep(loadModel(saveModel(model)));
    const look = async (of: Model) => {
      const [encoder, decoder] = [keep(encoderOf(of)), keep(decoderOf(of))];
      const latents = await encode(encoder, plain, { latent });
      const drawn = await sampleVae(decoder, { count: 5, seed: 2, reconstruction });
      return { latents, drawn, given: await decode(decoder, latents.means, { reconstruction }) };
    };
    const { latents, drawn, given } = await look(model);
    expect(await look(again)).toEqual({ latents, drawn, given });
    expect([latents.means.shape, latents.logVariances.shape, latents.logits.shape]).toEqual([
      [40, 3],
      [40, 3],
      [40, 1],
    ]);
    expect(given.shape).toEqual(x.shape);
    expect(drawn.shape).toEqual([5, ...x.shape.slice(1)]);
    if (reconstruction === 'bernoulli')
      expect(drawn.data.every((value) => value > 0 && value < 1)).toBe(true);
    const other = await sampleVae(keep(decoderOf(model)), { count: 5, seed: 3, reconstruction });
    expect(other.data).not.toEqual(drawn.data);
  });
});
