// Training with running statistics, and with frozen weights: beside PyTorch, on both paths, and bit for bit after a resume.

import { arraySamples, type NdArray } from '@tidecast/data';
import {
  batchNorm,
  cnn2d,
  createModel,
  dense,
  globalPool2d,
  loadModel,
  type Model,
  residual,
  saveModel,
} from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  adam,
  crossEntropy,
  type FitOptions,
  fit,
  mse,
  type ProgressEvent,
  predict,
  sgd,
} from '../../src/index.ts';
import { assignWeights, randomArray, weightsOf } from '../helpers.ts';
import golden from './golden/batch-norm.json' with { type: 'json' };

setUpBackend();

const paths = testBackend === 'wasm' ? (['planned', 'tape'] as const) : (['tape'] as const);
const bare = { padding: 1, useBias: false, activation: 'linear' } as const;

function newModel(seed = 1): Model {
  const layers = [
    cnn2d({ filters: 4, ...bare }),
    batchNorm({ activation: 'relu' }),
    residual({ layers: [cnn2d({ filters: 4, ...bare }), batchNorm()] }),
    globalPool2d(),
    dense({ units: 3 }),
  ];
  return createModel({ input: [5, 4, 2], layers }, { seed });
}

const array = ({ data, shape }: { data: number[]; shape: number[] }): NdArray => {
  return { data: Float32Array.from(data), shape };
};
const samples = arraySamples({ x: array(golden.x), y: array(golden.y) });
const base: FitOptions = {
  loss: crossEntropy(),
  optimizer: sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  ...{ epochs: 10, batchSize: 12, seed: 3 },
};
const on = (path: 'planned' | 'tape', model: Model): Model =>
  path === 'tape' ? { ...model, plan: undefined } : model;

describe.each(paths)('%s', (path) => {
  it.each(golden.cases)(
    'freeze $freeze: ten losses within 1e-5 of PyTorch, weights, statistics and outputs within 5e-5',
    async ({ freeze, ...expected }) => {
      const model = newModel();
      const starts = golden.values as Record<string, { data: number[]; shape: number[] }>;
      assignWeights(
        model,
        Object.fromEntries(Object.entries(starts).map(([name, each]) => [name, array(each)])),
      );
      const before = weightsOf(model);
      const losses: number[] = [];
      let started: ProgressEvent | undefined;
      await fit(on(path, model), samples, {
        ...base,
        ...(freeze.length > 0 && { freeze }),
        onProgress(event) {
          if (event.kind === 'start') started = event;
          if (event.kind === 'batch') losses.push(event.loss);
        },
      });
      expect(started).toMatchObject({ path });
      losses.forEach((loss, i) => {
        expect(Math.abs(loss / expected.losses[i]! - 1), `loss ${i + 1}`).toBeLessThan(1e-5);
      });
      const after = weightsOf(model);
      for (const [name, values] of Object.entries(expected.values as Record<string, number[]>)) {
        const frozen = freeze.some((prefix) => name.startsWith(`${prefix}.`));
        if (frozen) expect(after[name], name).toEqual(before[name]);
        values.forEach((value, i) => {
          expect(Math.abs(after[name]![i]! - value), name).toBeLessThan(5e-5);
        });
      }
      const { data } = await predict(on(path, model), samples);
      data.forEach((value, i) => {
        expect(Math.abs(value - expected.output[i]!), 'output').toBeLessThan(5e-5 * 5);
      });
      model.dispose();
    },
  );

  it('resumes bit for bit, statistics and all, and keeps those of the best epoch', async () => {
    const train = async (options: Partial<FitOptions>, seed: number) => {
      const model = newModel(seed);
      const saved: Uint8Array[] = [];
      await fit(on(path, model), samples, {
        ...base,
        ...{ epochs: 4, batchSize: 5, validation: samples, earlyStopping: { patience: 4 } },
        checkpoint: { write: (bytes) => void saved.push(bytes.slice()) },
        ...options,
      });
      const values = weightsOf(model);
      model.dispose();
      return { values, saved };
    };
    for (const freeze of [undefined, ['1.batchNorm', '2.residual.layers.0']]) {
      const whole = await train({ freeze }, 1);
      expect(whole.values).toHaveProperty('1.batchNorm.variance');
      for (const bytes of whole.saved) {
        const rest = await train({ freeze, resume: bytes }, freeze ? 1 : 9);
        expect(rest.values).toEqual(whole.values);
        expect(rest.saved.at(-1) ?? bytes).toEqual(whole.saved.at(-1));
      }
    }
    const first = await train({ epochs: 1 }, 1);
    // With a learning rate that throws everything away, the first epoch stays the best one.
    const best = await train({ epochs: 2, schedule: { type: 'step', every: 1, factor: 100 } }, 1);
    expect(best.values).toEqual(first.values);
  });
});

describe('statistics', () => {
  it('are saved and loaded, in the file and as the same bits', async () => {
    const model = newModel();
    await fit(model, samples, { ...base, epochs: 2 });
    const again = loadModel(saveModel(model));
    expect(weightsOf(again)).toEqual(weightsOf(model));
    expect((await predict(again, samples)).data).toEqual((await predict(model, samples)).data);
    again.dispose();
    model.dispose();
  });

  it('stay where an update is refused', async () => {
    const model = newModel();
    const x = randomArray([12, 5, 4, 2], 1);
    x.data[7] = Number.POSITIVE_INFINITY;
    const before = weightsOf(model);
    for (const path of paths) {
      await expect(fit(on(path, model), arraySamples({ x, y: array(golden.y) }), base)).rejects.toThrow(
        'fit: stopped at epoch 1',
      );
      expect(weightsOf(model)).toEqual(before);
    }
    model.dispose();
  });

  it('need more than one value of a channel', async () => {
    const model = createModel({ input: [3], layers: [batchNorm(), dense({ units: 1 })] });
    const one = arraySamples({ x: randomArray([1, 3], 1), y: randomArray([1, 1], 2) });
    for (const path of paths) {
      await expect(fit(on(path, model), one, { ...base, loss: mse(), batchSize: 1 })).rejects.toThrow(
        'batchNorm: training needs more than one value of each channel, got one.',
      );
    }
    model.dispose();
  });
});

describe('freeze', () => {
  it.each(paths)(
    'learns the last layer alone as a network of that layer on the features, %s',
    async (path) => {
      const model = newModel();
      await fit(model, samples, { ...base, epochs: 1 });
      const { layers } = model.config;
      const body = createModel({ input: [5, 4, 2], layers: layers.slice(0, 4) });
      const head = createModel({ input: [4], layers: [dense({ units: 3 })] });
      const arrays = weightsOf(model);
      const part = (of: Model, rename = (name: string) => name) =>
        Object.fromEntries(
          Object.entries({ ...of.weights, ...of.statistics }).map(([name, { shape }]) => {
            return [name, { data: arrays[rename(name)]!, shape }];
          }),
        );
      assignWeights(body, part(body));
      assignWeights(
        head,
        part(head, (name) => name.replace('0.', '4.')),
      );
      const features = arraySamples({ x: await predict(body, samples), y: array(golden.y) });
      const options = { ...base, optimizer: adam({ learningRate: 0.01 }), batchSize: 5, clip: { norm: 0.1 } };
      await fit(on(path, model), samples, { ...options, freeze: ['0', '1', '2'] });
      await fit(on(path, head), features, options);
      const after = weightsOf(model);
      for (const [name, values] of Object.entries(weightsOf(head))) {
        values.forEach((value, i) => {
          expect(Math.abs(after[name.replace('0.', '4.')]![i]! - value)).toBeLessThan(1e-5);
        });
      }
      for (const model of [body, head]) model.dispose();
      expect(after['2.residual.layers.1.batchNorm.mean']).toEqual(
        arrays['2.residual.layers.1.batchNorm.mean'],
      );
      model.dispose();
    },
  );

  it('refuses a name that nothing has, parts of a word, and everything', async () => {
    const model = newModel();
    for (const [freeze, message] of [
      [
        ['3.batchNorm'],
        'fit: freeze must name weights, or whole parts of their names from the beginning, got "3.batchNorm"',
      ],
      [['0.cnn'], 'got "0.cnn". There are: 0.cnn2d.kernel, 1.batchNorm.gamma'],
      [['0', '1', '2', '4'], 'fit: freeze covers every weight'],
    ] as const) {
      await expect(fit(model, samples, { ...base, freeze })).rejects.toThrow(message);
    }
    model.dispose();
  });

  it('is part of what a checkpoint is resumed under', async () => {
    const model = newModel();
    let saved = new Uint8Array();
    const write = (bytes: Uint8Array) => {
      saved = bytes.slice();
    };
    await fit(model, samples, { ...base, epochs: 1, checkpoint: { write } });
    await expect(fit(model, samples, { ...base, freeze: ['0'], resume: saved })).rejects.toThrow('freeze');
    model.dispose();
  });
});
