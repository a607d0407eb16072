// Runs that go on from the states of the run before: parts of a sequence give what the whole gives.

import * as tf from '@tensorflow/tfjs-core';
import type { NdArray } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import {
  cnn1d,
  createModel,
  dense,
  gru,
  type LayerConfig,
  lstm,
  type Model,
  maxPool1d,
  rnn,
} from '../src/index.ts';
import { testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';
import { withoutKernels } from './without-kernels.ts';

setUpBackend();

const [BATCH, STEPS, CHANNELS, CUT] = [3, 9, 2, 4];
const sequence = { returnSequences: true };
const networks: Record<string, LayerConfig[]> = {
  rnn: [rnn({ units: 5, ...sequence })],
  lstm: [lstm({ units: 5, ...sequence })],
  gru: [gru({ units: 5, ...sequence })],
  'gru, reset before': [gru({ units: 5, resetAfter: false, ...sequence })],
  'a stack': [
    dense({ units: 3, activation: 'tanh' }),
    lstm({ units: 3, ...sequence }),
    gru({ units: 5, ...sequence }),
    dense({ units: 2 }),
    rnn({ units: 4, ...sequence }),
  ],
};

type States = Record<string, NdArray>;
type Run = (
  model: Model,
  x: NdArray,
  options?: { state?: States; mask?: NdArray; stateAfter?: number },
) => { output: NdArray; state: States };

const toTensor = ({ data, shape }: NdArray) => tf.tensor(data, shape);
const toArray = (tensor: tf.Tensor): NdArray => ({
  data: tensor.dataSync<'float32'>().slice(),
  shape: tensor.shape,
});
const mapped = <A, B>(all: Record<string, A>, each: (one: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(all).map(([name, one]) => [name, each(one)]));

/** `tf.tidy` for what is no tensor. */
function tidied<T>(run: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = run();
  });
  return result!;
}

const onTape: Run = (model, x, { state = {}, mask, stateAfter } = {}) =>
  tidied(() => {
    const result = model.applyStateful!(toTensor(x), {
      state: mapped(state, toTensor),
      ...(mask && { mask: toTensor(mask) }),
      ...(stateAfter !== undefined && { stateAfter }),
    });
    return { output: toArray(result.output), state: mapped(result.state, toArray) };
  });

const ways: [string, Run][] = [
  ['fused', onTape],
  ['composed', (...call) => withoutKernels(() => onTape(...call))],
  ...(testBackend === 'wasm'
    ? ([['planned', (model, x, options) => model.inferStateful!(x, options)!]] as [string, Run][])
    : []),
];

const x = { data: valuesOf('x', BATCH * STEPS * CHANNELS), shape: [BATCH, STEPS, CHANNELS] };
/** Steps `from` to `to` of every row. */
function cut({ data, shape: [rows = 0, steps = 0, ...rest] }: NdArray, from: number, to: number): NdArray {
  const width = rest.reduce((product, size) => product * size, 1);
  const parts = Array.from({ length: rows }, (_, b) => [
    ...data.subarray((b * steps + from) * width, (b * steps + to) * width),
  ]);
  return { data: Float32Array.from(parts.flat()), shape: [rows, to - from, ...rest] };
}
/** Padding on the left of one row, in the middle of another, and everywhere after the cut in the last. */
const mask = {
  data: Float32Array.from({ length: BATCH * STEPS }, (_, i) => {
    const [b, t] = [Math.floor(i / STEPS), i % STEPS];
    return Number(b === 0 ? t > 1 : b === 1 ? t !== 3 && t !== 5 : t < CUT);
  }),
  shape: [BATCH, STEPS],
};

describe.each(ways)('states, %s', (_, run) => {
  describe.each(Object.entries(networks))('%s', (_name, layers) => {
    it.each([
      ['without a mask', undefined],
      ['masked', mask],
    ])('two parts give what the whole gives within 1e-6, %s', (_masked, real) => {
      const model = testModel({ input: [null, CHANNELS], layers });
      const part = (from: number, to: number, state?: States) =>
        run(model, cut(x, from, to), { ...(state && { state }), ...(real && { mask: cut(real, from, to) }) });
      const whole = run(model, x, real && { mask: real });
      const first = part(0, CUT);
      const second = part(CUT, STEPS, first.state);
      expect(relativeError(first.output.data, cut(whole.output, 0, CUT).data)).toBeLessThanOrEqual(1e-6);
      expect(relativeError(second.output.data, cut(whole.output, CUT, STEPS).data)).toBeLessThanOrEqual(1e-6);
      expect(Object.keys(whole.state)).toEqual(Object.keys(model.states!));
      for (const [name, { data, shape }] of Object.entries(whole.state)) {
        expect(shape).toEqual([BATCH, (model.states as Record<string, number>)[name]]);
        expect(relativeError(second.state[name]!.data, data), name).toBeLessThanOrEqual(1e-6);
      }
      const early = run(model, x, { ...(real && { mask: real }), stateAfter: CUT });
      expect(relativeError(early.output.data, whole.output.data)).toBeLessThanOrEqual(1e-6);
      for (const [name, { data }] of Object.entries(first.state)) {
        expect(relativeError(early.state[name]!.data, data), `${name} early`).toBeLessThanOrEqual(1e-6);
      }
      model.dispose();
    });
  });

  it('the last state alone: output and state are the same values, and a zero state is no state', () => {
    const model = testModel({ input: [null, CHANNELS], layers: [lstm({ units: 5 })] });
    const { output, state } = run(model, x);
    expect(output).toEqual(state['0.lstm.h']);
    const zeros = mapped(state, ({ data, shape }) => ({ data: data.map(() => 0), shape }));
    expect(run(model, x, { state: zeros })).toEqual({ output, state });
    const { '0.lstm.h': h } = state;
    const half = run(model, x, { state: { '0.lstm.h': h! } });
    expect(half).toEqual(run(model, x, { state: { ...zeros, '0.lstm.h': h! } }));
    model.dispose();
  });

  it('refuses states that do not fit, and says what is expected', () => {
    const model = createModel({ input: [null, 2], layers: [lstm({ units: 5 }), dense({ units: 1 })] });
    const state = (name: string, shape: number[]) => ({
      state: { [name]: { data: new Float32Array(shape.reduce((p, s) => p * s, 1)), shape } },
    });
    expect(() => run(model, x, state('0.lstm.x', [3, 5]))).toThrow(
      "model: unknown state '0.lstm.x'. Known: 0.lstm.h, 0.lstm.c.",
    );
    expect(() => run(model, x, state('0.lstm.h', [3, 4]))).toThrow(
      'model: state 0.lstm.h must be [3, 5], got [3, 4].',
    );
    for (const stateAfter of [0, 10, 1.5]) {
      expect(() => run(model, x, { stateAfter })).toThrow(
        `model: stateAfter must be a whole number from 1 to the 9 steps of x, got ${stateAfter}.`,
      );
    }
    model.dispose();
    const strided = createModel({ input: [null, 2], layers: [maxPool1d(), gru({ units: 3 })] });
    expect(() => run(strided, x, { stateAfter: 2 })).toThrow('layer 1.gru: it sees 4 of the 9 steps of x');
    strided.dispose();
    const both = createModel({ input: [null, 2], layers: [lstm({ units: 5, bidirectional: true })] });
    expect(both.states).toBe('layer 0.lstm: bidirectional, so that it also starts at the end of a sequence');
    expect(() => run(both, x)).toThrow('model: it cannot go on from a state: layer 0.lstm: bidirectional');
    both.dispose();
  });
});

it('gradients by weights, x and the state before, in two parts and early, as of the whole within 1e-5', () => {
  for (const layers of Object.values(networks)) {
    const model = testModel({ input: [null, CHANNELS], layers });
    const names = Object.keys(model.weights);
    const gradientsOf = (run: (input: tf.Tensor) => tf.Tensor) => {
      const all = tf.grads((...[input]: tf.Tensor[]) => {
        const result = run(input!);
        return tf.sum(tf.mul(result, tf.tensor(valuesOf('probe', result.size), result.shape)));
      })([toTensor(x), ...names.map((name) => model.weights[name]!)]);
      return all.map((gradient) => gradient.dataSync().slice());
    };
    tf.tidy(() => {
      const expected = gradientsOf((input) => model.apply(input));
      const parts = gradientsOf((input) => {
        const first = model.applyStateful!(tf.slice(input, [0, 0, 0], [BATCH, CUT, CHANNELS]));
        const rest = tf.slice(input, [0, CUT, 0], [BATCH, STEPS - CUT, CHANNELS]);
        const second = model.applyStateful!(rest, { state: first.state });
        return tf.concat([first.output, second.output], 1);
      });
      const early = gradientsOf((input) => model.applyStateful!(input, { stateAfter: CUT }).output);
      ['x', ...names].forEach((name, i) => {
        expect(relativeError(parts[i]!, expected[i]!), name).toBeLessThanOrEqual(1e-5);
        expect(relativeError(early[i]!, expected[i]!), `${name}, early`).toBeLessThanOrEqual(1e-5);
      });
    });
    model.dispose();
  }
});

it('a model without recurrent layers has no states, and runs as it does alone', () => {
  const model = testModel({ input: [STEPS, CHANNELS], layers: [cnn1d({ filters: 3 })] });
  expect(model.states).toEqual({});
  const { output, state } = onTape(model, x);
  expect(state).toEqual({});
  expect(output).toEqual(tidied(() => toArray(model.apply(toTensor(x)))));
  model.dispose();
});
