import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { arraySamples } from '@tidecast/data';
import { createModel, type Model, type ModelConfig, summarize } from '@tidecast/models';
import { adam, crossEntropy, evaluate, fit } from '@tidecast/train';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { valuesOf } from '../../../models/test/values.ts';
import { assignWeights, mobilenet, resnet } from '../../src/index.ts';

setUpBackend();

const golden = JSON.parse(readFileSync(new URL('./golden/golden.json', import.meta.url), 'utf8')) as {
  source: string;
  parameters: Record<'resnet20' | 'mobilenet' | 'mobilenetHalf', number>;
  resnet: number[];
  mobilenet: number[];
};

describe(`parameters, as many as in ${golden.source}`, () => {
  const { parameters } = golden;
  it.each<[string, ModelConfig, number]>([
    ['ResNet-20', resnet({ input: [32, 32, 3], classes: 10 }), parameters.resnet20],
    ['MobileNet', mobilenet({ input: [224, 224, 3], classes: 1000 }), parameters.mobilenet],
    [
      'MobileNet, half as wide',
      mobilenet({ input: [64, 64, 3], classes: 10, width: 0.5 }),
      parameters.mobilenetHalf,
    ],
  ])('%s', (_, config, count) => {
    expect(summarize(config).parameters).toBe(count);
  });
});

const small = {
  resnet: resnet({ input: [9, 7, 2], filters: [3, 5], blocks: 2, classes: 4 }),
  mobilenet: mobilenet({
    ...{ input: [9, 7, 2], classes: 3, stem: { filters: 4 } },
    blocks: [{ filters: 6, stride: 2 }, { filters: 5 }],
  }),
};

/** What PyTorch calls the layers. */
const names: Record<keyof typeof small, Record<string, string>> = {
  resnet: {
    '0.cnn2d': '0',
    '1.batchNorm': '1',
    ...Object.fromEntries(
      [0, 1, 2, 3].flatMap((block) => {
        const [here, there] = [`${2 + block}.residual`, String(3 + block)];
        return [
          [`${here}.layers.0.cnn2d`, `${there}.conv1`],
          [`${here}.layers.1.batchNorm`, `${there}.norm1`],
          [`${here}.layers.2.cnn2d`, `${there}.conv2`],
          [`${here}.layers.3.batchNorm`, `${there}.norm2`],
        ];
      }),
    ),
    '4.residual.shortcut.0.cnn2d': '5.shortcut.0',
    '4.residual.shortcut.1.batchNorm': '5.shortcut.1',
    '7.dense': '8',
  },
  mobilenet: {
    '0.cnn2d': '0',
    '1.batchNorm': '1',
    ...Object.fromEntries(
      [0, 1].flatMap((block) => [
        [`${2 + 4 * block}.depthwiseCnn2d`, `${3 + 6 * block}`],
        [`${3 + 4 * block}.batchNorm`, `${4 + 6 * block}`],
        [`${4 + 4 * block}.cnn2d`, `${6 + 6 * block}`],
        [`${5 + 4 * block}.batchNorm`, `${7 + 6 * block}`],
      ]),
    ),
    '11.dense': '16',
  },
};

/** The arrays that the golden script filled its network with, by PyTorch's names. */
function arraysFor(model: Model, rename: Readonly<Record<string, string>>) {
  const roles: Record<string, string> = {
    mean: 'running_mean',
    variance: 'running_var',
    beta: 'bias',
    bias: 'bias',
  };
  return Object.fromEntries(
    Object.entries({ ...model.weights, ...model.statistics }).map(([name, { shape, size }]) => {
      const dot = name.lastIndexOf('.');
      const role = roles[name.slice(dot + 1)] ?? 'weight';
      const there = `${rename[name.slice(0, dot)]}.${role}`;
      const kernel = shape.length > 1;
      const turned = kernel ? [shape.at(-1)!, shape.at(-2)!, ...shape.slice(0, -2)] : shape;
      const drawn = valuesOf(there, size);
      const data = drawn.map((value) =>
        role === 'running_var' ? 0.25 + value / 8 : kernel ? value : value / 2,
      );
      return [there, { shape: turned, data }];
    }),
  );
}

describe.each(['resnet', 'mobilenet'] as const)('%s', (kind) => {
  const config = small[kind];
  const x = valuesOf('x', 2 * 9 * 7 * 2);

  it(`gives the outputs of ${golden.source} with its weights, difference ≤ 1e-5 of the largest`, () => {
    const model = createModel(config, { seed: 1 });
    assignWeights(model, arraysFor(model, names[kind]), { layout: 'pytorch', rename: names[kind] });
    const got = tf.tidy(() => model.apply(tf.tensor(x, [2, 9, 7, 2])).dataSync<'float32'>());
    const largest = Math.max(...golden[kind].map(Math.abs));
    for (const [i, expected] of golden[kind].entries()) {
      expect(Math.abs(got[i]! - expected)).toBeLessThan(1e-5 * largest);
    }
    model.dispose();
  });

  it('learns', async () => {
    const model = createModel(config, { seed: 1 });
    const classes = config.layers.at(-1)!.units as number;
    const y = new Float32Array(8 * classes);
    for (let n = 0; n < 8; n++) y[n * classes + (n % classes)] = 1;
    const samples = arraySamples({
      x: { data: valuesOf('pictures', 8 * 126), shape: [8, 9, 7, 2] },
      y: { data: y, shape: [8, classes] },
    });
    const loss = crossEntropy();
    const losses: number[] = [];
    await fit(model, samples, {
      ...{ loss, optimizer: adam({ learningRate: 0.01 }), epochs: 30, batchSize: 8, seed: 1 },
      onProgress: (event) => event.kind === 'epoch' && losses.push(event.loss),
    });
    expect(losses[1]).toBeLessThan(losses[0]!);
    expect(losses.at(-1)).toBeLessThan(0.5 * losses[0]!);
    expect(await evaluate(model, samples, { loss })).toBeLessThan(losses[0]!);
    model.dispose();
  });
});

describe('settings', () => {
  it('are checked', () => {
    const input = [8, 8, 3] as const;
    expect(() => resnet({ input, classes: 2, filters: [] })).toThrow('at least one stage');
    expect(() => resnet({ input, classes: 2, blocks: 0 })).toThrow(
      'blocks must be a whole number from 1, got 0',
    );
    expect(() => mobilenet({ input, classes: 2, width: 0 })).toThrow('width must be a number above 0, got 0');
    expect(() => mobilenet({ input, classes: 2, blocks: [] })).toThrow('at least one block');
    expect(() => resnet({ input })).toThrow('got neither');
  });
});
