import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, deriveSeed } from '@tidecast/data';
import { afterEach, describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  autoencoder,
  branches,
  cnn2d,
  createModel,
  decoderOf,
  dense,
  dropout,
  encoderOf,
  flatten,
  type LayerConfig,
  loadModel,
  lstm,
  type Model,
  type ModelConfig,
  repeat,
  reshape,
  saveModel,
  summarize,
  upsample2d,
  vae,
} from '../../src/index.ts';
import { runPlanned } from '../planned.ts';
import { type Pass, runTape, testModel } from '../tape.ts';
import { relativeError, valuesOf } from '../values.ts';
import { withoutKernels } from '../without-kernels.ts';

setUpBackend();

const only = testBackend === 'wasm' ? describe : describe.skip;
const why = testBackend === 'wasm' ? '' : ' (skipped: plans run on WASM only)';

type Expected = Pick<Pass, 'shape'> & {
  output: ArrayLike<number>;
  gradients: Record<string, ArrayLike<number>>;
};
const { source, cases } = JSON.parse(
  readFileSync(new URL('./golden/autoencoders.json', import.meta.url), 'utf8'),
) as { source: string; cases: (Expected & { name: string; config: ModelConfig; batch: number })[] };

const made: Model[] = [];
const keep = (model: Model) => {
  made.push(model);
  return model;
};
afterEach(() => {
  for (const model of made.splice(0).reverse()) model.dispose();
});

const inputOf = (shape: number[]) => ({
  data: valuesOf(
    'x',
    shape.reduce((product, size) => product * size, 1),
  ),
  shape,
});

function expectSame(got: Pass, expected: Expected) {
  expect(got.shape).toEqual(expected.shape);
  expect(relativeError(got.output, expected.output), 'output').toBeLessThanOrEqual(1e-5);
  expect(Object.keys(got.gradients)).toEqual(Object.keys(expected.gradients));
  for (const [name, values] of Object.entries(expected.gradients)) {
    expect(relativeError(got.gradients[name]!, values), `gradient of ${name}`).toBeLessThanOrEqual(1e-5);
  }
}

describe(`output and every gradient as in ${source}, relative error ≤ 1e-5`, () => {
  it.each(cases)('$name', ({ config, batch, ...expected }) => {
    const model = keep(testModel(config));
    expectSame(runTape(model, inputOf([batch, ...(config.input as number[])])), expected);
  });
});

const imageVae = vae({
  input: [4, 6, 1],
  encoder: [flatten(), dense({ units: 5, activation: 'relu' }), dropout({ rate: 0.3 })],
  latent: 3,
  decoder: [
    dense({ units: 12, activation: 'relu' }),
    dropout({ rate: 0.2 }),
    reshape({ shape: [2, 3, 2] }),
    upsample2d(),
    cnn2d({ filters: 1, padding: 'same', activation: 'linear' }),
  ],
  classes: 1,
});

only(`planned as on the tape${why}`, () => {
  // A plan is laid out for training, where a variational network draws: its values are compared below.
  const still = cases.filter(({ config }) => !JSON.stringify(config).includes('sampling'));
  it.each(still)(
    '$name: the numbers of the golden vectors, relative error ≤ 1e-5',
    ({ config, batch, ...expected }) => {
      const model = keep(testModel(config));
      expectSame(runPlanned(model, inputOf([batch, ...(config.input as number[])])), expected);
    },
  );

  it('draws the same noise and drops the same values, in branches too, relative error ≤ 1e-5', () => {
    const model = keep(testModel(imageVae));
    const x = inputOf([4, 4, 6, 1]);
    const training = { training: true, seed: 5 };
    const tape = withoutKernels(() => runTape(model, x, training));
    expectSame(runPlanned(model, x, training), tape);
    expectSame(runPlanned(model, x, { ...training, capacity: 8 }), tape);
    expect(relativeError(runPlanned(model, x, { ...training, seed: 6 }).output, tape.output)).toBeGreaterThan(
      0.01,
    );
  });
});

describe('sampling', () => {
  it('gives mean + exp(½ log-variance)·noise of the seed while training, and the mean otherwise', () => {
    const model = keep(createModel(vae({ input: [4], encoder: [], latent: 2, decoder: [] }), { seed: 1 }));
    const x = inputOf([3, 4]);
    const run = (options: { training?: boolean; seed?: number }) =>
      tf.tidy(() => model.apply(tf.tensor(x.data, x.shape), options).dataSync<'float32'>().slice());
    const [plain, drawn] = [run({}), run({ training: true, seed: 9 })];
    const random = createRandom(deriveSeed(deriveSeed(deriveSeed(9, 1), 0), 0), 'sampling');
    // Rows of [z, mean, log-variance], two of each.
    for (let b = 0; b < 3; b++) {
      for (let l = 0; l < 2; l++) {
        const [mean, logVariance] = [plain[b * 6 + 2 + l]!, plain[b * 6 + 4 + l]!];
        expect(plain[b * 6 + l]).toBe(mean);
        expect(drawn[b * 6 + l]).toBeCloseTo(mean + Math.exp(logVariance / 2) * random.normal(), 5);
      }
    }
    expect(() => run({ training: true })).toThrow('sampling: training needs a seed, got none.');
  });
});

describe('encoderOf and decoderOf', () => {
  const x = inputOf([3, 4, 6, 1]);
  const apply = (model: Model, of: { data: Float32Array; shape: number[] }) =>
    tf.tidy(() => {
      const output = model.apply(tf.tensor(of.data, of.shape));
      return { data: output.dataSync<'float32'>().slice(), shape: output.shape };
    });
  const networks: Record<string, ModelConfig> = {
    vae: imageVae,
    autoencoder: autoencoder({
      input: [4, 6, 1],
      encoder: [flatten(), dense({ units: 5, activation: 'tanh' })],
      latent: 3,
      decoder: [dense({ units: 24 }), reshape({ shape: [4, 6, 1] })],
    }),
  };

  it.each(Object.entries(networks))(
    '%s: one after the other is the whole, to 1e-6, also after a step',
    (name, config) => {
      const model = keep(createModel(config, { seed: 2 }));
      const [encoder, decoder] = [keep(encoderOf(model)), keep(decoderOf(model))];
      for (const weight of Object.values(model.weights)) tf.tidy(() => weight.assign(tf.mul(weight, 1.1)));
      const code = apply(encoder, x);
      const rows = name === 'vae' ? 7 : 3;
      expect(code.shape).toEqual([3, rows]);
      const z = Float32Array.from({ length: 9 }, (_, i) => code.data[Math.floor(i / 3) * rows + (i % 3)]!);
      const decoded = apply(decoder, { data: z, shape: [3, 3] });
      expect(decoded.shape).toEqual([3, 4, 6, 1]);
      const whole = apply(model, x);
      const width = whole.data.length / 3;
      for (let b = 0; b < 3; b++) {
        const row = whole.data.subarray(b * width, (b + 1) * width);
        expect(relativeError(decoded.data.subarray(b * 24, (b + 1) * 24), row.subarray(0, 24))).toBeLessThan(
          1e-6,
        );
        if (name === 'vae') {
          expect(relativeError(code.data.subarray(b * 7, (b + 1) * 7), row.subarray(24))).toBeLessThan(1e-6);
        }
      }
      const inferred = encoder.infer!(x);
      if (testBackend === 'wasm') expect(relativeError(inferred!.data, code.data)).toBeLessThan(1e-5);
      else expect(inferred).toBeUndefined();
    },
  );

  it('refuse networks without a bottleneck, inputs of another shape, and training', () => {
    const plain = keep(createModel({ input: [4], layers: [dense({ units: 2 })] }));
    expect(() => encoderOf(plain)).toThrow('expected a network with a bottleneck, got dense.');
    const model = keep(createModel(networks.autoencoder!));
    const [encoder, decoder] = [keep(encoderOf(model)), keep(decoderOf(model))];
    expect(() => apply(encoder, inputOf([3, 4, 6, 2]))).toThrow(
      'flatten: x must be [B, 4, 6, 1], got [3, 4, 6, 2].',
    );
    expect(() => apply(decoder, inputOf([3, 4]))).toThrow('dense: x must be [B, 3], got [3, 4].');
    expect(() => tf.tidy(() => encoder.apply(tf.zeros([1, 4, 6, 1]), { training: true }))).toThrow(
      'Train the whole network',
    );
  });
});

describe('branches', () => {
  it('come back from bytes bit for bit, defaults of the layers inside written out', () => {
    const model = keep(createModel(imageVae, { seed: 3 }));
    const again = keep(loadModel(saveModel(model)));
    expect(again.config).toEqual(model.config);
    expect(JSON.stringify(again.config)).toContain('"kernelInit":"glorotUniform"');
    const x = inputOf([2, 4, 6, 1]);
    expect(runTape(again, x).output).toEqual(runTape(model, x).output);
    expect(summarize(model).rows.at(-1)!.outputShape).toEqual([24 + 3 + 3 + 1]);
  });

  it('give a mask to every branch: padding never changes a result', () => {
    const layers: LayerConfig[] = [
      branches({ branches: [[lstm({ units: 3 })], [lstm({ units: 2 }), repeat({ steps: 2 }), flatten()]] }),
    ];
    const model = keep(testModel({ input: [null, 2], layers }));
    const short = inputOf([1, 3, 2]);
    const padded = {
      data: Float32Array.from({ length: 10 }, (_, i) => short.data[i] ?? Number.NaN),
      shape: [1, 5, 2],
    };
    const mask = { data: [1, 1, 1, 0, 0], shape: [1, 5] };
    expect(relativeError(runTape(model, padded, { mask }).output, runTape(model, short).output)).toBeLessThan(
      1e-6,
    );
    if (testBackend === 'wasm') {
      expectSame(
        runPlanned(model, padded, { mask }),
        withoutKernels(() => runTape(model, padded, { mask })),
      );
    }
  });

  it('say what does not fit, and where', () => {
    const make = (lists: unknown) => () =>
      createModel({ input: [4, 2], layers: [{ type: 'branches', branches: lists }] });
    expect(make([[dense({ units: 2 })]])).toThrow(
      'branches: branch 0 must end in flat results [B, F], got [B, 4, 2]. End it in flatten().',
    );
    expect(make([[flatten()], [{ type: 'nothing' }]])).toThrow(
      'branches: branch 1: layer 0 has the unknown type "nothing"',
    );
    expect(make('all')).toThrow('branches must be a list of lists of layers, got "all".');
    expect(() => createModel(vae({ input: [4], encoder: [], latent: 3, decoder: [], classes: -1 }))).toThrow(
      'sampling: needs 3 means and as many log-variances, [B, 6] or more, got [B, 5].',
    );
    expect(() => createModel({ input: [4, 2], layers: [repeat({ steps: 2 })] })).toThrow(
      'repeat: needs flat inputs [B, F]',
    );
  });
});
