import { describe, expect, it } from 'vitest';
import {
  averagePool1d,
  averagePool2d,
  cnn1d,
  cnn2d,
  dense,
  dropout,
  flatten,
  formatSummary,
  globalPool1d,
  globalPool2d,
  gru,
  type LayerConfig,
  lstm,
  type ModelConfig,
  maxPool1d,
  maxPool2d,
  network,
  reshape,
  resolveModel,
  rnn,
  summarize,
} from '../src/index.ts';

const counts = (input: (number | null)[], ...layers: LayerConfig[]) =>
  summarize(network({ input, layers })).rows.map((row) => row.parameters);

describe('parameter counts', () => {
  const [C, H] = [3, 50];
  it('counts rnn, lstm and gru by the formulas of Keras and PyTorch', () => {
    expect(counts([null, C], rnn({ units: H }))).toEqual([H * (C + H + 1)]);
    expect(counts([null, C], lstm({ units: H }))).toEqual([4 * H * (C + H + 1)]); // Keras LSTM(50): 10,800
    expect(counts([null, C], gru({ units: H }))).toEqual([3 * H * (C + H + 2)]); // torch.nn.GRU(3, 50): 8,250
    expect(counts([null, C], gru({ units: H, resetAfter: false }))).toEqual([3 * H * (C + H + 1)]);
    expect(counts([null, C], lstm({ units: H, bidirectional: true }))).toEqual([8 * H * (C + H + 1)]);
    expect(counts([24, 3], lstm({ units: 50 }))).toEqual([10_800]);
    expect(counts([24, 3], gru({ units: 50 }))).toEqual([8_250]);
  });

  it('counts convolutions, dense layers and layers without weights', () => {
    expect(
      counts(
        [12, 2],
        cnn1d({ filters: 50 }),
        maxPool1d(),
        flatten(),
        dropout({ rate: 0.1 }),
        dense({ units: 12 }),
      ),
    ).toEqual([2 * 2 * 50 + 50, 0, 0, 0, 5 * 50 * 12 + 12]);
    expect(
      counts([28, 28, 3], cnn2d({ filters: 24, kernelSize: [3, 2] }), maxPool2d(), globalPool2d()),
    ).toEqual([3 * 2 * 3 * 24 + 24, 0, 0]);
  });
});

describe('shapes', () => {
  const shapes = (input: (number | null)[], ...layers: LayerConfig[]) =>
    resolveModel({ input, layers }).layers.map((layer) => layer.outputShape);

  it('follows every layer', () => {
    expect(
      shapes(
        [24, 2],
        cnn1d({ filters: 8 }),
        cnn1d({ filters: 8, padding: 'same', stride: 2 }),
        cnn1d({ filters: 4, padding: 'causal', dilation: 4 }),
        averagePool1d({ poolSize: 3 }),
        lstm({ units: 5, returnSequences: true, bidirectional: true }),
        dense({ units: 3 }),
        globalPool1d(),
        dense({ units: 12 }),
        reshape({ shape: [6, 2] }),
      ),
    ).toEqual([[23, 8], [12, 8], [12, 4], [4, 4], [4, 10], [4, 3], [3], [12], [6, 2]]);
  });

  it('follows images', () => {
    expect(
      shapes(
        [28, 20, 1],
        cnn2d({ filters: 8 }),
        maxPool2d(),
        cnn2d({ filters: 6, padding: 'same', stride: [2, 1] }),
        averagePool2d({ poolSize: [2, 3], stride: 1 }),
        dense({ units: 5 }),
        cnn2d({ filters: 4, dilation: [1, 2], kernelSize: [1, 2] }),
        globalPool2d(),
        reshape({ shape: [2, 2, 1] }),
      ),
    ).toEqual([[26, 18, 8], [13, 9, 8], [7, 9, 6], [6, 7, 6], [6, 7, 5], [6, 5, 4], [4], [2, 2, 1]]);
  });

  it('keeps a free length free', () => {
    expect(
      shapes([null, 2], gru({ units: 3, returnSequences: true }), cnn1d({ filters: 2 }), globalPool1d()),
    ).toEqual([[null, 3], [null, 2], [2]]);
  });
});

describe('summaries', () => {
  it('prints layers, output shapes and parameters', () => {
    const layers = [lstm({ units: 50 }), dense({ units: 12 }), reshape({ shape: [12, 1] })];
    expect(formatSummary(summarize({ input: [null, 2], layers })).split('\n')).toEqual([
      'layer      output      parameters',
      'input      [B, T, 2]',
      '0.lstm     [B, 50]          10600',
      '1.dense    [B, 12]            612',
      '2.reshape  [B, 12, 1]           0',
      'total                       11212',
    ]);
  });

  it('prints images', () => {
    const layers = [cnn2d({ filters: 24 }), maxPool2d(), flatten(), dense({ units: 10 })];
    expect(formatSummary(summarize({ input: [28, 28, 1], layers })).split('\n')).toEqual([
      'layer        output           parameters',
      'input        [B, 28, 28, 1]',
      '0.cnn2d      [B, 26, 26, 24]         240',
      '1.maxPool2d  [B, 13, 13, 24]           0',
      '2.flatten    [B, 4056]                 0',
      '3.dense      [B, 10]               40570',
      'total                              40810',
    ]);
  });

  it('names the weights', () => {
    const { rows } = summarize({ input: [4, 2], layers: [gru({ units: 3, bidirectional: true })] });
    expect(rows[0]!.weights).toEqual({
      '0.gru.forward.kernel': [2, 9],
      '0.gru.forward.recurrent': [3, 9],
      '0.gru.forward.bias': [9],
      '0.gru.forward.recurrentBias': [9],
      '0.gru.backward.kernel': [2, 9],
      '0.gru.backward.recurrent': [3, 9],
      '0.gru.backward.bias': [9],
      '0.gru.backward.recurrentBias': [9],
    });
  });
});

describe('a resolved config', () => {
  it('writes out every default, survives JSON, and resolves to itself', () => {
    const { config } = resolveModel({ input: [4, 2], layers: [lstm({ units: 3 }), dense({ units: 1 })] });
    expect(config.layers[0]).toEqual({
      type: 'lstm',
      units: 3,
      returnSequences: false,
      bidirectional: false,
      kernelInit: 'glorotUniform',
      recurrentInit: 'orthogonal',
      biasInit: 'zeros',
      dropout: 0,
      recurrentDropout: 0,
      zoneout: 0,
      layerNorm: false,
      forgetBias: 1,
      cellZoneout: 0,
    });
    const again = JSON.parse(JSON.stringify(config)) as ModelConfig;
    expect(again).toEqual(config);
    expect(resolveModel(again).config).toEqual(config);
  });

  it('takes the pool size as the stride', () => {
    const { config } = resolveModel({ input: [9, 2], layers: [maxPool1d({ poolSize: 3 })] });
    expect(config.layers[0]).toEqual({ type: 'maxPool1d', poolSize: 3, stride: 3 });
    const images = resolveModel({ input: [9, 9, 2], layers: [averagePool2d({ poolSize: [3, 2] })] });
    expect(images.config.layers[0]).toEqual({
      type: 'averagePool2d',
      poolSize: [3, 2],
      stride: [3, 2],
      padding: 0,
    });
  });

  it('is a copy: changing what was given changes nothing', () => {
    const init = { type: 'normal' as const, sigma: 0.1 };
    const { config } = resolveModel({ input: [2], layers: [dense({ units: 1, kernelInit: init })] });
    init.sigma = 9;
    expect((config.layers[0] as { kernelInit?: unknown }).kernelInit).toEqual({ type: 'normal', sigma: 0.1 });
  });
});

describe('refusals', () => {
  const bad =
    (layer: unknown, input: unknown = [12, 2]) =>
    () =>
      resolveModel({ input, layers: [layer] } as unknown as ModelConfig);

  it.each<[string, () => unknown, string]>([
    [
      'an unknown setting',
      bad({ type: 'lstm', units: 3, unit: 4 }),
      "0.lstm: unknown setting 'unit'. Known: units, returnSequences, bidirectional, kernelInit, recurrentInit, biasInit, dropout, recurrentDropout, zoneout, layerNorm, forgetBias, cellZoneout.",
    ],
    [
      'a missing setting',
      bad({ type: 'lstm' }),
      '0.lstm: units is missing. It must be a whole number from 1 to 65536.',
    ],
    ['no units', bad(lstm({ units: 0 })), '0.lstm: units must be a whole number from 1 to 65536, got 0.'],
    [
      'NaN units',
      bad(dense({ units: Number.NaN })),
      '0.dense: units must be a whole number from 1 to 1048576, got NaN.',
    ],
    [
      'units as text',
      bad({ type: 'gru', units: '3' }),
      '0.gru: units must be a whole number from 1 to 65536, got "3".',
    ],
    [
      'an unknown type',
      bad({ type: 'lstmm', units: 3 }),
      'model: layer 0 has the unknown type "lstmm". Known: rnn, lstm,',
    ],
    [
      'a prototype key as type',
      bad({ type: 'constructor' }),
      'model: layer 0 has the unknown type "constructor".',
    ],
    ['a layer that is no object', bad(7), 'model: layer 0 must be { type, … }, got 7.'],
    [
      'an activation',
      bad({ type: 'dense', units: 1, activation: 'toString' }),
      "0.dense: activation must be one of 'linear', 'tanh',",
    ],
    [
      'an initialiser',
      bad({ type: 'dense', units: 1, kernelInit: 'glorot' }),
      '0.dense: kernelInit must be an initialiser: zeros,',
    ],
    [
      'a parameter of an initialiser',
      bad({ type: 'dense', units: 1, kernelInit: { type: 'normal' } }),
      '0.dense: kernelInit must be an initialiser',
    ],
    [
      'a matrix initialiser on a bias',
      bad({ type: 'dense', units: 1, biasInit: 'orthogonal' }),
      '0.dense: biasInit must be an initialiser: zeros, ones, constant, normal, uniform,',
    ],
    [
      'a dropout of everything',
      bad(dropout({ rate: 1 })),
      '0.dropout: rate must be a number from 0 to below 1, got 1.',
    ],
    [
      'a recurrent layer without time',
      bad(rnn({ units: 2 }), [4]),
      'rnn: needs a sequence [B, T, C], got [B, 4].',
    ],
    [
      'a window longer than the input',
      bad(cnn1d({ filters: 1, kernelSize: 3, dilation: 6 })),
      'cnn1d: needs at least 13 steps, got 12.',
    ],
    [
      'flatten of a free length',
      bad(flatten(), [null, 2]),
      'flatten: needs a fixed number of steps, got [B, T, 2].',
    ],
    [
      'a reshape that does not fit',
      bad(reshape({ shape: [5, 2] })),
      'reshape: [B, 5, 2] needs 10 values an example, got [B, 12, 2].',
    ],
    [
      'an input of four axes',
      bad(dense({ units: 1 }), [2, 3, 4, 5]),
      'model: input must be [steps, channels], [null, channels], [height, width, channels] or [features], got [2,3,4,5].',
    ],
    [
      'an image of any height',
      bad(cnn2d({ filters: 1 }), [null, 3, 4]),
      'model: input must be [steps, channels], [null, channels], [height, width, channels] or [features], got [null,3,4].',
    ],
    [
      'an image layer without an image',
      bad(cnn2d({ filters: 1 })),
      'cnn2d: needs images [B, H, W, C], got [B, 12, 2].',
    ],
    [
      'a recurrent layer on images',
      bad(lstm({ units: 1 }), [5, 5, 1]),
      'lstm: needs a sequence [B, T, C], got [B, 5, 5, 1].',
    ],
    [
      'a window higher than the image',
      bad(cnn2d({ filters: 1, dilation: [3, 1] }), [6, 5, 1]),
      'cnn2d: needs at least 7 rows, got 6.',
    ],
    [
      'a window wider than the image',
      bad(maxPool2d({ poolSize: [1, 4] }), [6, 3, 1]),
      'maxPool2d: needs at least 4 columns, got 3.',
    ],
    [
      'a kernel of three sizes',
      bad({ type: 'cnn2d', filters: 1, kernelSize: [3, 3, 3] }, [6, 3, 1]),
      '0.cnn2d: kernelSize must be a whole number from 1 to 4096, or two of them, [height, width], got [3,3,3].',
    ],
    [
      'a config that is none',
      () => resolveModel(null as unknown as ModelConfig),
      'model: config must be { input, layers }, got null.',
    ],
    [
      'no layers',
      () => resolveModel({ input: [2], layers: [] }),
      'model: layers must be a list of 1 to 1000 layers, got 0 layers.',
    ],
    [
      'an unknown part',
      () => resolveModel({ input: [2], layers: [], x: 1 } as never),
      "model: unknown part 'x' of the config. Known: input, layers.",
    ],
  ])('%s', (_name, act, message) => {
    expect(act).toThrow(message);
  });
});
