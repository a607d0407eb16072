// The gradient-flow meter beside PyTorch and beside finite differences.

import * as tf from '@tensorflow/tfjs-core';
import { chartSvg } from '@tidecast/eval/report';
import {
  createModel,
  dense,
  dropout,
  gru,
  type LayerConfig,
  lstm,
  registerLayer,
  rnn,
} from '@tidecast/models';
import { describe, expect, it } from 'vitest';
import { setUpBackend } from '../../../../test/backend.ts';
import { gradientFlow, gradientFlowChart, mse } from '../../src/index.ts';
import { assignWeights, randomArray, weightsOf } from '../helpers.ts';
import golden from './golden/gradient-flow.json' with { type: 'json' };

setUpBackend();

const makers = { rnn, lstm, gru } as Record<string, (settings: object) => LayerConfig>;

describe(`norms as in ${golden.source}, relative error ≤ 1e-5`, () => {
  it.each(golden.cases.map((each) => [each.layers.join(', '), each] as const))('%s', async (_, each) => {
    const [B = 0, T = 0, C = 0] = golden.shape;
    const layers = each.layers.map((kind, i) =>
      makers[kind]!({ units: 3 + i, returnSequences: i < each.layers.length - 1 }),
    );
    const model = createModel({ input: [T, C], layers: [...layers, dense({ units: 2 })] });
    const weights = Object.entries(
      each.weights as unknown as Record<string, { data: number[]; shape: number[] }>,
    );
    assignWeights(
      model,
      Object.fromEntries(
        weights.map(([name, { data, shape }]) => [name, { data: Float32Array.from(data), shape }]),
      ),
    );
    const batch = {
      x: { data: Float32Array.from(each.x), shape: [B, T, C] },
      y: { data: Float32Array.from(each.y), shape: [B, 2] },
    };
    const flows = await gradientFlow(model, batch, mse());
    const norms = each.norms as unknown as Record<string, number[]>;
    expect(flows.map(({ state }) => state).sort()).toEqual(Object.keys(norms).sort());
    for (const { state, norms: got } of flows) {
      expect(got).toHaveLength(T);
      const largest = Math.max(...norms[state]!);
      norms[state]!.forEach((norm, t) => {
        expect(Math.abs(got[t]! - norm) / largest, `${state}, step ${t}`).toBeLessThanOrEqual(1e-5);
        expect(Math.abs(got[t]! - norm) / norm, `${state}, step ${t}, relative to itself`).toBeLessThan(1e-4);
      });
    }
    model.dispose();
  });
});

it('an rnn with an output at every step, beside finite differences of a float64 loop: relative error ≤ 1e-5', async () => {
  const [B, T, H] = [2, 6, 3];
  const model = createModel(
    { input: [T, 2], layers: [rnn({ units: H, returnSequences: true })] },
    { seed: 4 },
  );
  const batch = { x: randomArray([B, T, 2], 1), y: randomArray([B, T, H], 2) };
  const { '0.rnn.kernel': W, '0.rnn.recurrent': U, '0.rnn.bias': b } = weightsOf(model);
  /** The loss, with `delta` added to unit `u` of row `row` right after step `at`. */
  const lossWith = (row: number, at: number, u: number, delta: number) => {
    let sum = 0;
    for (let r = 0; r < B; r++) {
      let h = Array<number>(H).fill(0);
      for (let t = 0; t < T; t++) {
        h = h.map((_, j) => {
          let a = b![j]!;
          for (let c = 0; c < 2; c++) a += batch.x.data[(r * T + t) * 2 + c]! * W![c * H + j]!;
          for (let i = 0; i < H; i++) a += h[i]! * U![i * H + j]!;
          return Math.tanh(a);
        });
        if (r === row && t === at) h[u]! += delta;
        h.forEach((value, j) => {
          sum += (value - batch.y.data[(r * T + t) * H + j]!) ** 2;
        });
      }
    }
    return sum / (B * T * H);
  };
  const [flow] = await gradientFlow(model, batch, mse());
  for (let t = 0; t < T; t++) {
    let square = 0;
    for (let r = 0; r < B; r++) {
      for (let u = 0; u < H; u++) {
        square += ((lossWith(r, t, u, 1e-5) - lossWith(r, t, u, -1e-5)) / 2e-5) ** 2;
      }
    }
    expect(Math.abs(flow!.norms[t]! - Math.sqrt(square)) / Math.sqrt(square)).toBeLessThanOrEqual(1e-5);
  }
  model.dispose();
});

describe('gradientFlow', () => {
  it('a linear recurrence of one unit: ‖∂L/∂h_t‖ is |u|^(T−1−t) of the last one, down to 1e-40', async () => {
    const T = 100;
    const layers = [rnn({ units: 1, activation: 'linear', recurrentInit: { type: 'constant', value: 0.4 } })];
    const model = createModel({ input: [T, 1], layers });
    const batch = { x: randomArray([1, T, 1], 1), y: randomArray([1, 1], 2) };
    const [flow] = await gradientFlow(model, batch, mse());
    expect(flow!.state).toBe('0.rnn.h');
    const last = flow!.norms.at(-1)!;
    for (let t = 10; t < T; t++) {
      expect(flow!.norms[t]! / last / 0.4 ** (T - 1 - t), `step ${t}`).toBeCloseTo(1, 3);
    }
    model.dispose();
  });

  it('counts steps from the first of x in both directions, and gives 0 at masked steps', async () => {
    const T = 5;
    const layers = [lstm({ units: 3, bidirectional: true }), dense({ units: 1 })];
    const model = createModel({ input: [T, 2], layers });
    const mask = { data: Float32Array.of(0, 1, 1, 1, 1, 1, 1, 1, 0, 0), shape: [2, T] };
    const batch = { x: randomArray([2, T, 2], 1), y: randomArray([2, 1], 2), mask };
    const flows = Object.fromEntries(
      (await gradientFlow(model, batch, mse())).map(({ state, norms }) => [state, norms]),
    );
    expect(Object.keys(flows).sort()).toEqual(
      ['forward.c', 'forward.h', 'backward.c', 'backward.h'].map((state) => `0.lstm.${state}`).sort(),
    );
    const { '0.lstm.forward.h': forward, '0.lstm.backward.h': backward } = flows;
    // Forward, the state at the last real step is the output; backward, that at the first.
    expect(Math.max(...forward!)).toBe(Math.max(forward![2]!, forward![4]!));
    expect(Math.max(...backward!)).toBe(Math.max(backward![0]!, backward![1]!));
    const alone = { ...batch, mask: { data: Float32Array.of(0, 1, 1, 0, 0, 0, 1, 1, 0, 0), shape: [2, T] } };
    for (const { norms } of await gradientFlow(model, alone, mse())) {
      expect([norms[0], norms[3], norms[4]]).toEqual([0, 0, 0]);
      expect(norms[1]).toBeGreaterThan(0);
    }
    model.dispose();
  });

  it('with dropout takes a seed, as a training step does', async () => {
    const layers = [lstm({ units: 3, recurrentDropout: 0.5 }), dropout({ rate: 0.5 }), dense({ units: 1 })];
    const model = createModel({ input: [4, 2], layers });
    const batch = { x: randomArray([2, 4, 2], 1), y: randomArray([2, 1], 2) };
    const flow = (options: object) => gradientFlow(model, batch, mse(), options);
    const training = { training: true, seed: 3 };
    expect(await flow(training)).toEqual(await flow(training));
    expect(await flow(training)).not.toEqual(await flow({}));
    await expect(flow({ training: true })).rejects.toThrow('needs a seed, got none');
    model.dispose();
  });

  it('takes in a layer of your own that shows its states, and refuses a model that shows none', async () => {
    const batch = { x: randomArray([2, 3, 2], 1), y: randomArray([2, 2], 2) };
    const remove = registerLayer('lastSum', {
      settings: {},
      outputShape: (_settings, input) => [input[1] as number],
      apply({ x, onState = (_name, _step, value) => value }) {
        const steps = tf.unstack(x, 1);
        return { x: steps.reduce((sum, step, t) => onState('h', t, tf.add(sum, step))) };
      },
    });
    const model = createModel({ input: [3, 2], layers: [{ type: 'lastSum' }, dense({ units: 2 })] });
    const [flow] = await gradientFlow(model, batch, mse());
    expect(flow!.state).toBe('0.lastSum.h');
    expect(flow!.norms[1]! / flow!.norms[2]!).toBeCloseTo(1, 6);
    model.dispose();
    remove();
    const still = createModel({ input: [3, 2], layers: [dense({ units: 2 })] });
    const perStep = { ...batch, y: randomArray([2, 3, 2], 2) };
    await expect(gradientFlow(still, perStep, mse())).rejects.toThrow(
      'gradientFlow: expected a model with recurrent layers, got one that shows no state.',
    );
    await expect(gradientFlow(still, batch, mse())).rejects.toThrow('mse: the model');
    still.dispose();
  });

  it('draws a chart with gaps where the gradient is 0', async () => {
    const spec = gradientFlowChart({ lines: [{ name: 'rnn', norms: [0, 1e-20, 1e-5, 1] }], title: 'Flow' });
    expect((await chartSvg(spec)).html).toContain('<svg');
    expect((spec.data as { values: { norm: number | null }[] }).values.map(({ norm }) => norm)).toEqual([
      null,
      1e-20,
      1e-5,
      1,
    ]);
  });
});
