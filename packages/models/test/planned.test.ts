// The planned run of a network beside PyTorch and beside the tape: outputs and every gradient.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import {
  averagePool1d,
  averagePool2d,
  cnn1d,
  cnn2d,
  createModel,
  dense,
  dropout,
  flatten,
  globalPool1d,
  globalPool2d,
  gru,
  type LayerConfig,
  lstm,
  type ModelConfig,
  maxPool1d,
  maxPool2d,
  registerLayer,
  reshape,
  rnn,
} from '../src/index.ts';
import { runPlanned } from './planned.ts';
import { type Pass, runTape, testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';
import { withoutKernels } from './without-kernels.ts';

interface Golden {
  source: string;
  cases: {
    name: string;
    config: ModelConfig;
    batch: number;
    shape: number[];
    output: number[];
    gradients: Record<string, number[]>;
  }[];
}

setUpBackend();

const only = testBackend === 'wasm' ? describe : describe.skip;
const why = testBackend === 'wasm' ? '' : ' (skipped: plans run on WASM only)';

function expectSame(got: Pass, expected: Pick<Golden['cases'][0], 'shape' | 'gradients' | 'output'> | Pass) {
  expect(got.shape).toEqual(expected.shape);
  expect(relativeError(got.output, expected.output), 'output').toBeLessThanOrEqual(1e-5);
  expect(Object.keys(got.gradients)).toEqual(Object.keys(expected.gradients));
  for (const [name, values] of Object.entries(expected.gradients)) {
    expect(relativeError(got.gradients[name]!, values), `gradient of ${name}`).toBeLessThanOrEqual(1e-5);
  }
}

const inputOf = (shape: number[]) => ({
  data: valuesOf(
    'x',
    shape.reduce((product, size) => product * size, 1),
  ),
  shape,
});

for (const file of ['rnn-tanh', 'rnn-relu', 'lstm', 'gru', 'cnn1d', 'cnn2d', 'stack']) {
  const { source, cases } = JSON.parse(
    readFileSync(new URL(`./golden/${file}.json`, import.meta.url), 'utf8'),
  ) as Golden;

  only(`${file}, planned: output and every gradient as in ${source}, relative error ≤ 1e-5${why}`, () => {
    it.each(cases)('$name', ({ config, batch, ...expected }) => {
      const model = testModel(config);
      expectSame(runPlanned(model, inputOf([batch, ...(config.input as number[])])), expected);
      model.dispose();
    });
  });
}

const sequence = { returnSequences: true };
const networks: Record<string, LayerConfig[]> = {
  ...Object.fromEntries(
    (
      ['linear', 'tanh', 'relu', 'sigmoid', 'elu', 'leakyRelu', 'softplus', 'swish', 'softmax'] as const
    ).flatMap((activation) => [
      [`dense ${activation}`, [dense({ units: 7, activation }), flatten(), dense({ units: 3 })]],
      [`cnn1d ${activation}`, [cnn1d({ filters: 5, activation }), flatten()]],
      ...(activation === 'softmax' ? [] : [[`rnn ${activation}`, [rnn({ units: 5, activation })]]]),
    ]),
  ),
  'gru, reset before, both ways': [gru({ units: 5, resetAfter: false, bidirectional: true })],
  'three layers both ways': [
    lstm({ units: 3, bidirectional: true, ...sequence }),
    gru({ units: 5, bidirectional: true, ...sequence }),
    rnn({ units: 3, bidirectional: true }),
  ],
  'convolutions and pools': [
    cnn1d({ filters: 5, kernelSize: 3, padding: 'same' }),
    maxPool1d(),
    cnn1d({ filters: 3, dilation: 2, padding: 'causal', activation: 'tanh' }),
    averagePool1d({ poolSize: 3, stride: 1 }),
    flatten(),
  ],
  'average of all': [cnn1d({ filters: 5 }), globalPool1d()],
  'maximum of all': [cnn1d({ filters: 5, activation: 'tanh' }), globalPool1d({ mode: 'max' })],
  'last of all': [cnn1d({ filters: 5 }), globalPool1d({ mode: 'last' }), reshape({ shape: [5, 1] })],
  dropout: [
    lstm({ units: 5, ...sequence }),
    dropout({ rate: 0.4 }),
    gru({ units: 3 }),
    dropout({ rate: 0.2 }),
  ],
};

only(`planned as on the tape, relative error ≤ 1e-5${why}`, () => {
  it.each(Object.entries(networks))('%s', (_, layers) => {
    const model = testModel({ input: [12, 3], layers });
    const x = inputOf([4, 12, 3]);
    const training = { training: true, seed: 5 };
    const tape = withoutKernels(() => runTape(model, x, training));
    expectSame(runPlanned(model, x, training), tape);
    // A batch smaller than the plan has room for.
    expectSame(runPlanned(model, x, { ...training, capacity: 8 }), tape);
    model.dispose();
  });

  it.each([
    ...(['elu', 'leakyRelu', 'softplus', 'swish', 'softmax'] as const).map((activation) => [
      `cnn2d ${activation}`,
      [cnn2d({ filters: 5, activation }), flatten()],
    ]),
    [
      'a classifier with dropout',
      [
        cnn2d({ filters: 5, padding: 'same' }),
        maxPool2d(),
        dropout({ rate: 0.3 }),
        cnn2d({ filters: 3, kernelSize: 2, activation: 'tanh' }),
        averagePool2d({ poolSize: [2, 1], stride: 1 }),
        flatten(),
        dense({ units: 4, activation: 'softmax' }),
      ],
    ],
    ['ReLU before two maxima', [cnn2d({ filters: 5 }), maxPool2d({ stride: 1 }), maxPool2d(), flatten()]],
    ['ReLU before a mean', [cnn2d({ filters: 5 }), averagePool2d(), maxPool2d({ poolSize: [1, 2] })]],
    ['maximum of all rectified pixels', [cnn2d({ filters: 5 }), globalPool2d({ mode: 'max' })]],
    ['maximum of all pixels', [cnn2d({ filters: 5, activation: 'tanh' }), globalPool2d({ mode: 'max' })]],
    ['rows of an image as steps', [reshape({ shape: [7, 18] }), lstm({ units: 5 })]],
  ] as [string, LayerConfig[]][])('images: %s', (_, layers) => {
    const model = testModel({ input: [7, 9, 2], layers });
    const x = inputOf([4, 7, 9, 2]);
    const training = { training: true, seed: 5 };
    const tape = withoutKernels(() => runTape(model, x, training));
    expectSame(runPlanned(model, x, training), tape);
    expectSame(runPlanned(model, x, { ...training, capacity: 8 }), tape);
    const inferred = model.infer!(x)!;
    const expected = tf.tidy(() => model.apply(tf.tensor(x.data, x.shape)).dataSync());
    expect(relativeError(inferred.data, expected)).toBeLessThanOrEqual(1e-5);
    model.dispose();
  });

  it('images: 3 × 3 taps of many channels, which the kernels convolve by tiles', () => {
    const model = testModel({
      input: [13, 14, 8],
      layers: [
        cnn2d({ filters: 24, kernelSize: 3, padding: 'same', activation: 'tanh' }),
        cnn2d({ filters: 20, kernelSize: 3, activation: 'tanh' }),
        globalPool2d(),
      ],
    });
    const x = inputOf([4, 13, 14, 8]);
    const tape = withoutKernels(() => runTape(model, x));
    expectSame(runPlanned(model, x), tape);
    expectSame(runPlanned(model, x, { capacity: 8 }), tape);
    // The gradients on the tape come from the same kernels.
    expectSame(runTape(model, x), tape);
    model.dispose();
  });

  it.each([
    ['rnn', [rnn({ units: 3 })]],
    ['lstm both ways', [lstm({ units: 3, bidirectional: true })]],
    [
      'two layers',
      [gru({ units: 3, bidirectional: true, ...sequence }), dense({ units: 2 }), lstm({ units: 3 })],
    ],
    ['sequence', [gru({ units: 3, resetAfter: false, ...sequence })]],
  ] as [string, LayerConfig[]][])('masked: %s, with NaN at the padding', (_, layers) => {
    const model = testModel({ input: [null, 2], layers });
    const x = inputOf([4, 6, 2]);
    const mask = {
      data: [1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1, 1],
      shape: [4, 6],
    };
    const holes = {
      ...x,
      data: x.data.map((value, i) => (mask.data[Math.floor(i / 2)] ? value : Number.NaN)),
    };
    const tape = withoutKernels(() => runTape(model, holes, { mask }));
    const planned = runPlanned(model, holes, { mask });
    expectSame(planned, tape);
    model.dispose();
  });
});

only(`infer${why}`, () => {
  it('gives what apply gives, to 1e-5, whatever was inferred before, and follows the weights', () => {
    const model = testModel({ input: [null, 3], layers: [lstm({ units: 5 }), dense({ units: 2 })] });
    for (const [batch, steps, masked] of [
      [3, 5, false],
      [7, 5, false],
      [2, 5, true],
      [1, 9, false],
      [2, 5, false],
    ] as const) {
      const x = inputOf([batch, steps, 3]);
      const mask = masked
        ? {
            data: Float32Array.from({ length: batch * steps }, (_, i) => Number(i % 3 > 0)),
            shape: [batch, steps],
          }
        : undefined;
      const expected = tf.tidy(() =>
        model
          .apply(tf.tensor(x.data, x.shape), mask && { mask: tf.tensor(mask.data, mask.shape) })
          .dataSync(),
      );
      const result = model.infer!(x, mask)!;
      expect(result.shape).toEqual([batch, 2]);
      expect(relativeError(result.data, expected)).toBeLessThanOrEqual(1e-5);
    }
    const bias = model.weights['1.dense.bias']!;
    tf.tidy(() => bias.assign(tf.add(bias, 1)));
    const before = model.infer!(inputOf([1, 4, 3]))!;
    tf.tidy(() => bias.assign(tf.sub(bias, 1)));
    const after = model.infer!(inputOf([1, 4, 3]))!;
    expect(before.data[0]! - after.data[0]!).toBeCloseTo(1, 5);
    model.dispose();
    expect(() => model.infer!(inputOf([1, 4, 3]))).toThrow('it was disposed');
  });

  it('is undefined for a network with a layer of one’s own, which has no plan and says so', () => {
    const undo = registerLayer('double', {
      settings: {},
      outputShape: (_, input) => input,
      apply: ({ x }) => ({ x: tf.mul(x, 2) }),
    });
    const model = createModel({ input: [4], layers: [dense({ units: 2 }), { type: 'double' }] });
    expect(model.infer!(inputOf([3, 4]))).toBeUndefined();
    expect(() => runPlanned(model, inputOf([3, 4]))).toThrow('layer 1.double: double has no planned form');
    model.dispose();
    undo();
  });

  it('has no plan for a mask on inputs without time, which apply refuses', () => {
    const model = createModel({ input: [4, 4, 1], layers: [dense({ units: 2 })] });
    const mask = { data: [1, 1, 1, 1], shape: [1, 4] };
    expect(() => runPlanned(model, inputOf([1, 4, 4, 1]), { mask })).toThrow('a mask needs inputs with time');
    model.dispose();
  });

  it('refuses other shapes as apply does', () => {
    const model = createModel({ input: [4, 2], layers: [flatten(), dense({ units: 2 })] });
    expect(() => model.infer!(inputOf([3, 4, 3]))).toThrow('flatten: x must be [B, 4, 2], got [3, 4, 3].');
    model.dispose();
  });
});
