// Training with states that go on from batch to batch, beside loops written out by hand.

import * as tf from '@tensorflow/tfjs-core';
import { arraySamples, type NdArray, type Samples } from '@tidecast/data';
import { createModel, dense, dropout, gru, type LayerConfig, lstm, type Model, rnn } from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../../test/backend.ts';
import {
  adam,
  advance,
  evaluate,
  type FitOptions,
  fit,
  mse,
  type ProgressEvent,
  predict,
  sgd,
  streams,
} from '../../src/index.ts';
import { randomArray, weightsOf } from '../helpers.ts';

setUpBackend();

const paths = testBackend === 'wasm' ? (['planned', 'tape'] as const) : (['tape'] as const);
const sequence = { returnSequences: true };
const head = dense({ units: 1 });
const networks: Record<string, LayerConfig[]> = {
  rnn: [rnn({ units: 4, ...sequence }), head],
  lstm: [lstm({ units: 4, ...sequence }), head],
  'gru on lstm': [lstm({ units: 3, ...sequence }), gru({ units: 4, ...sequence }), head],
};
const base: FitOptions = {
  loss: mse(),
  optimizer: sgd({ learningRate: 0.1 }),
  epochs: 1,
  batchSize: 2,
  seed: 5,
};
const modelOf = (layers: LayerConfig[], seed = 3) => createModel({ input: [null, 2], layers }, { seed });

/** Trains a new model; its weights, the losses of all batches, and how it ran. */
async function train(
  layers: LayerConfig[],
  samples: Samples,
  { path, ...options }: Partial<FitOptions> & { path?: 'planned' | 'tape' } = {},
  seed = 3,
) {
  const model = modelOf(layers, seed);
  const losses: number[] = [];
  const saved: Uint8Array[] = [];
  let start: Extract<ProgressEvent, { kind: 'start' }> | undefined;
  try {
    const history = await fit(path === 'tape' ? { ...model, plan: undefined } : model, samples, {
      ...base,
      checkpoint: { write: (bytes) => void saved.push(bytes.slice()) },
      ...options,
      onProgress(event) {
        if (event.kind === 'start') start = event;
        if (event.kind === 'batch') losses.push(event.loss);
        options.onProgress?.(event);
      },
    }).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
    if (path) expect(start!.path).toBe(path);
    return { history, losses, saved, weights: weightsOf(model) };
  } finally {
    model.dispose();
  }
}

function expectClose(
  got: Record<string, Float32Array>,
  expected: Record<string, ArrayLike<number>>,
  bound: number,
) {
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) {
    const worst = got[name]!.reduce((most, value, i) => Math.max(most, Math.abs(value - values[i]!)), 0);
    expect(worst, name).toBeLessThan(bound);
  }
}

/** Steps `from` to `to` of every row of `[B, T, C]`. */
function steps({ data, shape: [rows = 0, T = 0, C = 0] }: NdArray, from: number, to: number): tf.Tensor {
  return tf.slice(tf.tensor(data, [rows, T, C]), [0, from, 0], [rows, to - from, C]);
}

/**
 * Truncated BPTT by hand on rows `x [B, T, 2]`, `y [B, T, 1]`: every k1 steps one update from the mean of the squared errors of
 * the new steps, through the last k2.
 */
function byHand(layers: LayerConfig[], x: NdArray, y: NdArray, k1: number, k2: number, rate = 0.1) {
  const model = modelOf(layers);
  const variables = Object.values(model.weights);
  const losses: number[] = [];
  let state: Record<string, tf.Tensor> = {};
  /** The step at which `state` stands. */
  let at = 0;
  const T = x.shape[1]!;
  for (let end = k1; end <= T; end += k1) {
    const start = Math.max(0, end - k2);
    if (start > at) {
      const { output, state: next } = model.applyStateful!(steps(x, at, start), { state });
      tf.dispose([output, ...Object.values(state)]);
      [state, at] = [next, start];
    }
    // The state at the next start is that of these weights.
    const nextStart = Math.max(0, end + k1 - k2);
    let next: Record<string, tf.Tensor> | undefined;
    if (nextStart > at) {
      const moved = tf.tidy(() => model.applyStateful!(steps(x, at, nextStart), { state }).state as never);
      next = moved as Record<string, tf.Tensor>;
    }
    const { value, grads } = tf.variableGrads(() => {
      const output = model.applyStateful!(steps(x, start, end), { state }).output;
      const fresh = tf.slice(output, [0, end - k1 - start, 0], [-1, k1, 1]);
      return tf.mean(tf.square(tf.sub(fresh, steps(y, end - k1, end)))) as tf.Scalar;
    }, variables);
    losses.push(value.dataSync()[0]!);
    for (const variable of variables) {
      tf.tidy(() => variable.assign(tf.sub(variable, tf.mul(grads[variable.name]!, rate)) as never));
    }
    tf.dispose([value, ...Object.values(grads)]);
    if (next) {
      tf.dispose(Object.values(state));
      [state, at] = [next, nextStart];
    }
  }
  tf.dispose(Object.values(state));
  const weights = weightsOf(model);
  model.dispose();
  return { losses, weights };
}

const [B, T] = [2, 12];
const x = randomArray([B, T, 2], 1);
const y = randomArray([B, T, 1], 2);
/** The rows as sequences of their own. */
const rows = ({ data, shape: [, length = 0, width = 0] }: NdArray): NdArray[] =>
  Array.from({ length: B }, (_, b) => ({
    data: data.slice(b * length * width, (b + 1) * length * width),
    shape: [length, width],
  }));
const source = { x: rows(x), y: rows(y) };

it.skipIf(testBackend !== 'wasm').each([
  ['recurrent dropout and zoneout', { recurrentDropout: 0.3, zoneout: 0.2 }, 3, 1e-5],
  ['and layer norm', { recurrentDropout: 0.3, zoneout: 0.2, layerNorm: true }, 11, 3e-5],
])('%s, planned: losses and weights as on the tape (WASM only: plans)', async (_, settings, units, bound) => {
  const layers = [
    lstm({ units, ...settings, cellZoneout: 0.1, ...sequence }),
    gru({ units: units + 1, ...settings, ...sequence }),
    head,
  ];
  const samples = streams(source, { batchSize: B, steps: 6, every: 2 });
  const options = { epochs: 5, optimizer: adam({ learningRate: 0.01 }) };
  const expected = await train(layers, samples, { ...options, path: 'tape' });
  const got = await train(layers, samples, { ...options, path: 'planned' });
  expect(got.losses).toHaveLength(expected.losses.length);
  expected.losses.forEach((loss, i) => {
    expect(Math.abs(got.losses[i]! - loss) / loss, `loss ${i}`).toBeLessThan(bound);
  });
  expectClose(got.weights, expected.weights, bound);
});

describe.each(paths)('truncated BPTT, %s', (path) => {
  describe.each(Object.entries(networks))('%s', (_, layers) => {
    it.each([
      [4, 4],
      [3, 3],
      [2, 6],
      [1, 4],
      [3, 4],
      [4, 12],
    ])(
      'k1 %i, k2 %i: losses within 1e-5 relative and weights within 1e-5 of a loop by hand',
      async (k1, k2) => {
        const expected = byHand(layers, x, y, k1, k2);
        const got = await train(layers, streams(source, { batchSize: B, steps: k2, every: k1 }), { path });
        expect(got.losses).toHaveLength(expected.losses.length);
        expected.losses.forEach((loss, i) => {
          expect(Math.abs(got.losses[i]! - loss) / loss, `loss ${i}`).toBeLessThan(1e-5);
        });
        expectClose(got.weights, expected.weights, 1e-5);
      },
    );

    it('equals full BPTT where k2 is at least T: weights after five epochs within 1e-5', async () => {
      const options = { path, epochs: 5 };
      const expected = await train(layers, arraySamples({ x, y }), options);
      for (const k of [T, T + 5]) {
        const got = await train(layers, streams(source, { batchSize: B, steps: k }), options);
        expectClose(got.weights, expected.weights, 1e-5);
      }
    });
  });

  it('no gradient by an input more than k2 steps before the loss: exactly 0; within k2: not 0', async () => {
    // Only step 0 has an input, only one step a weight: the kernel's gradient is that by this one input.
    const only = (at: number) => {
      const input = { data: new Float32Array(2 * T), shape: [T, 2] };
      input.data.fill(1, 0, 2);
      const weight = { data: new Float32Array(T), shape: [T, 1] };
      weight.data[at] = 1;
      return { x: [input], y: [rows(y)[0]!], weight: [weight] };
    };
    for (const layers of Object.values(networks)) {
      const name = `0.${layers[0]!.type}.kernel`;
      const model = modelOf(layers);
      const before = weightsOf(model)[name]!;
      model.dispose();
      const kernelAfter = async (at: number, k1: number, k2: number) => {
        const samples = streams(only(at), { batchSize: 1, steps: k2, every: k1 });
        return (await train(layers, samples, { path, batchSize: 1 })).weights[name]!;
      };
      for (const [k1, k2] of [
        [4, 4],
        [1, 4],
        [2, 6],
      ] as const) {
        // The last step whose example begins with step 0, and the first whose example does not.
        const within = k2 - 1;
        expect(await kernelAfter(within, k1, k2)).not.toEqual(before);
        expect(await kernelAfter(within + 1, k1, k2)).toEqual(before);
        expect(await kernelAfter(T - 1, k1, k2)).toEqual(before);
      }
      expect(await kernelAfter(T - 1, T, T)).not.toEqual(before);
    }
  });

  it('a batch that weighs nothing still hands its states on', async () => {
    const layers = networks.lstm!;
    const weight = { data: new Float32Array(T), shape: [T, 1] };
    weight.data.fill(1, 8);
    const [input, target] = [source.x[0]!, source.y[0]!];
    const one = (array: NdArray): NdArray => ({ data: array.data, shape: [1, ...array.shape] });
    const samples = streams({ x: [input], y: [target], weight: [weight] }, { batchSize: 1, steps: 4 });
    const got = await train(layers, samples, { path, batchSize: 1, epochs: 1 });
    expect(got.history!.epochs[0]!.skipped).toBe(2);
    const model = modelOf(layers);
    const { state } = await advance(model, { data: input.data.slice(0, 16), shape: [1, 8, 2] });
    const { output } = await advance(model, { data: input.data.slice(16), shape: [1, 4, 2] }, { state });
    const errors = output.data.map((value, i) => (value - target.data[8 + i]!) ** 2);
    const loss = errors.reduce((sum, each) => sum + each, 0) / 4;
    expect(Math.abs(got.losses[2]! - loss) / loss).toBeLessThan(1e-5);
    const whole = await advance(model, one(input));
    expect([...whole.output.data.slice(8)].map((value) => value.toFixed(5))).toEqual(
      [...output.data].map((value) => value.toFixed(5)),
    );
    model.dispose();
  });
});

describe.each(paths)('runs with carried states, %s', (path) => {
  const layers = [
    lstm({ units: 4, ...sequence }),
    dropout({ rate: 0.2 }),
    gru({ units: 3, ...sequence }),
    head,
  ];
  const long = { x: randomArray([61, 2], 7), y: randomArray([61, 1], 8) };
  const samples = streams(long, { batchSize: 3, steps: 5, every: 3 });
  const options = {
    path,
    epochs: 3,
    batchSize: 3,
    optimizer: adam({ learningRate: 0.02 }),
    validation: streams(
      { x: randomArray([20, 2], 9), y: randomArray([20, 1], 10) },
      { batchSize: 2, steps: 5 },
    ),
  };

  it('resumed in the middle of an epoch or at its end, equal the uninterrupted one bit for bit', async () => {
    const whole = await train(layers, samples, options);
    const batches = samples.count / 3;
    for (const stop of [1, 3, batches, batches + 2, 2 * batches + 5]) {
      const controller = new AbortController();
      let seen = 0;
      const onProgress = (event: ProgressEvent) => {
        if (event.kind === 'batch' && ++seen === stop) controller.abort();
      };
      const part = await train(layers, samples, { ...options, signal: controller.signal, onProgress });
      expect(part.history).toBeUndefined();
      const rest = await train(layers, samples, { ...options, resume: part.saved.at(-1)! }, 99);
      expect(rest.history).toEqual(whole.history);
      expect(rest.losses).toEqual(whole.losses.slice(stop));
      expect(rest.weights).toEqual(whole.weights);
    }
  });

  it('evaluate and predict carry states in order: the loss of the whole sequence within 1e-5 relative', async () => {
    const made = modelOf(layers);
    const model: Model = path === 'tape' ? { ...made, infer: undefined, inferStateful: undefined } : made;
    const one = (array: NdArray): NdArray => ({ data: array.data, shape: [1, ...array.shape] });
    const whole = await evaluate(model, arraySamples({ x: one(long.x), y: one(long.y) }), { loss: mse() });
    for (const [steps, every] of [
      [5, 5],
      [7, 2],
      [61, 61],
    ] as const) {
      const cut = streams(long, { batchSize: 1, steps, every });
      const loss = await evaluate(model, cut, { loss: mse() });
      expect(Math.abs(loss - whole) / whole).toBeLessThan(1e-5);
    }
    const outputs = await predict(model, streams(long, { batchSize: 1, steps: 5 }));
    const expected = await predict(model, one(long.x));
    expected.data.forEach((value, i) => {
      expect(Math.abs(outputs.data[i]! - value)).toBeLessThan(1e-5);
    });
    made.dispose();
  });
});

describe('what cannot carry states', () => {
  const samples = streams(source, { batchSize: B, steps: 4 });

  it('another batch size, a layer that runs both ways, and rows out of order are refused with the reason', async () => {
    await expect(train(networks.lstm!, samples, { batchSize: 4 })).rejects.toThrow(
      'fit: batchSize must be 2, that of the samples, got 4: their rows go on from batch to batch.',
    );
    const both = [lstm({ units: 3, bidirectional: true, ...sequence }), head];
    await expect(train(both, samples)).rejects.toThrow(
      'fit: the samples carry states from batch to batch, and the model cannot: layer 0.lstm: bidirectional',
    );
    const backwards: Samples = {
      ...samples,
      order: () => Array.from({ length: samples.count }, (_, i) => 5 - i),
    };
    await expect(train(networks.lstm!, backwards)).rejects.toThrow(
      'samples: row 0 of a batch carries states on, but there is no such row in a batch before it.',
    );
    const { order: _order, ...shuffled } = samples;
    await expect(train(networks.lstm!, shuffled)).rejects.toThrow(
      'fit: samples that carry states from batch to batch must have an order of their own, as those of streams(…) have,',
    );
    const model = modelOf(networks.lstm!);
    const { applyStateful: _apply, inferStateful: _infer, states: _states, ...own } = model;
    await expect(fit({ ...own, plan: undefined }, samples, base)).rejects.toThrow('it knows no states');
    await expect(advance(own, { data: new Float32Array(4), shape: [1, 2, 2] })).rejects.toThrow(
      'advance: the model knows no states.',
    );
    model.dispose();
  });
});
