// Runs of `fit` as a plan beside the same runs on the tape, which is what a plan means.

import * as tf from '@tensorflow/tfjs-core';
import { currentKernels } from '@tidecast/backend';
import { arraySamples, type NdArray, type Samples } from '@tidecast/data';
import {
  averagePool1d,
  averagePool2d,
  batchNorm,
  cnn1d,
  cnn2d,
  createModel,
  dense,
  dropout,
  flatten,
  globalPool2d,
  gru,
  type LayerConfig,
  lstm,
  maxPool1d,
  maxPool2d,
  registerLayer,
  residual,
  rnn,
  separableCnn2d,
} from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  adam,
  adamw,
  crossEntropy,
  type FitOptions,
  fit,
  huber,
  mae,
  mse,
  type ProgressEvent,
  rmsprop,
  sgd,
} from '../../src/index.ts';
import { randomArray, weightsOf } from '../helpers.ts';

setUpBackend();

const only = testBackend === 'wasm' ? describe : describe.skip;
const why = testBackend === 'wasm' ? '' : ' (skipped: plans run on WASM only)';

const base: FitOptions = {
  loss: mse(),
  optimizer: adam({ learningRate: 0.01 }),
  epochs: 4,
  batchSize: 16,
  seed: 5,
};

/** 40 examples: two whole batches of 16 and one of 8 in every epoch, twelve losses in four. */
const COUNT = 40;
const sequences = arraySamples({ x: randomArray([COUNT, 7, 2], 1), y: randomArray([COUNT, 3], 2) });
const images = arraySamples({ x: randomArray([COUNT, 9, 8, 2], 1), y: randomArray([COUNT, 3], 2) });

type Path = 'planned' | 'tape';

/** Trains a new model of `layers` on one path; the numbers of every batch, the weights, and how the run was made. */
async function train(
  layers: LayerConfig[],
  samples: Samples,
  { path, ...options }: Partial<FitOptions> & { path?: Path },
  seed = 3,
) {
  const model = createModel({ input: samples.xShape, layers }, { seed });
  const batches: Extract<ProgressEvent, { kind: 'batch' }>[] = [];
  let start: Extract<ProgressEvent, { kind: 'start' }> | undefined;
  const saved: Uint8Array[] = [];
  try {
    const history = await fit(path === 'tape' ? { ...model, plan: undefined } : model, samples, {
      ...base,
      checkpoint: { write: (bytes) => void saved.push(bytes.slice()) },
      ...options,
      onProgress(event) {
        if (event.kind === 'start') start = event;
        if (event.kind === 'batch') batches.push(event);
        options.onProgress?.(event);
      },
    });
    return { batches, start: start!, history, saved, weights: weightsOf(model) };
  } finally {
    model.dispose();
  }
}

type Trained = Awaited<ReturnType<typeof train>>;

/** Losses and norms to within 1e-5 relative, weights to within 2e-5, and the same decisions. */
function expectSame(got: Trained, expected: Pick<Trained, 'batches' | 'weights' | 'history'>) {
  expect(got.batches).toHaveLength(expected.batches.length);
  got.batches.forEach(({ loss, gradientNorm, ...rest }, i) => {
    const { loss: expectedLoss, gradientNorm: expectedNorm, ...same } = expected.batches[i]!;
    expect(rest).toEqual(same);
    expect(Math.abs(loss - expectedLoss) / expectedLoss, `loss ${i + 1}`).toBeLessThan(1e-5);
    expect(Math.abs(gradientNorm - expectedNorm) / expectedNorm, `norm ${i + 1}`).toBeLessThan(1e-5);
  });
  expect(Object.keys(got.weights)).toEqual(Object.keys(expected.weights));
  for (const [name, values] of Object.entries(expected.weights)) {
    const worst = values.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - got.weights[name]![i]!)),
      0,
    );
    expect(worst, name).toBeLessThan(2e-5);
  }
  expect(got.history.epochs).toHaveLength(expected.history.epochs.length);
}

const sequence = { returnSequences: true };
const regularised = { recurrentDropout: 0.3, zoneout: 0.2 };
const networks: Record<string, [LayerConfig[], Samples]> = {
  dense: [[flatten(), dense({ units: 9, activation: 'swish' }), dense({ units: 3 })], sequences],
  lstm: [[lstm({ units: 5 }), dense({ units: 3 })], sequences],
  gru: [[gru({ units: 5 }), dense({ units: 3 })], sequences],
  'gru, reset before': [[gru({ units: 5, resetAfter: false }), dense({ units: 3 })], sequences],
  rnn: [[rnn({ units: 5 }), dense({ units: 3 })], sequences],
  'both ways, stacked': [
    [lstm({ units: 3, bidirectional: true, ...sequence }), gru({ units: 4, ...sequence }), rnn({ units: 3 })],
    sequences,
  ],
  cnn1d: [
    [
      cnn1d({ filters: 6 }),
      maxPool1d(),
      cnn1d({ filters: 5 }),
      averagePool1d(),
      flatten(),
      dense({ units: 3 }),
    ],
    sequences,
  ],
  cnn2d: [
    [
      cnn2d({ filters: 6 }),
      maxPool2d(),
      cnn2d({ filters: 5, padding: 'same' }),
      flatten(),
      dense({ units: 3 }),
    ],
    images,
  ],
  // Smooth functions: where two paths round to either side of a kink, their runs part. And no bias before batch norm: its
  // gradient is nothing but rounding, which Adam makes as large as any.
  'batch norm, residual and separable': [
    [
      cnn2d({ filters: 6, padding: 1, groups: 2, useBias: false, activation: 'linear' }),
      batchNorm({ activation: 'tanh' }),
      averagePool2d({ poolSize: 3, stride: 2, padding: 1 }),
      residual({
        layers: [cnn2d({ filters: 8, padding: 1, stride: 2, activation: 'tanh' }), dropout({ rate: 0.2 })],
        shortcut: 'projection',
        activation: 'swish',
      }),
      ...separableCnn2d({ filters: 5, padding: 'same', batchNorm: true, activation: 'tanh' }),
      globalPool2d(),
      dense({ units: 3 }),
    ],
    images,
  ],
  dropout: [
    [
      lstm({ units: 5, ...sequence }),
      dropout({ rate: 0.3 }),
      gru({ units: 4 }),
      dropout({ rate: 0.2 }),
      dense({ units: 3 }),
    ],
    sequences,
  ],
  ...Object.fromEntries(
    Object.entries<LayerConfig>({
      'lstm, regularised': lstm({ units: 5, ...regularised, cellZoneout: 0.2 }),
      'gru, regularised': gru({ units: 5, ...regularised }),
      'gru, reset before, regularised': gru({ units: 5, resetAfter: false, ...regularised }),
      'rnn, regularised': rnn({ units: 5, ...regularised }),
      'lstm, layer norm': lstm({ units: 20, layerNorm: true }),
      'gru, layer norm': gru({ units: 20, layerNorm: true }),
      'gru, reset before, layer norm': gru({ units: 20, resetAfter: false, layerNorm: true }),
      'rnn, layer norm': rnn({ units: 20, layerNorm: true }),
    }).map(([name, layer]) => [name, [[layer, dense({ units: 3 })], sequences]]),
  ),
};

/** Weights from 0 to 1.5 of every target. */
const weight = (count: number, targets: number): NdArray => ({
  data: Float32Array.from({ length: count * targets }, (_, i) => ((i * 7 + 1) % 4) / 2),
  shape: [count, targets],
});

/** Sequences of 1 to 7 steps, padded in front, behind, or with a gap; NaN where there is no step. */
function masked(): Samples {
  const x = randomArray([COUNT, 7, 2], 1);
  const mask = { data: new Float32Array(COUNT * 7), shape: [COUNT, 7] };
  for (let b = 0; b < COUNT; b++) {
    const length = 1 + (b % 7);
    const first = b % 3 === 0 ? 7 - length : 0;
    mask.data.fill(1, b * 7 + first, b * 7 + first + length);
    if (b % 5 === 0 && length > 2) mask.data[b * 7 + first + 1] = 0;
  }
  mask.data.forEach((real, i) => {
    if (!real) x.data.fill(Number.NaN, 2 * i, 2 * i + 2);
  });
  return arraySamples({ x: x, y: randomArray([COUNT, 3], 2), mask });
}

/** One example of all has a masked step, another one weights; only the batches that hold them bring a mask or weights. */
function seldom(): Samples {
  const mask = { data: new Float32Array(COUNT * 7).fill(1), shape: [COUNT, 7] };
  const weights = { data: new Float32Array(COUNT * 3).fill(1), shape: [COUNT, 3] };
  mask.data[7 * 37 + 2] = 0;
  weights.data[3 * 5] = 0.25;
  const all = arraySamples({
    x: randomArray([COUNT, 7, 2], 1),
    y: randomArray([COUNT, 3], 2),
    mask,
    weight: weights,
  });
  const plain = (array: NdArray | undefined) => !array || array.data.every((value) => value === 1);
  return {
    ...all,
    batch(indices) {
      const { mask: real, weight: weighs, ...rest } = all.batch(indices);
      return { ...rest, ...(!plain(real) && { mask: real }), ...(!plain(weighs) && { weight: weighs }) };
    },
  };
}

const small: LayerConfig[] = [lstm({ units: 5 }), dense({ units: 3 })];
const classes = (): NdArray => {
  const { data, shape } = randomArray([COUNT, 3], 2);
  const rows = Float32Array.from(data, Math.exp);
  for (let i = 0; i < rows.length; i += 3) {
    const sum = rows[i]! + rows[i + 1]! + rows[i + 2]!;
    for (let k = 0; k < 3; k++) rows[i + k]! /= sum;
  }
  return { data: rows, shape };
};

const runs: Record<string, [LayerConfig[], Samples, Partial<FitOptions>?]> = {
  ...networks,
  'masked lstm': [small, masked()],
  'a mask and weights in some batches only': [small, seldom()],
  'masked gru both ways, then rnn': [
    [gru({ units: 3, bidirectional: true, ...sequence }), rnn({ units: 4 }), dense({ units: 3 })],
    masked(),
  ],
  'masked, both ways, regularised': [
    [
      lstm({ units: 3, bidirectional: true, cellZoneout: 0.1, ...regularised, ...sequence }),
      gru({ units: 4, dropout: 0.2, ...regularised }),
      dense({ units: 3 }),
    ],
    masked(),
  ],
  'masked, both ways, all regularisers': [
    [
      lstm({ units: 9, bidirectional: true, layerNorm: true, cellZoneout: 0.1, ...regularised, ...sequence }),
      gru({ units: 10, layerNorm: true, dropout: 0.2, ...regularised }),
      dense({ units: 3 }),
    ],
    masked(),
  ],
  weights: [
    small,
    arraySamples({
      x: randomArray([COUNT, 7, 2], 1),
      y: randomArray([COUNT, 3], 2),
      weight: weight(COUNT, 3),
    }),
  ],
  mae: [small, sequences, { loss: mae() }],
  huber: [small, sequences, { loss: huber({ delta: 0.5 }) }],
  'cross-entropy': [
    small,
    arraySamples({ x: randomArray([COUNT, 7, 2], 1), y: classes() }),
    { loss: crossEntropy() },
  ],
  'cross-entropy, weighted': [
    small,
    arraySamples({ x: randomArray([COUNT, 7, 2], 1), y: classes(), weight: weight(COUNT, 3) }),
    { loss: crossEntropy() },
  ],
  'clipped by norm': [small, sequences, { clip: { norm: 0.2 } }],
  'clipped by value': [small, sequences, { clip: { value: 0.05 } }],
  'clipped by both': [small, sequences, { clip: { norm: 0.2, value: 0.1 } }],
  'sgd, nesterov': [
    small,
    sequences,
    { optimizer: sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }) },
  ],
  'rmsprop, momentum': [small, sequences, { optimizer: rmsprop({ momentum: 0.5, weightDecay: 0.01 }) }],
  adamw: [small, sequences, { optimizer: adamw({ learningRate: 0.02, weightDecay: 0.1 }) }],
};

only(`planned as on the tape: twelve losses within 1e-5 relative, weights within 2e-5${why}`, () => {
  it.each(Object.entries(runs))('%s', async (_, [layers, samples, options = {}]) => {
    const tape = await train(layers, samples, { ...options, path: 'tape' });
    const planned = await train(layers, samples, { ...options, path: 'planned' });
    expect(tape.start).toMatchObject({ path: 'tape', why: 'the model has no planned form' });
    expect(planned.start).toMatchObject({ path: 'planned' });
    expect(planned.start).not.toHaveProperty('why');
    expect(tape.batches).toHaveLength(12);
    expectSame(planned, tape);
    if (options.clip?.norm) expect(tape.batches.some(({ clippedByNorm }) => clippedByNorm)).toBe(true);
    if (options.clip?.value) expect(tape.batches.some(({ clippedByValue }) => clippedByValue)).toBe(true);
  });

  it.each([
    ['planned', 'tape'],
    ['tape', 'planned'],
  ] as [Path, Path][])('a run begun %s and resumed from any epoch %s', async (first, second) => {
    for (const optimizer of [base.optimizer, sgd({ learningRate: 0.1, momentum: 0.9 })]) {
      const whole = await train(networks.dropout![0], sequences, { path: first, optimizer });
      for (const [i, resume] of whole.saved.slice(0, -1).entries()) {
        const rest = await train(networks.dropout![0], sequences, { path: second, optimizer, resume }, 99);
        expectSame(rest, { ...whole, batches: whole.batches.slice(3 * (i + 1)) });
      }
    }
  });
});

only(`the way a run is made${why}`, () => {
  const startOf = async (layers: LayerConfig[], samples = sequences, options: Partial<FitOptions> = {}) => {
    const { start } = await train(layers, samples, { epochs: 1, ...options });
    return { path: start.path, why: start.why };
  };

  it('is the tape, and the start says why: a layer of one’s own, a loss of one’s own, masks on a convolution', async () => {
    const undo = registerLayer('double', {
      settings: {},
      outputShape: (_, input) => input,
      apply: ({ x }) => ({ x: tf.mul(x, 2) }),
    });
    expect(await startOf([lstm({ units: 3 }), { type: 'double' }])).toEqual({
      path: 'tape',
      why: 'layer 1.double: double has no planned form',
    });
    undo();
    const own = { ...mse(), config: { type: 'own' }, plan: undefined };
    expect(await startOf(small, sequences, { loss: own })).toEqual({
      path: 'tape',
      why: 'the loss own has no planned form',
    });
    const convolution = [cnn1d({ filters: 3, padding: 'causal' }), lstm({ units: 3 })];
    expect(await startOf(convolution, masked())).toEqual({
      path: 'tape',
      why: 'layer 0.cnn1d: cnn1d has no planned form for masked inputs',
    });
  });

  it('becomes the tape where a batch is the first to bring a mask, and a convolution stands in the way', async () => {
    const layers = [cnn1d({ filters: 3, padding: 'causal' }), lstm({ units: 3 })];
    const events: ProgressEvent[] = [];
    const onProgress = (event: ProgressEvent) => void (event.kind === 'path' && events.push(event));
    const planned = await train(layers, seldom(), { onProgress });
    expect(planned.start.path).toBe('planned');
    expect(events).toEqual([
      { kind: 'path', path: 'tape', why: 'layer 0.cnn1d: cnn1d has no planned form for masked inputs' },
    ]);
    expectSame(planned, await train(layers, seldom(), { path: 'tape' }));
  });

  it('is a plan for the network of an MNIST classifier', async () => {
    const layers = [
      cnn2d({ filters: 24 }),
      maxPool2d(),
      cnn2d({ filters: 36 }),
      maxPool2d(),
      flatten(),
      dense({ units: 128, activation: 'relu' }),
      dense({ units: 10 }),
    ];
    const digits = {
      data: Float32Array.from({ length: 160 }, (_, i) => Number(i % 11 === 0)),
      shape: [16, 10],
    };
    const samples = arraySamples({ x: randomArray([16, 28, 28, 1], 1), y: digits });
    const options = { loss: crossEntropy(), optimizer: adam(), epochs: 5, batchSize: 8 };
    const { start, history } = await train(layers, samples, options);
    expect(start).toMatchObject({ path: 'planned', parameters: 240 + 7812 + 900 * 128 + 128 + 1290 });
    expect(history.epochs[4]!.loss).toBeLessThan(history.epochs[0]!.loss);
  });
});

const memorySize = () => currentKernels()!.memory.buffer.byteLength;

only(`memory${why}`, () => {
  it('10,000 planned steps leave no tensor and take no memory', async () => {
    let tensors = 0;
    let bytes = 0;
    let steps = 0;
    const layers = [gru({ units: 3, layerNorm: true, ...regularised }), dense({ units: 3 })];
    const { start } = await train(layers, sequences, {
      epochs: 2000,
      batchSize: 8,
      checkpoint: undefined,
      onProgress(event) {
        if (event.kind !== 'batch') return;
        if (++steps === 10) [tensors, bytes] = [tf.memory().numTensors, memorySize()];
        if (steps % 100 === 0) {
          expect(tf.memory().numTensors).toBe(tensors);
          expect(memorySize()).toBe(bytes);
        }
      },
    });
    expect(start.path).toBe('planned');
    expect(steps).toBe(10_000);
  });

  it('30 runs, some of which fail, give their arenas back', async () => {
    // An arena of some 3 MB: ten of them kept would have to grow the memory.
    const layers = [lstm({ units: 64, ...sequence }), lstm({ units: 64 }), dense({ units: 3 })];
    const samples = arraySamples({ x: randomArray([64, 40, 2], 1), y: randomArray([64, 3], 2) });
    const one = { epochs: 1, batchSize: 64, checkpoint: undefined };
    const failing = (kind: ProgressEvent['kind']) => ({
      ...one,
      onProgress(event: ProgressEvent) {
        if (event.kind === kind) throw new Error(`enough at ${kind}`);
      },
    });
    await train(layers, samples, one);
    const bytes = memorySize();
    for (let run = 0; run < 10; run++) {
      await train(layers, samples, one);
      await expect(train(layers, samples, failing('start'))).rejects.toThrow('enough at start');
      await expect(train(layers, samples, failing('batch'))).rejects.toThrow('enough at batch');
    }
    expect(memorySize()).toBe(bytes);
  });

  it('training goes on as if nothing had happened when the memory grows in the middle', async () => {
    const layers = networks.dropout![0];
    const calm = await train(layers, sequences, {});
    const bytes = memorySize();
    const large: tf.Tensor[] = [];
    const disturbed = await train(layers, sequences, {
      onProgress(event) {
        if (event.kind !== 'batch' || event.epoch !== 2 || event.batch !== 2) return;
        large.push(tf.zeros([Math.ceil(memorySize() / 4)]));
      },
    });
    expect(memorySize()).toBeGreaterThan(bytes);
    tf.dispose(large);
    expect(disturbed.weights).toEqual(calm.weights);
    expect(disturbed.batches).toEqual(calm.batches);
  });

  it('what tfjs keeps of the weights between two calls of apply is that of the last update', async () => {
    const layers = [
      cnn2d({ filters: 4 }),
      separableCnn2d({ filters: 3 }),
      flatten(),
      dense({ units: 3 }),
    ].flat();
    const model = createModel({ input: [9, 8, 2], layers }, { seed: 3 });
    const x = randomArray([2, 9, 8, 2], 7);
    const applied = () => tf.tidy(() => model.apply(tf.tensor(x.data, x.shape)).dataSync<'float32'>());
    try {
      const before = applied();
      await fit(model, images, { ...base, epochs: 20 });
      const [after, planned] = [applied(), model.infer!(x)!.data];
      for (let i = 0; i < after.length; i++) expect(Math.abs(after[i]! - planned[i]!)).toBeLessThan(1e-5);
      expect(Math.max(...after.map((value, i) => Math.abs(value - before[i]!)))).toBeGreaterThan(0.01);
    } finally {
      model.dispose();
    }
  });

  it('clones and reshapes of weights keep the values they were made with, and change nothing', async () => {
    const calm = await train(small, sequences, {});
    const model = createModel({ input: [7, 2], layers: small }, { seed: 3 });
    const kept: { tensor: tf.Tensor; values: number[] }[] = [];
    await fit(model, sequences, {
      ...base,
      onProgress(event) {
        if (event.kind !== 'batch' || event.batch === 3) return;
        for (const variable of Object.values(model.weights)) {
          const tensor = event.batch === 1 ? tf.clone(variable) : tf.reshape(variable, [-1]);
          kept.push({ tensor, values: [...variable.dataSync()] });
        }
      },
    });
    expect(kept).toHaveLength(2 * 4 * 5);
    for (const { tensor, values } of kept) expect([...tensor.dataSync()]).toEqual(values);
    expect(weightsOf(model)).toEqual(calm.weights);
    tf.dispose(kept.map(({ tensor }) => tensor));
    model.dispose();
  });
});
