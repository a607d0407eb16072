// Integrated gradients against PyTorch, against linear networks, and against their own axiom.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import {
  cnn1d,
  cnn2d,
  createModel,
  dense,
  embedding,
  flatten,
  globalPool1d,
  gru,
  type LayerConfig,
  lstm,
  maxPool2d,
  registerLayer,
  rnn,
} from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { gaussLegendre } from '../../src/explain/gauss-legendre.ts';
import { integratedGradients, occlusion } from '../../src/index.ts';
import { assignWeights, randomArray, weightsOf } from '../helpers.ts';
import golden from './golden/golden.json' with { type: 'json' };

setUpBackend();

const array = ({ data, shape }: { data: number[]; shape: number[] }): NdArray => ({
  data: Float32Array.from(data),
  shape,
});

describe('gaussLegendre', () => {
  it.each([1, 2, 5, 32, 100])('integrates powers up to 2n − 1 to 1e-12, n = %i', (n) => {
    const { nodes, weights } = gaussLegendre(n);
    for (let power = 0; power < 2 * n; power++) {
      const sum = nodes.reduce((all, node, i) => all + weights[i]! * node ** power, 0);
      expect(Math.abs(sum - 1 / (power + 1))).toBeLessThan(1e-12);
    }
  });
});

describe('integratedGradients', () => {
  it('of an LSTM agree with a fine sum in PyTorch within 2e-6', async () => {
    const model = createModel(
      { input: [6, 3], layers: [lstm({ units: 4 }), dense({ units: 2 })] },
      { seed: 1 },
    );
    assignWeights(
      model,
      Object.fromEntries(Object.entries(golden.weights).map(([name, each]) => [name, array(each)])),
    );
    const x = array(golden.x);
    const baseline = array(golden.baseline);
    const result = await integratedGradients(model, x, { output: 1, baseline });
    model.dispose();
    expect(result.shape).toEqual(x.shape);
    for (const [i, value] of golden.attributions.data.entries()) {
      expect(Math.abs(result.data[i]! - value)).toBeLessThan(2e-6);
    }
    for (const [i, value] of golden.output.entries()) {
      expect(Math.abs(result.output[i]! - value)).toBeLessThan(1e-6);
      expect(Math.abs(result.baseline[i]! - golden.baselineOutput)).toBeLessThan(1e-6);
      expect(result.gap[i]!).toBeLessThan(2e-6);
    }
  });

  it('of a linear network are weight times distance, whatever the steps, within 1e-6', async () => {
    const model = createModel({ input: [3, 2], layers: [flatten(), dense({ units: 1 })] }, { seed: 4 });
    const kernel = weightsOf(model)['1.dense.kernel']!;
    const x = randomArray([5, 3, 2], 1);
    for (const steps of [1, 7]) {
      const { data } = await integratedGradients(model, x, { baseline: [0.5, -1], steps, batchSize: 3 });
      for (const [i, value] of data.entries()) {
        const expected = kernel[i % 6]! * (x.data[i]! - [0.5, -1][i % 2]!);
        expect(Math.abs(value - expected)).toBeLessThan(1e-6);
      }
    }
    model.dispose();
  });

  // Kinks leave more over than curves.
  const networks: { name: string; layers: LayerConfig[]; xShape: number[]; bound: number }[] = [
    { name: 'rnn', layers: [rnn({ units: 5 }), dense({ units: 2 })], xShape: [7, 2], bound: 2e-6 },
    {
      name: 'gru, both ways',
      layers: [gru({ units: 4, bidirectional: true }), dense({ units: 2 })],
      xShape: [7, 2],
      bound: 2e-6,
    },
    {
      name: 'stacked lstm',
      layers: [lstm({ units: 4, returnSequences: true }), lstm({ units: 3 }), dense({ units: 2 })],
      xShape: [7, 2],
      bound: 2e-6,
    },
    {
      name: 'cnn1d, tanh',
      layers: [cnn1d({ filters: 5, activation: 'tanh' }), globalPool1d(), dense({ units: 2 })],
      xShape: [7, 2],
      bound: 2e-6,
    },
    {
      name: 'cnn1d, relu',
      layers: [cnn1d({ filters: 5 }), globalPool1d(), dense({ units: 2 })],
      xShape: [7, 2],
      bound: 0.02,
    },
    {
      name: 'cnn2d, relu',
      layers: [cnn2d({ filters: 4 }), maxPool2d(), flatten(), dense({ units: 2 })],
      xShape: [6, 7, 2],
      bound: 0.02,
    },
  ];

  it.each(networks)(
    'sum to f(x) − f(x′) within $bound in 32 steps: $name',
    async ({ layers, xShape, bound }) => {
      const model = createModel({ input: xShape, layers }, { seed: 2 });
      const x = randomArray([4, ...xShape], 3);
      const { data, output, baseline, gap } = await integratedGradients(model, x, {
        output: 1,
        baseline: 0.3,
      });
      model.dispose();
      const size = data.length / 4;
      let largest = 0;
      for (let b = 0; b < 4; b++) {
        const sum = data.subarray(b * size, (b + 1) * size).reduce((all, each) => all + each, 0);
        const difference = output[b]! - baseline[b]!;
        expect(Math.abs(sum - difference)).toBeLessThan(bound);
        expect(Math.abs(Math.abs(sum - difference) - gap[b]!)).toBeLessThan(1e-6);
        largest = Math.max(largest, Math.abs(difference));
      }
      expect(largest).toBeGreaterThan(5 * bound);
    },
  );

  it('take a layer of your own, and a function of the outputs', async () => {
    const remove = registerLayer('cube', {
      settings: {},
      outputShape: (_, input) => input,
      weights: () => [],
      apply: ({ x }) => ({ x: tf.pow(x, 3) }),
    });
    const model = createModel({ input: [2, 1], layers: [{ type: 'cube' }] }, { seed: 1 });
    const sum = (output: tf.Tensor) => tf.sum(output, [1, 2]);
    const { data } = await integratedGradients(
      model,
      { data: Float32Array.of(2, -1), shape: [1, 2, 1] },
      { output: sum, steps: 2 },
    );
    model.dispose();
    remove();
    expect(Math.abs(data[0]! - 8)).toBeLessThan(1e-5);
    expect(Math.abs(data[1]! + 1)).toBeLessThan(1e-5);
  });

  it('give masked steps nothing, and the others what they get alone, within 1e-6', async () => {
    const model = createModel(
      { input: [null, 2], layers: [lstm({ units: 4 }), dense({ units: 1 })] },
      { seed: 2 },
    );
    const x = randomArray([2, 5, 2], 3);
    const mask = { data: Float32Array.of(1, 1, 1, 0, 0, 1, 1, 1, 0, 0), shape: [2, 5] };
    const masked = await integratedGradients(model, x, { mask, batchSize: 10 });
    const short = Float32Array.from({ length: 12 }, (_, i) => x.data[Math.floor(i / 6) * 10 + (i % 6)]!);
    const alone = await integratedGradients(model, { data: short, shape: [2, 3, 2] });
    model.dispose();
    for (const [i, value] of masked.data.entries()) {
      const expected = i % 10 < 6 ? alone.data[Math.floor(i / 10) * 6 + (i % 10)]! : 0;
      expect(Math.abs(value - expected)).toBeLessThan(1e-6);
    }
  });

  it('send codes, between which there is nothing, to occlusion', async () => {
    const layers = [embedding({ inputs: 5, units: 3 }), gru({ units: 3 }), dense({ units: 1 })];
    const model = createModel({ input: [null, 1], layers }, { seed: 1 });
    const codes = { data: Float32Array.of(1, 2, 3), shape: [1, 3, 1] };
    await expect(integratedGradients(model, codes)).rejects.toThrow(
      /^integratedGradients: the model has no slopes between the baseline and x: embedding: .* take occlusion\.$/,
    );
    expect((await occlusion(model, codes)).data.some((each) => each !== 0)).toBe(true);
    model.dispose();
  });

  it('refuse what does not fit, and leave no tensor behind', async () => {
    const model = createModel({ input: [3, 2], layers: [flatten(), dense({ units: 2 })] }, { seed: 1 });
    const x = randomArray([2, 3, 2], 1);
    await expect(integratedGradients(model, x)).rejects.toThrow(
      'integratedGradients: output must be one of the 2 outputs of an example, 0 to 1, or a function, got undefined.',
    );
    await expect(integratedGradients(model, x, { output: 2 })).rejects.toThrow('got 2');
    await expect(integratedGradients(model, x, { output: (y) => y })).rejects.toThrow('[2], got [2,2]');
    await expect(integratedGradients(model, x, { output: 0, baseline: [1, 2, 3] })).rejects.toThrow(
      'integratedGradients: baseline must be a finite number, 2 of them for the channels, or an array [3, 2], got [3].',
    );
    await expect(integratedGradients(model, x, { output: 0, steps: 0 })).rejects.toThrow('steps must be');
    await expect(
      integratedGradients(model, x, { output: 0, mask: { data: new Float32Array(4), shape: [2, 2] } }),
    ).rejects.toThrow('mask must be [2, 3] like the steps of x, got [2, 2].');
    await expect(
      integratedGradients(model, { data: x.data, shape: [2, 2, 2] }, { output: 0 }),
    ).rejects.toThrow('x must be [B, ...]');
    await expect(integratedGradients(model, randomArray([2, 4, 2], 1), { output: 0 })).rejects.toThrow();
    model.dispose();
  });
});
