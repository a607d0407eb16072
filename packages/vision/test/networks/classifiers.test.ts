import * as tf from '@tensorflow/tfjs-core';
import { arraySamples, createRandom } from '@tidecast/data';
import { createModel, type ModelConfig, summarize } from '@tidecast/models';
import { adam, binaryCrossEntropy, crossEntropy, evaluate, fit, type Loss, mse } from '@tidecast/train';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import { cnnClassifier, type Head, mlpClassifier } from '../../src/index.ts';

setUpBackend();

describe('the networks for digits', () => {
  const input = [28, 28, 1] as const;

  it('have the parameters counted by hand', () => {
    const cnn = summarize(cnnClassifier({ input, classes: 10 }));
    expect(cnn.rows.map(({ parameters }) => parameters)).toEqual([
      24 * 9 + 24,
      0,
      36 * 9 * 24 + 36,
      0,
      0,
      900 * 128 + 128,
      128 * 10 + 10,
    ]);
    expect(cnn.rows.map(({ outputShape }) => outputShape)).toEqual([
      [26, 26, 24],
      [13, 13, 24],
      [11, 11, 36],
      [5, 5, 36],
      [900],
      [128],
      [10],
    ]);
    expect(summarize(mlpClassifier({ input, classes: 10 })).parameters).toBe(784 * 128 + 128 + 128 * 10 + 10);
  });

  it('take blocks of several convolutions, padding and dropout', () => {
    const config = cnnClassifier({
      ...{ input, classes: 3, filters: [4, 6, 8], convolutions: 2, padding: 'same', units: [20, 10] },
      dropout: 0.5,
    });
    expect(config.layers.map(({ type }) => type)).toEqual([
      ...['cnn2d', 'cnn2d', 'maxPool2d', 'cnn2d', 'cnn2d', 'maxPool2d', 'cnn2d', 'cnn2d', 'maxPool2d'],
      ...['flatten', 'dense', 'dropout', 'dense', 'dropout', 'dense'],
    ]);
    expect(summarize(config).rows[8]!.outputShape).toEqual([3, 3, 8]);
  });

  it('refuse what they are not told, or told twice', () => {
    expect(() => cnnClassifier({ input })).toThrow('expected either classes or a head, got neither');
    expect(() => mlpClassifier({ input, classes: 2, head: { type: 'none' } })).toThrow('got both');
    expect(() => cnnClassifier({ input, classes: 0 })).toThrow('must be a whole number from 1, got 0');
    expect(() => cnnClassifier({ input, classes: 2, convolutions: 0 })).toThrow('convolutions must be');
    expect(() => cnnClassifier({ input, head: { type: 'letters' } as unknown as Head })).toThrow(
      'label, labels, values, box or none, got {"type":"letters"}',
    );
  });
});

describe('heads', () => {
  const input = [8, 8, 1] as const;
  const outputs: [Head, number][] = [
    [{ type: 'label', classes: 3 }, 3],
    [{ type: 'labels', classes: 5 }, 5],
    [{ type: 'values', values: 2 }, 2],
    [{ type: 'box' }, 4],
    [{ type: 'box', classes: 3 }, 7],
    [{ type: 'none' }, 12],
  ];
  it.each(outputs)('%o ends in %i values', (head, values) => {
    for (const config of [
      cnnClassifier({ input, head, filters: [4], units: [12] }),
      mlpClassifier({ input, head, units: [12] }),
    ]) {
      const model = createModel(config, { seed: 1 });
      const result = tf.tidy(() => model.apply(tf.zeros([2, ...input])).shape);
      expect(result).toEqual([2, values]);
      model.dispose();
    }
  });

  // One picture, 8 × 8: a bright square of 3 × 3 anywhere, on a little noise.
  const random = createRandom(1, 'squares');
  const count = 64;
  const x = new Float32Array(count * 64);
  const corner = new Float32Array(count * 2);
  for (let n = 0; n < count; n++) {
    const [row, column] = [Math.floor(6 * random.uniform()), Math.floor(6 * random.uniform())];
    corner.set([row / 6, column / 6], 2 * n);
    for (let i = 0; i < 64; i++) {
      const inside = Math.abs((i >> 3) - row - 1) <= 1 && Math.abs((i & 7) - column - 1) <= 1;
      x[n * 64 + i] = 0.1 * random.uniform() + (inside ? 1 : 0);
    }
  }
  const upper = (n: number) => (corner[2 * n]! < 0.5 ? 1 : 0);
  const left = (n: number) => (corner[2 * n + 1]! < 0.5 ? 1 : 0);
  const rows = (width: number, values: (n: number) => number[]) => ({
    data: Float32Array.from(Array.from({ length: count }, (_, n) => values(n)).flat()),
    shape: [count, width],
  });
  const tasks: { head: Head; loss: Loss; y: { data: Float32Array; shape: number[] } }[] = [
    {
      head: { type: 'label', classes: 2 },
      loss: crossEntropy(),
      y: rows(2, (n) => [upper(n), 1 - upper(n)]),
    },
    {
      head: { type: 'labels', classes: 2 },
      loss: binaryCrossEntropy(),
      y: rows(2, (n) => [upper(n), left(n)]),
    },
    { head: { type: 'values', values: 2 }, loss: mse(), y: { data: corner, shape: [count, 2] } },
  ];
  it.each(tasks)('$head.type learns, on WASM by a planned run', async ({ head, loss, y }) => {
    const config: ModelConfig = cnnClassifier({ input, head, filters: [4], units: [12] });
    const model = createModel(config, { seed: 1 });
    const samples = arraySamples({ x: { data: x, shape: [count, ...input] }, y });
    const before = await evaluate(model, samples, { loss });
    const paths: string[] = [];
    await fit(model, samples, {
      ...{ loss, optimizer: adam({ learningRate: 0.01 }), epochs: 40, batchSize: 16, seed: 1 },
      onProgress: (event) => event.kind === 'start' && paths.push(event.path),
    });
    expect(paths).toEqual([testBackend === 'wasm' ? 'planned' : 'tape']);
    expect(await evaluate(model, samples, { loss })).toBeLessThan(0.2 * before);
    model.dispose();
  });
});
