// Regularised recurrent layers: the cells beside PyTorch, the layers beside what their settings promise.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { type CellVariant, gru, lstm, type RecurrentResult, rnn } from '@tidecast/backend';
import { describe, expect, it } from 'vitest';
import { setUpBackend, testBackend } from '../../../test/backend.ts';
import {
  createModel,
  dense,
  gru as gruLayer,
  type LayerConfig,
  loadModel,
  lstm as lstmLayer,
  type Model,
  type RecurrentSettings,
  rnn as rnnLayer,
  saveModel,
} from '../src/index.ts';
import { runPlanned } from './planned.ts';
import { runTape, testModel } from './tape.ts';
import { relativeError, valuesOf } from './values.ts';

setUpBackend();

interface Golden {
  source: string;
  cases: {
    cell: 'rnn' | 'lstm' | 'gru' | 'gruBefore';
    sizes: Record<'B' | 'T' | 'C' | 'H', number>;
    norm: boolean;
    factors: number;
    keep: [number, number];
    expected: boolean;
    output: number[];
    gradients: Record<string, number[]>;
  }[];
}

const { source, cases } = JSON.parse(
  readFileSync(new URL('./golden/regularisers.json', import.meta.url), 'utf8'),
) as Golden;
const gates = { rnn: 1, lstm: 4, gru: 3, gruBefore: 3 };

/** 1 with probability `rate`, as the script draws it. */
const bernoulli = (name: string, count: number, rate: number) =>
  valuesOf(name, count).map((value) => Number((value + 1) / 2 < rate));

describe(`cells: output and every gradient as in ${source}, relative error ≤ 1e-5`, () => {
  const named = cases.map((each) => {
    const { cell, sizes, norm, factors, keep, expected } = each;
    const parts = [`H ${sizes.H}, T ${sizes.T}`, norm && 'layer norm', factors > 0 && `dropout ${factors}`];
    const zones = keep.some((rate) => rate > 0) && `zoneout ${keep}${expected ? ' expected' : ''}`;
    return [[cell, ...parts, zones].filter(Boolean).join(', '), each] as const;
  });

  it.each(named)('%s', (_, { cell, sizes: { B, T, C, H }, norm, factors, keep, expected, ...golden }) => {
    const N = gates[cell] * H;
    const shapes: Record<string, number[]> = {
      ...{ x: [B, T, C], kernel: [C, N], recurrent: [H, N], bias: [N], recurrentBias: [N] },
      ...{
        gain: [H],
        inputGain: [N],
        recurrentGain: [N],
        cellGain: [H],
        cellShift: [H],
        h0: [B, H],
        c0: [B, H],
      },
    };
    const names = Object.keys(golden.gradients);
    tf.tidy(() => {
      const leaves = names.map((name) => {
        const shape = shapes[name]!;
        const all = valuesOf(name, tf.util.sizeFromShape(shape));
        const weight = /^(x|h0|c0)$/.test(name)
          ? all
          : all.map((value) => value / 2 + (/gain$/i.test(name) ? 1 : 0));
        return tf.tensor(weight, shape);
      });
      let output: Float32Array | undefined;
      const gradients = tf.grads((...given: tf.Tensor[]) => {
        const all = Object.fromEntries(names.map((name, i) => [name, given[i]!]));
        const { x, h0, c0, gain, inputGain, recurrentGain, cellGain, cellShift, ...weights } = all;
        const rateOf = { h: keep[0], c: keep[1] };
        const variant: CellVariant = {
          ...(norm && {
            norm: { sum: gain, input: inputGain, recurrent: recurrentGain, cell: cellGain, cellShift },
          }),
          ...(factors > 0 && {
            recurrentFactors: tf.tensor(
              bernoulli('factors', B * H, factors).map((dropped) => (1 - dropped) / (1 - factors)),
              [B, H],
            ),
          }),
          keep(state, t) {
            const rate = rateOf[state];
            if (rate === 0) return undefined;
            if (expected) return tf.scalar(rate);
            return tf.tensor(bernoulli(`keep ${state} ${t}`, B * H, rate), [B, H]);
          },
        };
        const options = { initialState: c0 ? [h0!, c0] : [h0!], variant };
        const used = weights as { kernel: tf.Tensor; recurrent: tf.Tensor };
        const ops: Record<string, () => RecurrentResult> = {
          rnn: () => rnn(x!, used, options),
          lstm: () => lstm(x!, used, options),
          gru: () => gru(x!, used, options),
          gruBefore: () => gru(x!, used, { ...options, resetAfter: false }),
        };
        const { sequence, states } = ops[cell]!();
        output = sequence.dataSync().slice() as Float32Array;
        return tf.add(
          tf.sum(tf.mul(sequence, tf.tensor(valuesOf('probe', B * T * H), [B, T, H]))),
          tf.sum(tf.mul(states[0]!, tf.tensor(valuesOf('probe h', B * H), [B, H]))),
        );
      })(leaves);
      expect(relativeError(output!, golden.output), 'output').toBeLessThanOrEqual(1e-5);
      names.forEach((name, i) => {
        const error = relativeError(gradients[i]!.dataSync(), golden.gradients[name]!);
        expect(error, `gradient of ${name}`).toBeLessThanOrEqual(1e-5);
      });
    });
  });
});

const makers = {
  rnn: rnnLayer,
  lstm: lstmLayer,
  gru: gruLayer,
  'gru, reset before': (settings: RecurrentSettings) => gruLayer({ ...settings, resetAfter: false }),
} as Record<string, (settings: RecurrentSettings & Record<string, unknown>) => LayerConfig>;
const [B, T, C] = [3, 6, 2];
const x = { data: valuesOf('x', B * T * C), shape: [B, T, C] };
const training = { training: true, seed: 5 };

/** Outputs of a layer as an array. */
function outputs(model: Model, options: Parameters<Model['apply']>[1] = {}, input = x): Float32Array {
  const result = tf.tidy(() => model.apply(tf.tensor(input.data, input.shape), options));
  const values = result.dataSync<'float32'>().slice();
  result.dispose();
  return values;
}

describe.each(Object.entries(makers))('%s', (_, maker) => {
  const modelOf = (settings: Record<string, unknown>) =>
    testModel({ input: [null, C], layers: [maker({ units: 4, returnSequences: true, ...settings })] });

  it('with rates of 0 is the plain cell, bit for bit', () => {
    const plain = modelOf({});
    const zero = modelOf({ dropout: 0, recurrentDropout: 0, zoneout: 0, layerNorm: false });
    expect(runTape(zero, x, training)).toEqual(runTape(plain, x));
    for (const model of [plain, zero]) model.dispose();
  });

  it('dropouts do nothing outside of training, bit for bit', () => {
    const plain = modelOf({});
    const dropping = modelOf({ dropout: 0.5, recurrentDropout: 0.5 });
    expect(outputs(dropping)).toEqual(outputs(plain));
    for (const model of [plain, dropping]) model.dispose();
  });

  it('every rate needs a seed in training, gives the same for one seed and another for another', () => {
    for (const setting of ['dropout', 'recurrentDropout', 'zoneout']) {
      const model = modelOf({ [setting]: 0.5 });
      expect(() => outputs(model, { training: true })).toThrow(
        `training with ${setting} needs a seed, got none.`,
      );
      expect(outputs(model, training)).toEqual(outputs(model, training));
      expect(outputs(model, training)).not.toEqual(outputs(model, { training: true, seed: 6 }));
      model.dispose();
    }
  });

  it('handed over in the middle, makes the choices of the whole run: outputs within 1e-6', () => {
    const model = modelOf({ dropout: 0.3, recurrentDropout: 0.4, zoneout: 0.3, layerNorm: true });
    const whole = outputs(model, training);
    const cut = tf.tidy(() => {
      const { output } = model.applyStateful!(tf.tensor(x.data, x.shape), { ...training, stateAfter: 2 });
      return output;
    });
    expect(relativeError(cut.dataSync(), whole)).toBeLessThanOrEqual(1e-6);
    cut.dispose();
    model.dispose();
  });

  it('padding changes nothing: the sequence without it gives the same within 1e-6', () => {
    const model = modelOf({ zoneout: 0.3, layerNorm: true, bidirectional: true });
    const rows = (from: number, to: number) => ({
      data: Float32Array.from({ length: B * (to - from) * C }, (_, i) => {
        const [b, rest] = [Math.floor(i / ((to - from) * C)), i % ((to - from) * C)];
        return x.data[b * T * C + from * C + rest]!;
      }),
      shape: [B, to - from, C],
    });
    const alone = outputs(model, {}, rows(2, 5));
    const mask = tf.tensor(
      Float32Array.from({ length: B * T }, (_, i) => Number(i % T >= 2 && i % T < 5)),
      [B, T],
    );
    const padded = outputs(model, { mask });
    const real = [...padded].filter((_, i) => {
      const t = Math.floor(i / 8) % T;
      return t >= 2 && t < 5;
    });
    expect(relativeError(real, alone)).toBeLessThanOrEqual(1e-6);
    mask.dispose();
    model.dispose();
  });
});

describe('settings', () => {
  it.skipIf(testBackend !== 'wasm')(
    'dropout of inputs, planned as on the tape: relative error ≤ 1e-5 (WASM only: plans)',
    () => {
      const layers = [
        lstmLayer({ units: 5, returnSequences: true, dropout: 0.3 }),
        gruLayer({ units: 3, dropout: 0.5, bidirectional: true }),
        dense({ units: 2 }),
      ];
      const model = testModel({ input: [T, C], layers });
      const [planned, tape] = [runPlanned(model, x, training), runTape(model, x, training)];
      expect(relativeError(planned.output, tape.output)).toBeLessThanOrEqual(1e-5);
      for (const [name, values] of Object.entries(tape.gradients)) {
        expect(relativeError(planned.gradients[name]!, values), name).toBeLessThanOrEqual(1e-5);
      }
      model.dispose();
    },
  );

  /** A linear recurrence whose weights are all `kernel`, `recurrent` on the diagonal, and `bias`. */
  function linear(
    units: number,
    settings: Record<string, unknown>,
    [kernel, recurrent, bias]: number[],
  ): Model {
    const layer = rnnLayer({
      ...{ units, activation: 'linear', returnSequences: true, ...settings },
      kernelInit: { type: 'constant', value: kernel! },
      recurrentInit: 'identity',
      biasInit: { type: 'constant', value: bias! },
    });
    const model = createModel({ input: [null, units], layers: [layer] });
    tf.tidy(() => model.weights['0.rnn.recurrent']!.assign(tf.mul(tf.eye(units), recurrent!) as never));
    return model;
  }
  const units = 400;
  const ones = (steps: number) => ({
    data: new Float32Array(steps * units).fill(1),
    shape: [1, steps, units],
  });
  /** The share of `rate` in `count` draws, within four standard errors. */
  const expectShare = (got: number, rate: number, count: number) =>
    expect(Math.abs(got / count - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / count));

  it('recurrentDropout: one mask at all steps, its share within 4 standard errors', () => {
    const model = linear(units, { recurrentDropout: 0.25 }, [0, 1, 0]);
    const state = { '0.rnn.h': tf.ones([1, units]) };
    const values = outputs(model, { ...training, state }, ones(3));
    const dropped = values.slice(0, units).filter((value) => value === 0).length;
    expectShare(dropped, 0.25, units);
    for (let u = 0; u < units; u++) {
      const powers = values[u] === 0 ? [0, 0, 0] : [1, 2, 3].map((t) => (1 / 0.75) ** t);
      powers.forEach((power, t) => {
        expect(values[t * units + u]).toBeCloseTo(power, 4);
      });
    }
    tf.dispose(state);
    model.dispose();
  });

  it('dropout: the same channels at all steps', () => {
    const model = linear(units, { dropout: 0.25 }, [0, 0, 0]);
    tf.tidy(() => model.weights['0.rnn.kernel']!.assign(tf.eye(units) as never));
    const values = outputs(model, training, ones(3));
    const first = values.slice(0, units);
    expectShare(first.filter((value) => value === 0).length, 0.25, units);
    for (const t of [1, 2]) expect(values.slice(t * units, (t + 1) * units)).toEqual(first);
    model.dispose();
  });

  it('zoneout: a unit keeps its value with its rate in training, and moves by the expectation after', () => {
    const model = linear(units, { zoneout: 0.25 }, [0, 0, 1]);
    const values = outputs(model, training, ones(2));
    const kept = (t: number) =>
      values.slice(t * units, (t + 1) * units).filter((value) => value === 0).length;
    expect(values.every((value) => value === 0 || value === 1)).toBe(true);
    expectShare(kept(0), 0.25, units);
    expectShare(kept(1), 0.25 ** 2, units);
    const after = outputs(model, {}, ones(2));
    expect(after[0]).toBeCloseTo(0.75, 6);
    expect(after[units]).toBeCloseTo(1 - 0.25 ** 2, 6);
    model.dispose();
  });

  it('layer norm: an lstm does not see the scale of its input, to 1e-4', () => {
    const model = testModel({ input: [null, C], layers: [lstmLayer({ units: 4, layerNorm: true })] });
    expect(Object.keys(model.weights)).toEqual(
      ['kernel', 'recurrent', 'bias', 'inputGain', 'recurrentGain', 'cellGain', 'cellShift'].map(
        (name) => `0.lstm.${name}`,
      ),
    );
    const scaled = { ...x, data: x.data.map((value) => value * 50) };
    const twice = { ...x, data: x.data.map((value) => value * 100) };
    expect(relativeError(outputs(model, {}, twice), outputs(model, {}, scaled))).toBeLessThan(1e-4);
    model.dispose();
  });

  it('come back with a saved model, bit for bit', () => {
    const layer = lstmLayer({
      units: 4,
      layerNorm: true,
      zoneout: 0.1,
      cellZoneout: 0.5,
      recurrentDropout: 0.2,
    });
    const model = testModel({ input: [T, C], layers: [layer] });
    const again = loadModel(saveModel(model));
    expect(again.config).toEqual(model.config);
    expect(outputs(again, training)).toEqual(outputs(model, training));
    for (const each of [model, again]) each.dispose();
  });

  it('out of range are refused', () => {
    const refused = (settings: object, message: string) =>
      expect(() => createModel({ input: [T, C], layers: [lstmLayer({ units: 4, ...settings })] })).toThrow(
        message,
      );
    refused({ dropout: 1 }, '0.lstm: dropout must be a number from 0 to below 1, got 1.');
    refused({ zoneout: -0.1 }, '0.lstm: zoneout must be a number from 0 to below 1, got -0.1.');
    refused({ layerNorm: 1 }, '0.lstm: layerNorm must be true or false, got 1.');
  });
});
