import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import {
  activate,
  cnn1d,
  cnn2d,
  createModel,
  dense,
  dropout,
  flatten,
  gru,
  type LayerConfig,
  type LayerDefinition,
  lstm,
  type Model,
  type ModelConfig,
  network,
  registerLayer,
  rnn,
  wholeNumber,
} from '../src/index.ts';
import { runTape, testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';

setUpBackend();

function withModel<R>(config: ModelConfig, options: { seed?: number }, use: (model: Model) => R): R {
  const model = createModel(config, options);
  try {
    return tf.tidy(() => use(model) as never) as R;
  } finally {
    model.dispose();
  }
}

const numbers = (model: Model) =>
  Object.fromEntries(Object.entries(model.weights).map(([name, weight]) => [name, [...weight.dataSync()]]));
const every: LayerConfig[] = [
  cnn1d({ filters: 4, padding: 'causal' }),
  gru({ units: 3, returnSequences: true, bidirectional: true }),
  lstm({ units: 3, returnSequences: true }),
  rnn({ units: 3, returnSequences: true }),
  flatten(),
  dense({ units: 2 }),
];

describe('a model', () => {
  it('is the same for the same config and seed, also through JSON, and another for another seed', () => {
    const config = network({ input: [4, 2], layers: every });
    const first = withModel(config, { seed: 3 }, numbers);
    const again = withModel(JSON.parse(JSON.stringify(config)), { seed: 3 }, numbers);
    const other = withModel(config, { seed: 4 }, numbers);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    withModel(config, { seed: 3 }, (model) => {
      expect(withModel(JSON.parse(JSON.stringify(model.config)), { seed: 3 }, numbers)).toEqual(first);
    });
  });

  it('starts the forget gate of an LSTM at 1, in both directions', () => {
    withModel({ input: [4, 2], layers: [lstm({ units: 2, bidirectional: true })] }, {}, (model) => {
      const expected = [0, 0, 1, 1, 0, 0, 0, 0];
      expect([...model.weights['0.lstm.forward.bias']!.dataSync()]).toEqual(expected);
      expect([...model.weights['0.lstm.backward.bias']!.dataSync()]).toEqual(expected);
      const forward = [...model.weights['0.lstm.forward.kernel']!.dataSync()];
      expect([...model.weights['0.lstm.backward.kernel']!.dataSync()]).not.toEqual(forward);
    });
  });

  it.each([lstm({ units: 5 }), gru({ units: 5 })])(
    'starts every gate of $type with an orthogonal matrix of its own',
    (layer) => {
      withModel({ input: [4, 2], layers: [layer] }, {}, (model) => {
        const recurrent = model.weights[`0.${layer.type}.recurrent`]!;
        for (const gate of tf.split(recurrent, recurrent.shape[1]! / 5, 1)) {
          const product = tf.matMul(gate as tf.Tensor2D, gate as tf.Tensor2D, true);
          expect(tf.max(tf.abs(tf.sub(product, tf.eye(5)))).dataSync()[0]).toBeLessThanOrEqual(1e-6);
        }
      });
    },
  );

  it('starts an IRNN at the identity: with kernel 0 and relu a state is kept', () => {
    const layer = rnn({ units: 3, activation: 'relu', recurrentInit: 'identity' });
    withModel({ input: [4, 2], layers: [layer] }, {}, (model) => {
      expect([...model.weights['0.rnn.recurrent']!.dataSync()]).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
      expect([...model.weights['0.rnn.bias']!.dataSync()]).toEqual([0, 0, 0]);
    });
  });

  it('shares its parameters over time: any length runs on one set of weights', () => {
    withModel({ input: [null, 2], layers: [lstm({ units: 3 })] }, {}, (model) => {
      for (const steps of [1, 2, 24, 100]) expect(model.apply(tf.ones([2, steps, 2])).shape).toEqual([2, 3]);
    });
  });

  it('leaves nothing behind but its result', () => {
    withModel({ input: [4, 2], layers: every }, {}, (model) => {
      const x = tf.ones([2, 4, 2]);
      const before = tf.memory().numTensors;
      model.apply(x);
      expect(tf.memory().numTensors).toBe(before + 1);
    });
  });

  it('never hands back the very tensor it was given', () => {
    withModel({ input: [3], layers: [dropout({ rate: 0.5 })] }, {}, (model) => {
      const x = tf.ones([2, 3]);
      model.apply(x).dispose();
      expect([...x.dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
    });
  });

  it('refuses to run after dispose, which may be called twice', () => {
    const model = createModel({ input: [3], layers: [dense({ units: 1 })] });
    model.dispose();
    model.dispose();
    expect(() => tf.tidy(() => model.apply(tf.ones([1, 3])))).toThrow('model: it was disposed.');
  });

  it('stands beside another of the same config without a clash of names', () => {
    const config = { input: [3], layers: [dense({ units: 1 })] };
    const [one, two] = [createModel(config), createModel(config)];
    expect(Object.keys(one.weights)).toEqual(Object.keys(two.weights));
    one.dispose();
    two.dispose();
  });
});

describe('wrong inputs', () => {
  const config = { input: [24, 16], layers: [lstm({ units: 2 })] };
  const free = { input: [null, 16], layers: [lstm({ units: 2 })] };
  const apply = (of: ModelConfig, x: () => tf.Tensor, mask?: () => tf.Tensor) => () =>
    withModel(of, {}, (model) => model.apply(x(), mask ? { mask: mask() } : {}));

  it.each<[string, () => unknown, string]>([
    [
      'other channels',
      apply(free, () => tf.ones([32, 24, 15])),
      'lstm: x must be [B, T, 16], got [32, 24, 15]. Is the scaler from another series?',
    ],
    [
      'another length',
      apply(config, () => tf.ones([32, 12, 16])),
      'lstm: x must be [B, 24, 16], got [32, 12, 16]. For any length, create the model with input [null, 16].',
    ],
    ['no batch axis', apply(config, () => tf.ones([24, 16])), 'lstm: x must be [B, 24, 16], got [24, 16].'],
    [
      'an empty batch',
      apply(config, () => tf.ones([0, 24, 16])),
      'lstm: x must be [B, 24, 16], got [0, 24, 16].',
    ],
    ['no steps', apply(free, () => tf.ones([2, 0, 16])), 'lstm: x must be [B, T, 16], got [2, 0, 16].'],
    ['integers', apply(config, () => tf.ones([1, 24, 16], 'int32')), 'lstm: x must be float32, got int32.'],
    [
      'a mask of another length',
      apply(
        config,
        () => tf.ones([2, 24, 16]),
        () => tf.ones([2, 23]),
      ),
      'lstm: mask must be [B, T] = [2, 24], got [2, 23].',
    ],
    [
      'a mask without time',
      apply(
        { input: [3], layers: [dense({ units: 1 })] },
        () => tf.ones([2, 3]),
        () => tf.ones([2, 3]),
      ),
      'dense: mask must be absent, for inputs without time, got [2, 3].',
    ],
  ])('%s', (_name, act, message) => {
    expect(act).toThrow(message);
  });

  it.each<[string, () => tf.Tensor, (() => tf.Tensor) | undefined, string]>([
    [
      'channels first',
      () => tf.ones([2, 3, 8, 8]),
      undefined,
      'cnn2d: x must be [B, 8, 8, 3], got [2, 3, 8, 8].',
    ],
    [
      'another height',
      () => tf.ones([2, 7, 8, 3]),
      undefined,
      'cnn2d: x must be [B, 8, 8, 3], got [2, 7, 8, 3]. Images have their channels last.',
    ],
    [
      'a mask',
      () => tf.ones([2, 8, 8, 3]),
      () => tf.ones([2, 8]),
      'cnn2d: mask must be absent, for inputs without time, got [2, 8].',
    ],
  ])('images: %s', (_name, x, mask, message) => {
    expect(apply({ input: [8, 8, 3], layers: [cnn2d({ filters: 2 })] }, x, mask)).toThrow(message);
  });

  it('says so where a free length turns out too short for a convolution', () => {
    const act = apply({ input: [null, 1], layers: [cnn1d({ filters: 1, kernelSize: 5 })] }, () =>
      tf.ones([1, 4, 1]),
    );
    expect(act).toThrow('cnn1d: needs at least 5 steps, got 4.');
  });
});

describe('dropout', () => {
  const config = { input: [5000], layers: [dropout({ rate: 0.25 })] };
  const drop = (training: boolean, seed?: number) =>
    withModel(config, {}, (model) => [
      ...model.apply(tf.ones([2, 5000]), { training, ...(seed === undefined ? {} : { seed }) }).dataSync(),
    ]);

  it('hands x on where it is not training', () => {
    expect(drop(false).every((value) => value === 1)).toBe(true);
  });

  it('drops its share, within 4 standard errors, and scales the rest', () => {
    const values = drop(true, 1);
    const dropped = values.filter((value) => value === 0).length;
    expect(Math.abs(dropped - 2500)).toBeLessThan(4 * Math.sqrt(10_000 * 0.25 * 0.75));
    for (const value of values) if (value !== 0) expect(value).toBeCloseTo(4 / 3, 6);
  });

  it('is decided by the seed', () => {
    expect(drop(true, 1)).toEqual(drop(true, 1));
    expect(drop(true, 1)).not.toEqual(drop(true, 2));
  });

  it('differs between layers of one run', () => {
    const layers = [dropout({ rate: 0.5 }), dropout({ rate: 0.5 })];
    const kept = withModel({ input: [4000], layers }, {}, (model) =>
      [...model.apply(tf.ones([1, 4000]), { training: true, seed: 1 }).dataSync()].filter(
        (value) => value !== 0,
      ),
    );
    // The same choice twice would keep half; independent ones keep a quarter.
    expect(Math.abs(kept.length - 1000)).toBeLessThan(4 * Math.sqrt(4000 * 0.25 * 0.75));
  });

  it('needs a seed while training', () => {
    expect(() => drop(true)).toThrow(
      'dropout: training needs a seed, got none. Pass apply(x, { training: true, seed }).',
    );
  });

  it('sends the gradient through the kept values only', () => {
    const model = testModel({ input: [50], layers: [dropout({ rate: 0.5 })] });
    const x = { data: valuesOf('x', 50), shape: [1, 50] };
    const pass = runTape(model, x, { training: true, seed: 4 });
    const probe = valuesOf('probe', 50);
    pass.output.forEach((value, i) => {
      expect(pass.gradients.x![i]).toBeCloseTo(value === 0 ? 0 : 2 * probe[i]!, 6);
    });
    model.dispose();
  });
});

describe('layers of one’s own', () => {
  const scaled: LayerDefinition<{ units: number }> = {
    settings: { units: wholeNumber({ min: 1, max: 8, default: 2 }) },
    outputShape: ({ units }, input) => [...input.slice(0, -1), units],
    weights: ({ units }, input) => [
      { name: 'kernel', shape: [input[input.length - 1]!, units], init: 'ones' },
    ],
    apply: ({ x, weights, mask }) => ({
      x: activate('relu', tf.matMul(x as tf.Tensor2D, weights.kernel as tf.Tensor2D)),
      ...(mask && { mask }),
    }),
  };

  it('join the registry, take part in configs, and leave again', () => {
    const config = { input: [3], layers: [{ type: 'scaled', units: 4 }, dense({ units: 1 })] };
    const remove = registerLayer('scaled', scaled);
    withModel(config, {}, (model) => {
      expect(Object.keys(model.weights)).toEqual(['0.scaled.kernel', '1.dense.kernel', '1.dense.bias']);
      expect(model.apply(tf.ones([2, 3])).shape).toEqual([2, 1]);
    });
    expect(() => registerLayer('scaled', scaled)).toThrow("registerLayer: the type 'scaled' is taken.");
    remove();
    expect(() => createModel(config)).toThrow('model: layer 0 has the unknown type "scaled"');
  });

  it('may not take a built-in name, or one that breaks weight names', () => {
    expect(() => registerLayer('lstm', scaled)).toThrow("the type 'lstm' is taken");
    expect(() => registerLayer('my.layer', scaled)).toThrow(
      'type must be letters and digits, got "my.layer"',
    );
  });
});

describe('convolution over images of height 1', () => {
  it.each([
    { padding: 'valid', stride: 1, dilation: 1 },
    { padding: 'same', stride: 2, dilation: 1 },
    { padding: 'same', stride: 2, dilation: 3 },
  ] as const)('is that over time, to 1e-6: $padding, stride $stride, dilation $dilation', (settings) => {
    const pass = (layers: LayerConfig[], input: number[]) => {
      const model = testModel({ input, layers });
      // Weights are drawn by their name, so both get those of the first.
      tf.tidy(() => {
        for (const weight of Object.values(model.weights)) {
          weight.assign(tf.tensor(valuesOf('weight', weight.size), weight.shape));
        }
      });
      const { output, gradients } = runTape(model, { data: valuesOf('x', 60), shape: [2, ...input] });
      model.dispose();
      return [output, ...Object.values(gradients)];
    };
    const { stride, dilation, padding } = settings;
    const time = pass([cnn1d({ filters: 4, kernelSize: 3, ...settings })], [10, 3]);
    const images = pass(
      [cnn2d({ filters: 4, kernelSize: [1, 3], stride: [1, stride], dilation: [1, dilation], padding })],
      [1, 10, 3],
    );
    images.forEach((values, i) => {
      expect(relativeError(values, time[i]!)).toBeLessThanOrEqual(1e-6);
    });
  });
});

describe('max pooling', () => {
  it('gives the gradient to the first of equal values', () => {
    const model = testModel({ input: [4, 1], layers: [{ type: 'maxPool1d' }] });
    const pass = runTape(model, { data: [2, 2, 1, 3], shape: [1, 4, 1] });
    const probe = valuesOf('probe', 2);
    expect([...pass.gradients.x!]).toEqual([probe[0], 0, 0, probe[1]]);
    model.dispose();
  });

  it.each([{ type: 'maxPool2d' }, { type: 'globalPool2d', mode: 'max' }])('so does $type', (layer) => {
    const model = testModel({ input: [2, 2, 1], layers: [layer] });
    const pass = runTape(model, { data: [-2, -1, -1, -1], shape: [1, 2, 2, 1] });
    expect([...pass.gradients.x!]).toEqual([0, valuesOf('probe', 1)[0], 0, 0]);
    model.dispose();
  });
});
