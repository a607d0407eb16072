import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { decodeSafetensors, encodeSafetensors, type Safetensors } from '@tidecast/data';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import {
  cnn1d,
  createModel,
  dense,
  dropout,
  flatten,
  gru,
  type LayerConfig,
  loadModel,
  loadWeights,
  lstm,
  type Model,
  saveModel,
  saveWeights,
} from '../src/index.ts';
import { loadModelFile, loadWeightsFile, saveModelFile } from '../src/node.ts';

setUpBackend();

const layers: LayerConfig[] = [
  cnn1d({ filters: 3, padding: 'causal' }),
  lstm({ units: 3, bidirectional: true, returnSequences: true }),
  gru({ units: 2, returnSequences: true }),
  flatten(),
  dense({ units: 2 }),
];
const config = { input: [4, 2], layers };

function using<R>(model: Model, use: (model: Model) => R): R {
  try {
    return use(model);
  } finally {
    model.dispose();
  }
}

const bits = (model: Model) =>
  Object.entries(model.weights).map(([name, weight]) => [
    name,
    [...new Uint32Array(weight.dataSync().slice().buffer)],
  ]);

/** The bytes of a saved model with parts of the file changed. */
function altered(change: (file: Safetensors) => void, from = config): Uint8Array {
  const file = decodeSafetensors(using(createModel(from, { seed: 1 }), saveModel));
  const copy = { tensors: { ...file.tensors }, metadata: { ...file.metadata } };
  change(copy);
  return encodeSafetensors(copy.tensors, copy.metadata);
}

describe('saving and loading', () => {
  it('keeps config, names, order and every bit', () => {
    using(createModel(config, { seed: 1 }), (model) => {
      const bytes = saveModel(model);
      using(loadModel(bytes), (loaded) => {
        expect(loaded.config).toEqual(model.config);
        expect(bits(loaded)).toEqual(bits(model));
        expect(saveModel(loaded)).toEqual(bytes);
        tf.tidy(() => {
          const x = tf.ones([2, 4, 2]);
          expect(loaded.apply(x).dataSync()).toEqual(model.apply(x).dataSync());
        });
      });
    });
  });

  it('keeps −0, the smallest numbers, infinities and the payload of a NaN', () => {
    const patterns = Uint32Array.of(0x80000000, 1, 0x7f7fffff, 0xff800000, 0x7fc12345, 0x00800000);
    using(createModel({ input: [5], layers: [dense({ units: 1 })] }), (model) => {
      const values = new Float32Array(patterns.buffer);
      tf.tidy(() => model.weights['0.dense.kernel']!.assign(tf.tensor2d(values.subarray(0, 5), [5, 1])));
      using(loadModel(saveModel(model)), (loaded) => {
        const kernel = loaded.weights['0.dense.kernel']!.dataSync().slice();
        expect([...new Uint32Array(kernel.buffer)]).toEqual([...patterns.subarray(0, 5)]);
      });
    });
  });

  it('puts weights into a model that is there, also from a view at an odd offset', () => {
    using(createModel(config, { seed: 1 }), (model) => {
      const bytes = saveWeights(model);
      const shifted = new Uint8Array(bytes.length + 1).subarray(1);
      shifted.set(bytes);
      using(createModel(config, { seed: 2 }), (other) => {
        expect(bits(other)).not.toEqual(bits(model));
        loadWeights(other, shifted);
        expect(bits(other)).toEqual(bits(model));
      });
    });
  });

  it('takes weights without a config, as another tool would write them', () => {
    const bytes = altered((file) => {
      file.metadata = {};
    });
    using(createModel(config, { seed: 2 }), (model) => {
      loadWeights(model, bytes);
      using(createModel(config, { seed: 1 }), (first) => expect(bits(model)).toEqual(bits(first)));
    });
    expect(() => loadModel(bytes)).toThrow('model: this safetensors file holds no config (metadata: none).');
  });

  it('lets initialisers and dropout differ, and the length of the input', () => {
    const trained = { input: [4, 2], layers: [lstm({ units: 2, forgetBias: 0 }), dropout({ rate: 0.5 })] };
    const other = {
      input: [null, 2],
      layers: [lstm({ units: 2, kernelInit: 'zeros' }), dropout({ rate: 0 })],
    };
    const bytes = using(createModel(trained, { seed: 3 }), saveModel);
    using(createModel(other), (model) => expect(() => loadWeights(model, bytes)).not.toThrow());
  });
});

describe('refusals', () => {
  const loading = (bytes: Uint8Array) => () => using(loadModel(bytes), () => undefined);
  const into = (model: typeof config, bytes: Uint8Array) => () =>
    using(createModel(model), (one) => loadWeights(one, bytes));

  it('refuses weights of another function, whatever their shapes', () => {
    const bytes = using(
      createModel({ input: [3], layers: [dense({ units: 2, activation: 'tanh' })] }),
      saveModel,
    );
    expect(into({ input: [3], layers: [dense({ units: 2 })] }, bytes)).toThrow(
      'model: activation of 0.dense is "linear" in the model and "tanh" in the file: the weights would mean something else.',
    );
    expect(into({ input: [3, 1], layers: [flatten(), dense({ units: 2 })] }, bytes)).toThrow(
      'model: the number of layers is 2 in the model and 1 in the file',
    );
  });

  it.each<[string, (file: Safetensors) => void, string]>([
    [
      'a missing weight',
      (file) => delete file.tensors['1.lstm.backward.bias'],
      '1.lstm.backward.bias is missing',
    ],
    [
      'a weight too many',
      (file) => Object.assign(file.tensors, { more: file.tensors['4.dense.bias'] }),
      '"more" is unknown',
    ],
    [
      'another shape of the same size',
      (file) => Object.assign(file.tensors['4.dense.bias']!, { shape: [2, 1] }),
      'model: 4.dense.bias must be [2], got [2, 1].',
    ],
    [
      'a later version',
      (file) => Object.assign(file.metadata, { version: '2' }),
      'model: this file has version "2"',
    ],
    [
      'a broken config',
      (file) => Object.assign(file.metadata, { config: '{' }),
      'the config in this file is not JSON',
    ],
    [
      'a config that is not sound',
      (file) => Object.assign(file.metadata, { config: '{"input":[4,2],"layers":[{"type":"lstm"}]}' }),
      '0.lstm: units is missing.',
    ],
    [
      'a config that asks for a huge model',
      (file) =>
        Object.assign(file.metadata, { config: '{"input":[4,2],"layers":[{"type":"lstm","units":65536}]}' }),
      'do not belong to the config',
    ],
  ])('%s', (_name, change, message) => {
    expect(loading(altered(change))).toThrow(message);
  });

  it('refuses any file cut short, with an error of its own', () => {
    const bytes = altered(() => undefined);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(loading(bytes.subarray(0, length))).toThrow(/^(safetensors|model): /);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  it('never fails with a TypeError or RangeError on damaged bytes', () => {
    const bytes = altered(() => undefined);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = bytes.slice();
        damaged[at]! ^= flip;
        try {
          loading(damaged)();
        } catch (error) {
          expect((error as Error).constructor).toBe(Error);
          expect((error as Error).message).toMatch(/^(safetensors|model|\d+\.\w+|\w+): /);
        }
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  it('changes nothing where it refuses', () => {
    const bytes = altered((file) => Object.assign(file.tensors['4.dense.bias']!, { shape: [2, 1] }));
    using(createModel(config, { seed: 5 }), (model) => {
      const before = bits(model);
      expect(() => loadWeights(model, bytes)).toThrow();
      expect(bits(model)).toEqual(before);
    });
  });
});

describe('files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidecast-models-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('writes and reads a model, replaces an older file, and leaves no other behind', async () => {
    const path = join(folder, 'model.safetensors');
    await writeFile(path, 'older');
    const model = createModel(config, { seed: 1 });
    await saveModelFile(model, path);
    expect(await readdir(folder)).toEqual(['model.safetensors']);
    expect(new Uint8Array(await readFile(path))).toEqual(saveModel(model));
    const loaded = await loadModelFile(path);
    expect(bits(loaded)).toEqual(bits(model));
    const other = createModel(config, { seed: 2 });
    await loadWeightsFile(other, path);
    expect(bits(other)).toEqual(bits(model));
    for (const each of [model, loaded, other]) each.dispose();
  });

  it('names the file and the reason', async () => {
    const text = join(folder, 'notes.txt');
    await writeFile(text, 'These are notes, and not a model.');
    await expect(loadModelFile(text)).rejects.toThrow(
      /notes\.txt: safetensors: not a whole safetensors file/,
    );
    await rm(text);
    await expect(loadModelFile(join(folder, 'none'))).rejects.toThrow(
      /cannot read .*none: there is no such file/,
    );
    await expect(loadModelFile(folder)).rejects.toThrow(/cannot read .*: it is not a file/);
    const model = createModel(config);
    await expect(saveModelFile(model, join(folder, 'no', 'model'))).rejects.toThrow(
      /cannot write .*no such file or folder/,
    );
    model.dispose();
  });
});
