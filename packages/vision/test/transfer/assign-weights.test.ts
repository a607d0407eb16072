import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { decodeSafetensors, encodeSafetensors, type NdArray } from '@tidecast/data';
import {
  batchNorm,
  cnn2d,
  createModel,
  dense,
  depthwiseCnn2d,
  dropout,
  flatten,
  type Model,
  maxPool2d,
  network,
} from '@tidecast/models';
import { unzipSync, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { assignWeights, readKerasWeights, readTfjsWeights } from '../../src/index.ts';

setUpBackend();

const file = (name: string) => new Uint8Array(readFileSync(new URL(`./golden/${name}`, import.meta.url)));
const json = (name: string) => JSON.parse(new TextDecoder().decode(file(name)));

function outputs(model: Model, x: ArrayLike<number>, shape: number[]): Float32Array {
  return tf.tidy(() => model.apply(tf.tensor(Float32Array.from(x), shape)).dataSync<'float32'>());
}

function largestDifference(got: ArrayLike<number>, expected: readonly number[]): number {
  expect(got.length).toBe(expected.length);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
}

/** All weights and statistics, to see whether anything has changed. */
function valuesOf(model: Model): number[][] {
  return Object.values({ ...model.weights, ...model.statistics }).map((each) => [...each.dataSync()]);
}

describe('weights of PyTorch', () => {
  const golden = json('pytorch-cnn.json') as {
    source: string;
    state: Record<string, { shape: number[]; data: number[] }>;
    x: { shape: number[]; data: number[] };
    y: { data: number[] };
  };
  const state = Object.fromEntries(
    Object.entries(golden.state).map(([name, { shape, data }]): [string, NdArray] => [
      name,
      { shape, data: Float32Array.from(data) },
    ]),
  );
  const config = network({
    input: golden.x.shape.slice(1),
    layers: [
      cnn2d({ filters: 4 }),
      batchNorm(),
      cnn2d({ filters: 8, padding: 1, groups: 4 }),
      cnn2d({ filters: 6, kernelSize: [1, 3], groups: 2 }),
      maxPool2d(),
      flatten(),
      dense({ units: 5, activation: 'relu' }),
      dropout({ rate: 0.5 }),
      dense({ units: 3 }),
    ],
  });
  const rename = {
    '0.cnn2d': 'features.0',
    '1.batchNorm': 'features.2',
    '2.cnn2d': 'features.3',
    '3.cnn2d': 'features.5',
    '6.dense': 'classifier.1',
    '8.dense': 'classifier.4',
  };

  it(`give the outputs of ${golden.source}, difference ≤ 1e-5, also through safetensors`, () => {
    const model = createModel(config, { seed: 1 });
    const { tensors } = decodeSafetensors(encodeSafetensors(state));
    const { assigned, kept, unused } = assignWeights(model, tensors, { layout: 'pytorch', rename });
    expect(largestDifference(outputs(model, golden.x.data, golden.x.shape), golden.y.data)).toBeLessThan(
      1e-5,
    );
    expect(assigned).toHaveLength(14);
    expect(kept).toEqual([]);
    expect(unused).toEqual([]);
    model.dispose();
  });

  it('leave out what is kept, and what is left over where that is allowed', () => {
    const model = createModel(config, { seed: 1 });
    const before = model.weights['8.dense.kernel']!.dataSync().slice();
    const { kept, unused } = assignWeights(model, state, {
      ...{ layout: 'pytorch', rename, keep: ['8.dense'], allowUnused: true },
    });
    expect(kept).toEqual(['8.dense.kernel', '8.dense.bias']);
    expect(unused).toEqual(['classifier.4.weight', 'classifier.4.bias']);
    expect(model.weights['8.dense.kernel']!.dataSync()).toEqual(before);
    model.dispose();
  });

  const { 'features.0.weight': first, ...rest } = state;
  const wrong: [string, Record<string, NdArray>, object, string][] = [
    ['a missing array', rest, {}, "0.cnn2d.kernel: 'features.0.weight' is missing"],
    ['an array too many', { ...state, more: first! }, {}, "no place for 'more'"],
    [
      'another shape',
      { ...rest, 'features.0.weight': { ...first!, shape: [4, 2, 9, 1] } },
      {},
      "'features.0.weight' must be [4, 2, 3, 3] in the layout of pytorch, got [4, 2, 9, 1]",
    ],
    [
      'too few values',
      { ...rest, 'features.0.weight': { ...first!, data: new Float32Array(71) } },
      {},
      'with 71 values',
    ],
    [
      'NaN',
      { ...rest, 'features.0.weight': { ...first!, data: new Float32Array(72).fill(Number.NaN) } },
      {},
      'holds NaN, which is no weight',
    ],
    ['an unknown layer to rename', state, { rename: { '9.dense': 'a' } }, "rename names '9.dense'"],
    ['an unknown layer to keep', state, { keep: ['8.den'] }, "keep names '8.den', which is no layer"],
    ['an unknown layout', state, { layout: 'caffe' }, "one of tidecast, pytorch, keras, got 'caffe'"],
  ];
  it.each(wrong)('refuses %s, and changes nothing', (_, arrays, options, message) => {
    const model = createModel(config, { seed: 1 });
    const before = valuesOf(model);
    expect(() => assignWeights(model, arrays, { layout: 'pytorch', rename, ...options })).toThrow(message);
    expect(valuesOf(model)).toEqual(before);
    model.dispose();
  });
});

describe('weights of Keras', () => {
  const { source, x, y } = json('keras-cnn.json') as { source: string; x: number[]; y: number[] };
  const config = network({
    input: [7, 6, 2],
    layers: [
      cnn2d({ filters: 4 }),
      batchNorm({ epsilon: 1e-3 }),
      depthwiseCnn2d({ padding: 'same', multiplier: 2, activation: 'linear' }),
      cnn2d({ filters: 3, kernelSize: 1 }),
      maxPool2d(),
      flatten(),
      dense({ units: 5, activation: 'relu' }),
      dense({ units: 3 }),
    ],
  });
  const rename = {
    '0.cnn2d': 'stem',
    '1.batchNorm': 'batch_normalization',
    '2.depthwiseCnn2d': 'depthwise_conv2d',
    '3.cnn2d': 'conv2d',
    '6.dense': 'dense',
    '7.dense': 'dense_1',
  };
  const archive = file('keras-cnn.keras');
  const member = unzipSync(archive)['model.weights.h5']!;
  it.each([
    ['.keras', archive],
    [
      '.keras, deflated',
      zipSync({ 'config.json': new Uint8Array(2), 'model.weights.h5': [member, { level: 9 }] }),
    ],
    ['.weights.h5', member],
    ['.h5', file('keras-cnn.h5')],
  ])(`in a %s file give the outputs of ${source}, difference ≤ 1e-5`, async (_, bytes) => {
    const model = createModel(config, { seed: 1 });
    assignWeights(model, await readKerasWeights(bytes), { layout: 'keras', rename });
    expect(largestDifference(outputs(model, x, [3, 7, 6, 2]), y)).toBeLessThan(1e-5);
    model.dispose();
  });

  it('reads a Node Buffer that is a part of another one', async () => {
    const part = Buffer.concat([Buffer.alloc(100), member]).subarray(100);
    expect(await readKerasWeights(part)).toEqual(await readKerasWeights(member));
  });

  it('refuses other files, cut ones, and too large ones', async () => {
    await expect(readKerasWeights(new Uint8Array(100))).rejects.toThrow('neither a zip archive nor an HDF5');
    await expect(readKerasWeights(archive.subarray(0, 3000))).rejects.toThrow('the zip archive is damaged');
    await expect(readKerasWeights(zipSync({ a: new Uint8Array(1) }))).rejects.toThrow(
      'holds no model.weights.h5',
    );
    await expect(readKerasWeights(member.subarray(0, 9000))).rejects.toThrow(
      'keras weights: this file is not read',
    );
    for (let at = 0; at < 400; at++) {
      const damaged = file('keras-cnn.h5').slice();
      damaged[at * 7] = 255;
      const said = await readKerasWeights(damaged).catch((error: Error) => error.message);
      if (typeof said === 'string') expect(said).not.toContain('undefined.');
    }
    await expect(readKerasWeights(member, { maxValues: 20 })).rejects.toThrow('more values than allowed');
  });
});

describe('weights of TensorFlow.js', () => {
  async function saved() {
    const model = layers.sequential({
      layers: [
        layers.layers.conv2d({
          filters: 4,
          kernelSize: 3,
          activation: 'relu',
          inputShape: [8, 7, 2],
          name: 'first',
        }),
        layers.layers.flatten(),
        layers.layers.dense({ units: 3, name: 'last', biasInitializer: 'randomNormal' }),
      ],
    });
    const x = Float32Array.from({ length: 2 * 8 * 7 * 2 }, (_, i) => Math.sin(i));
    const y = tf.tidy(() => [...(model.predict(tf.tensor(x, [2, 8, 7, 2])) as tf.Tensor).dataSync()]);
    let artifacts: tf.io.ModelArtifacts | undefined;
    await model.save({
      save: async (each) => {
        artifacts = each;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      },
    });
    model.dispose();
    const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(artifacts!.weightData as ArrayBuffer));
    // Two shards that are cut in the middle of a value, as large models have them.
    const shards = { 'group1-shard1of2.bin': bytes.slice(0, 301), 'group1-shard2of2.bin': bytes.slice(301) };
    const modelJson = {
      modelTopology: artifacts!.modelTopology,
      weightsManifest: [{ paths: Object.keys(shards), weights: artifacts!.weightSpecs! }],
    };
    return { x, y, modelJson: JSON.parse(JSON.stringify(modelJson)), shards };
  }
  const config = network({
    input: [8, 7, 2],
    layers: [cnn2d({ filters: 4 }), flatten(), dense({ units: 3 })],
  });
  const rename = { '0.cnn2d': 'first', '2.dense': 'last' };

  it('give the outputs of the model that was saved, difference ≤ 1e-5', async () => {
    const { x, y, modelJson, shards } = await saved();
    const model = createModel(config, { seed: 1 });
    assignWeights(model, readTfjsWeights(modelJson, shards), { layout: 'keras', rename });
    expect(largestDifference(outputs(model, x, [2, 8, 7, 2]), y)).toBeLessThan(1e-5);
    model.dispose();
  });

  it('are read where they are quantised', () => {
    const entry = (name: string, dtype: string) => ({
      ...{ name, shape: [2], dtype: 'float32', quantization: { dtype, scale: 0.5, min: -1 } },
    });
    const weights = [entry('a/kernel', 'uint8'), entry('a/bias:0', 'uint16')];
    const arrays = readTfjsWeights(
      { weightsManifest: [{ paths: ['s'], weights }] },
      { s: Uint8Array.from([0, 255, 2, 0, 0, 1]) },
    );
    expect([...arrays['a.kernel']!.data]).toEqual([-1, 126.5]);
    expect([...arrays['a.bias']!.data]).toEqual([0, 127]);
  });

  it('are refused where the manifest and the shards do not belong together', async () => {
    const { modelJson, shards } = await saved();
    const [group] = modelJson.weightsManifest;
    const cut = { ...shards, 'group1-shard2of2.bin': shards['group1-shard2of2.bin'].slice(1) };
    expect(() => readTfjsWeights(modelJson, cut)).toThrow(
      /'last.bias' ends at byte \d+, and its shards have/,
    );
    expect(() => readTfjsWeights(modelJson, {})).toThrow("'group1-shard1of2.bin' is missing. Given: none");
    expect(() => readTfjsWeights({}, shards)).toThrow("expected a 'weightsManifest'");
    const fewer = { weightsManifest: [{ ...group, weights: group.weights.slice(1) }] };
    expect(() => readTfjsWeights(fewer, shards)).toThrow(/the weights take \d+ bytes, and their shards have/);
    const other = { weightsManifest: [{ ...group, weights: [{ ...group.weights[0], dtype: 'int32' }] }] };
    expect(() => readTfjsWeights(other, shards)).toThrow('has the type "int32", and only float32');
  });
});
