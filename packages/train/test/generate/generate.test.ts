import * as tf from '@tensorflow/tfjs-core';
import { createRandom } from '@tidecast/data';
import {
  cnn1d,
  createModel,
  dense,
  embedding,
  globalPool1d,
  gru,
  type LayerConfig,
  lstm,
  type Model,
} from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import { adam, crossEntropy, fit, generate, sampleSoftmax, streams } from '../../src/index.ts';

setUpBackend();

const sequence = { returnSequences: true };
const recurrent = (inputs = 5): LayerConfig[] => [
  embedding({ inputs, units: 4 }),
  lstm({ units: 6, ...sequence }),
  gru({ units: 5, ...sequence }),
  dense({ units: inputs, kernelInit: { type: 'normal', sigma: 2 } }),
];

/** What generate has to write, each time from all that is there so far. */
function fromScratch(model: Model, prompt: number[], { count, seed, temperature = 1 }: Draw): number[] {
  const random = createRandom(seed, 'generate');
  const all = [...prompt];
  for (let i = 0; i < count; i++) {
    const logits = tf.tidy(() => {
      const output = model.apply(tf.tensor(all, [1, all.length, 1], 'float32'));
      return [...output.dataSync()].slice(-output.shape.at(-1)!);
    });
    all.push(sampleSoftmax(logits, { temperature, random }));
  }
  return all.slice(prompt.length);
}

interface Draw {
  count: number;
  seed: number;
  temperature?: number;
}

describe('sampleSoftmax', () => {
  it.each([
    [1, 'the softmax'],
    [0.5, 'its square, made to sum to 1'],
    [3, 'its cube root, made to sum to 1'],
  ])('draws at temperature %s from %s, within five standard errors', (temperature) => {
    const logits = [0.3, -1, 2, Number.NEGATIVE_INFINITY, 1.5];
    const weights = logits.map((each) => Math.exp(each) ** (1 / temperature));
    const total = weights.reduce((sum, each) => sum + each, 0);
    const random = createRandom(4, 'draws');
    const draws = 40_000;
    const counts = logits.map(() => 0);
    for (let i = 0; i < draws; i++) counts[sampleSoftmax(logits, { temperature, random })]!++;
    for (const [i, count] of counts.entries()) {
      const p = weights[i]! / total;
      expect(Math.abs(count / draws - p)).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / draws));
    }
  });

  it('takes the largest logit at temperature 0, and as good as always close to it', () => {
    const random = createRandom(1, 'draws');
    const logits = [1, 4, 3.9, 4];
    expect(sampleSoftmax(logits, { temperature: 0, random })).toBe(1);
    for (let i = 0; i < 1000; i++) {
      expect([1, 3]).toContain(sampleSoftmax(logits, { temperature: 1e-3, random }));
    }
    expect(sampleSoftmax([5000, -5000], { temperature: 1e-3, random })).toBe(0);
  });

  it('refuses negative temperatures and what are no logits', () => {
    const random = createRandom(1, 'draws');
    const draw = (logits: number[], temperature = 1) => sampleSoftmax(logits, { temperature, random });
    expect(() => draw([1], -1)).toThrow('temperature must be a finite number at least 0, got -1.');
    expect(() => draw([0, Number.NaN])).toThrow('logits must be numbers below infinity, got NaN at 1.');
    expect(() => draw([])).toThrow('expected at least one finite logit, got none.');
  });
});

describe('generate', () => {
  it('writes with carried states what reading everything anew writes', async () => {
    const model = createModel({ input: [null, 1], layers: recurrent() }, { seed: 3 });
    for (const temperature of [0, 1]) {
      const draw = { count: 25, seed: 7, temperature };
      const written = await generate(model, { prompt: [1, 4, 0], ...draw });
      expect([...written]).toEqual(fromScratch(model, [1, 4, 0], draw));
    }
    model.dispose();
  });

  it('writes the same with the same seed, and something else with another', async () => {
    const model = createModel({ input: [null, 1], layers: recurrent() }, { seed: 3 });
    const write = (seed: number) => generate(model, { prompt: [1], count: 30, seed });
    const first = await write(1);
    expect(await write(1)).toEqual(first);
    expect(await write(2)).not.toEqual(first);
    model.dispose();
  });

  it('writes one-hot codes with a model that takes those, and by applyStateful where there is no plan', async () => {
    const model = createModel(
      { input: [null, 5], layers: [lstm({ units: 6, ...sequence }), dense({ units: 5 })] },
      { seed: 2 },
    );
    const options = { prompt: [3], count: 20, seed: 1 };
    const written = await generate(model, options);
    const { inferStateful: _, ...tape } = model;
    expect(await generate(tape, options)).toEqual(written);
    expect(new Set(written).size).toBeGreaterThan(1);
    await expect(generate(model, { ...options, prompt: [5] })).rejects.toThrow(
      'a code must be a whole number at least 0 and at most 4, got 5.',
    );
    model.dispose();
  });

  it('reads everything anew with a model without states, or the last codes where the length is fixed', async () => {
    const layers = [
      embedding({ inputs: 4, units: 3 }),
      cnn1d({ filters: 6, padding: 'causal', activation: 'tanh' }),
      dense({ units: 4 }),
    ];
    const draw = { count: 12, seed: 5 };
    const free = createModel({ input: [null, 1], layers }, { seed: 1 });
    const written = await generate(free, { prompt: [2, 1, 3], ...draw });
    expect([...written]).toEqual(fromScratch(free, [2, 1, 3], draw));
    // Two codes are all that the convolution sees.
    const fixed = createModel({ input: [2, 1], layers }, { seed: 1 });
    expect(await generate(fixed, { prompt: [2, 1, 3], ...draw })).toEqual(written);
    await expect(generate(fixed, { prompt: [1], ...draw })).rejects.toThrow(
      'reads 2 codes at a time, so the prompt must hold as many, got 1.',
    );
    free.dispose();
    fixed.dispose();
  });

  it('takes the logits of a model that answers after the last step alone', async () => {
    const layers = [embedding({ inputs: 3, units: 2 }), globalPool1d({ mode: 'last' }), dense({ units: 3 })];
    const model = createModel({ input: [null, 1], layers }, { seed: 1 });
    expect((await generate(model, { prompt: [0], count: 4, seed: 1 })).length).toBe(4);
    model.dispose();
  });

  it('stops when it is told to, and refuses what cannot be written', async () => {
    const model = createModel({ input: [null, 1], layers: recurrent() }, { seed: 3 });
    const options = { prompt: [1], count: 3, seed: 1 };
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(generate(model, { ...options, signal })).rejects.toThrow('enough');
    await expect(generate(model, { ...options, prompt: [] })).rejects.toThrow('at least one code, got none');
    await expect(generate(model, { ...options, count: 0 })).rejects.toThrow('count must be a whole number');
    model.dispose();
    const image = createModel({ input: [4, 4, 1], layers: [dense({ units: 2 })] });
    await expect(generate(image, options)).rejects.toThrow('the model must take codes, [T, 1] or [T, K]');
    image.dispose();
  });

  it('goes on with a period that a network has learnt over carried states, by planned steps on WASM', async () => {
    // After 0 comes 1 or 2 by turns, so that the code before alone does not say what follows.
    const period = [0, 1, 0, 2];
    const codes = Array.from({ length: 401 }, (_, t) => period[t % 4]!);
    const y = Float32Array.from({ length: 400 * 3 }, (_, i) =>
      Number(codes[Math.floor(i / 3) + 1] === i % 3),
    );
    const x = { data: Float32Array.from(codes.slice(0, 400)), shape: [400, 1] };
    const samples = streams({ x, y: { data: y, shape: [400, 3] } }, { batchSize: 4, steps: 10 });
    const layers = [
      embedding({ inputs: 3, units: 3 }),
      lstm({ units: 8, returnSequences: true }),
      dense({ units: 3 }),
    ];
    const model = createModel({ input: [null, 1], layers }, { seed: 1 });
    let path = '';
    const { epochs } = await fit(model, samples, {
      loss: crossEntropy(),
      optimizer: adam({ learningRate: 0.03 }),
      epochs: 12,
      batchSize: 4,
      seed: 1,
      onProgress: (event) => {
        if (event.kind === 'start') path = event.path;
      },
    });
    expect(path).toBe(testBackend === 'wasm' ? 'planned' : 'tape');
    expect(epochs.at(-1)!.loss).toBeLessThan(0.1);
    const written = await generate(model, { prompt: [...period, 0], count: 12, temperature: 0, seed: 1 });
    expect([...written]).toEqual([1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 2, 0]);
    model.dispose();
  });
});
