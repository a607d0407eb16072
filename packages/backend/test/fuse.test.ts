// Recurrent models of tfjs-layers, fused and as they are: the same outputs and the same training.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { setUpBackend } from '../../../test/backend.ts';
import {
  expectSame,
  expectSameTraining,
  gru,
  gruCell,
  lstm,
  lstmCell,
  simpleRNN,
  simpleRNNCell,
  twins,
} from './fuse-twins.ts';
import { noise } from './reference/support.ts';

type RNNCell = layers.RNN['cell'];

setUpBackend();

// tfjs-layers warns of unroll at every call.
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

const { bidirectional, dense, embedding, flatten, masking, rnn, timeDistributed } = layers.layers;
const [B, T, C] = [5, 7, 3];
const inputShape = [T, C];

/** `[B, T, C]`; with masks, steps of zeros at the start, in the middle and at the end, and one row of nothing else. */
function sequences(padded = false): tf.Tensor3D {
  const values = noise(B * T * C, 3);
  if (padded) {
    for (const [b, t] of [0, 3, 4, 13, 20, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34].map((row) => [
      Math.floor(row / T),
      row % T,
    ])) {
      values.fill(0, (b! * T + t!) * C, (b! * T + t! + 1) * C);
    }
  }
  return tf.tensor3d(values, [B, T, C]);
}

const stack =
  (...parts: (() => layers.layers.Layer)[]) =>
  () =>
    layers.sequential({ layers: parts.map((part) => part()) });

/** Models of one input `[B, T, C]`. */
const cases: Record<string, () => layers.LayersModel> = {
  'LSTM with its defaults': stack(
    () => lstm({ units: 5, inputShape }),
    () => dense({ units: 2 }),
  ),
  'LSTM twice, sigmoid, all steps': stack(
    () => lstm({ units: 4, recurrentActivation: 'sigmoid', returnSequences: true, inputShape }),
    () => lstm({ units: 5, recurrentActivation: 'sigmoid', returnSequences: true, implementation: 1 }),
  ),
  'LSTM backwards, all steps, without bias': stack(() =>
    lstm({ units: 5, goBackwards: true, returnSequences: true, useBias: false, inputShape }),
  ),
  'LSTM backwards, last step, one unit, unrolled': stack(() =>
    lstm({ units: 1, goBackwards: true, unroll: true, inputShape }),
  ),
  'GRU with its defaults': stack(() => gru({ units: 5, inputShape })),
  'GRU backwards, all steps, without bias, sigmoid': stack(() =>
    gru({
      units: 4,
      goBackwards: true,
      returnSequences: true,
      useBias: false,
      recurrentActivation: 'sigmoid',
      implementation: 2,
      inputShape,
    }),
  ),
  'SimpleRNN with its defaults': stack(() => simpleRNN({ units: 5, inputShape })),
  'SimpleRNN, relu, backwards, all steps, without bias': stack(() =>
    simpleRNN({
      units: 5,
      activation: 'relu',
      goBackwards: true,
      returnSequences: true,
      useBias: false,
      inputShape,
    }),
  ),
  'RNN of LSTMCell': stack(() =>
    rnn({ cell: lstmCell({ units: 4 }) as RNNCell, returnSequences: true, inputShape }),
  ),
  'RNN of GRUCell': stack(() => rnn({ cell: gruCell({ units: 4 }) as RNNCell, inputShape })),
  'RNN of SimpleRNNCell': stack(() => rnn({ cell: simpleRNNCell({ units: 4 }) as RNNCell, inputShape })),
  'Bidirectional LSTM, all steps, concatenated': stack(() =>
    bidirectional({
      layer: lstm({ units: 4, returnSequences: true }) as layers.RNN,
      mergeMode: 'concat',
      inputShape,
    }),
  ),
  'Bidirectional GRU, last step, multiplied': stack(() =>
    bidirectional({ layer: gru({ units: 4 }) as layers.RNN, mergeMode: 'mul', inputShape }),
  ),
  'weights with regularisers and constraints, and a frozen layer': stack(
    () => simpleRNN({ units: 4, returnSequences: true, trainable: false, inputShape }),
    () =>
      lstm({
        units: 4,
        kernelRegularizer: 'l1l2',
        recurrentRegularizer: 'l1l2',
        biasRegularizer: 'l1l2',
        kernelConstraint: 'maxNorm',
        recurrentConstraint: 'unitNorm',
        biasConstraint: 'nonNeg',
      }),
  ),
  'a model in a model, one layer used twice': () => {
    const inner = layers.sequential({ layers: [gru({ units: 3, returnSequences: true, inputShape })] });
    const shared = lstm({ units: 4 });
    const input = layers.input({ shape: inputShape });
    const first = shared.apply(inner.apply(input)) as layers.SymbolicTensor;
    const cut = inner.apply(layers.layers.activation({ activation: 'tanh' }).apply(input));
    const second = shared.apply(cut) as layers.SymbolicTensor;
    const sum = layers.layers.concatenate().apply([first, second]) as layers.SymbolicTensor;
    return layers.model({ inputs: input, outputs: sum });
  },
  'all states returned': () => {
    const input = layers.input({ shape: inputShape });
    const states = [
      ...(lstm({ units: 4, returnState: true, returnSequences: true }).apply(
        input,
      ) as layers.SymbolicTensor[]),
      ...(gru({ units: 3, returnState: true }).apply(input) as layers.SymbolicTensor[]),
    ];
    const flat = [flatten().apply(states[0]!) as layers.SymbolicTensor, ...states.slice(1)];
    return layers.model({
      inputs: input,
      outputs: layers.layers.concatenate().apply(flat) as layers.SymbolicTensor,
    });
  },
  'encoder and decoder, by initial states': () => {
    const input = layers.input({ shape: inputShape });
    const [, h, c] = lstm({ units: 4, returnState: true }).apply(input) as layers.SymbolicTensor[];
    const decoded = lstm({ units: 4, returnSequences: true, goBackwards: true }).apply([input, h!, c!]);
    return layers.model({ inputs: input, outputs: decoded as layers.SymbolicTensor });
  },
};

/** The same with masked steps. */
const masked: Record<string, () => layers.LayersModel> = {
  'LSTM, last step': stack(
    () => masking({ maskValue: 0, inputShape }),
    () => lstm({ units: 4 }),
  ),
  'LSTM over GRU over SimpleRNN, all steps': stack(
    () => masking({ maskValue: 0, inputShape }),
    () => lstm({ units: 4, returnSequences: true }),
    () => gru({ units: 4, returnSequences: true }),
    () => simpleRNN({ units: 4, returnSequences: true }),
  ),
  'GRU backwards, all steps': stack(
    () => masking({ maskValue: 0, inputShape }),
    () => gru({ units: 4, returnSequences: true, goBackwards: true }),
  ),
  'Bidirectional LSTM, all steps, added': stack(
    () => masking({ maskValue: 0, inputShape }),
    () => bidirectional({ layer: lstm({ units: 4, returnSequences: true }) as layers.RNN, mergeMode: 'sum' }),
    () => dense({ units: 2 }),
  ),
  'initial states, all steps': () => {
    const input = layers.input({ shape: inputShape });
    const kept = masking({ maskValue: 0 }).apply(input) as layers.SymbolicTensor;
    const state = dense({ units: 4 }).apply(flatten().apply(input)) as layers.SymbolicTensor;
    const output = gru({ units: 4, returnSequences: true }).apply([kept, state]) as layers.SymbolicTensor;
    return layers.model({ inputs: input, outputs: output });
  },
};

async function expectTwins(build: () => layers.LayersModel, x: tf.Tensor) {
  const pair = twins(build);
  expect(pair.left).toEqual([]);
  expect(pair.fused.length).toBeGreaterThan(0);
  expectSame(pair.fast.predict(x), pair.plain.predict(x), 1e-5);
  const y = tf.tidy(() => tf.tanh(tf.mul(2, pair.plain.predict(x) as tf.Tensor)));
  await expectSameTraining(pair, x, y);
  pair.dispose();
  y.dispose();
}

const bounds = 'outputs within 1e-5, ten losses within 1e-5 of the first, outputs after them within 1e-4';

describe(`fuse: ${bounds}`, () => {
  for (const [name, build] of Object.entries(cases)) {
    it(name, async () => {
      const x = sequences();
      await expectTwins(build, x);
      x.dispose();
    });
  }

  for (const [name, build] of Object.entries(masked)) {
    it(`masked steps: ${name}`, async () => {
      const x = sequences(true);
      await expectTwins(build, x);
      x.dispose();
    });
  }

  it('masked steps: Embedding with maskZero', async () => {
    const x = tf.tensor2d([1, 2, 0, 0, 3, 0, 0, 4, 5, 0, 0, 0], [3, 4]);
    await expectTwins(
      stack(
        () => embedding({ inputDim: 6, outputDim: 3, maskZero: true, inputLength: 4 }),
        () => lstm({ units: 4, returnSequences: true }),
      ),
      x,
    );
    x.dispose();
  });

  it('TimeDistributed LSTM', async () => {
    const x = tf.tensor4d(noise(2 * 3 * 4 * 2, 8), [2, 3, 4, 2]);
    await expectTwins(
      stack(() => timeDistributed({ layer: lstm({ units: 3 }), inputShape: [3, 4, 2] })),
      x,
    );
    x.dispose();
  });

  for (const activation of [
    'elu',
    'hardSigmoid',
    'linear',
    'relu',
    'sigmoid',
    'softmax',
    'softplus',
    'swish',
    'tanh',
  ] as const) {
    it(`activation ${activation}, in the cell and in the gates`, async () => {
      const x = sequences();
      const gates = activation === 'linear' || activation === 'softplus' ? 'sigmoid' : activation;
      const names = { activation, recurrentActivation: gates } as const;
      await expectTwins(
        stack(
          () => lstm({ units: 3, ...names, returnSequences: true, inputShape }),
          () => gru({ units: 3, ...names, returnSequences: true }),
          () => simpleRNN({ units: 3, activation }),
        ),
        x,
      );
      x.dispose();
    });
  }
});
