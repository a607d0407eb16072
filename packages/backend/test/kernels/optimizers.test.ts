import { beforeAll, describe, expect, it } from 'vitest';
import type { OptimizerSettings, OptimizerState } from '../reference/optimizers.ts';
import * as reference from '../reference/optimizers.ts';
import { noise } from '../reference/support.ts';
import { createTestKernels, relativeError, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});

/** Blocks hold whole vectors. */
const up4 = (count: number) => Math.ceil(count / 4) * 4;
const padded = (values: Float32Array) => {
  const block = new Float32Array(up4(values.length));
  block.set(values);
  return block;
};

interface Addresses {
  weight: number;
  previous: number;
  gradient: number;
  velocity: number;
  square: number;
  mean: number;
}

/** One update by a kernel of all weights; true where the new ones are finite. */
type Run = (count: number, at: Addresses, step: number, settings: OptimizerSettings) => boolean;

const sgd: Run = (count, { weight, previous, gradient, velocity }, _step, settings) => {
  const { rate, scale = 1, momentum = 0, nesterov = false, decay = 0 } = settings;
  const slot = momentum > 0 ? velocity : 0;
  return Boolean(
    test.kernels.sgd(count, weight, previous, gradient, scale, slot, rate, momentum, nesterov, decay),
  );
};

const rmsprop: Run = (count, { weight, previous, gradient, square, velocity }, _step, settings) => {
  const { rate, scale = 1, momentum = 0, smoothing = 0.99, epsilon = 1e-8, decay = 0 } = settings;
  const slot = momentum > 0 ? velocity : 0;
  const numbers = [rate, smoothing, 1 - smoothing, epsilon, momentum, decay] as const;
  return Boolean(test.kernels.rmsprop(count, weight, previous, gradient, scale, square, slot, ...numbers));
};

const adam: Run = (count, { weight, previous, gradient, mean, square }, step, settings) => {
  const { rate, scale = 1, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, decay = 0, decoupled = 0 } = settings;
  return Boolean(
    test.kernels.adam(
      count,
      weight,
      previous,
      gradient,
      scale,
      mean,
      square,
      rate / (1 - beta1 ** step),
      beta1,
      1 - beta1,
      beta2,
      1 - beta2,
      1 / Math.sqrt(1 - beta2 ** step),
      epsilon,
      rate * decoupled,
      decay,
    ),
  );
};

const cases: [string, Run, typeof reference.sgd, OptimizerSettings][] = [
  ['sgd', sgd, reference.sgd, { rate: 0.1 }],
  ['sgd, decay, scaled', sgd, reference.sgd, { rate: 0.1, decay: 0.05, scale: 0.3 }],
  ['sgd, momentum', sgd, reference.sgd, { rate: 0.1, momentum: 0.9 }],
  [
    'sgd, nesterov, decay, scaled',
    sgd,
    reference.sgd,
    { rate: 0.1, momentum: 0.8, nesterov: true, decay: 0.05, scale: 0.3 },
  ],
  ['rmsprop', rmsprop, reference.rmsprop, { rate: 0.01 }],
  [
    'rmsprop, momentum, decay, scaled',
    rmsprop,
    reference.rmsprop,
    { rate: 0.01, smoothing: 0.9, momentum: 0.5, decay: 0.02, epsilon: 1e-4, scale: 0.3 },
  ],
  ['adam', adam, reference.adam, { rate: 0.01 }],
  [
    'adam, decay, scaled',
    adam,
    reference.adam,
    { rate: 0.05, beta1: 0.8, beta2: 0.95, epsilon: 1e-4, decay: 0.03, scale: 0.3 },
  ],
  ['adamw', adam, reference.adam, { rate: 0.02, decoupled: 0.1, scale: 2 }],
];

const slots = ['velocity', 'square', 'mean'] as const;

describe('ten updates beside float64: weights and slots, relative error < 4e-7', () => {
  for (const [name, run, expectedUpdate, settings] of cases) {
    it.each([1, 3, 4, 5, 17, 1000])(`${name}: %i weights`, (count) => {
      test.reset();
      const initial = noise(count, 1);
      const at: Addresses = {
        weight: test.put(padded(initial)),
        previous: test.garbage(up4(count)),
        gradient: test.put(padded(initial)),
        velocity: test.put(new Float32Array(up4(count))),
        square: test.put(new Float32Array(up4(count))),
        mean: test.put(new Float32Array(up4(count))),
      };
      const states = Array.from(initial, (weight): OptimizerState => {
        return { weight, velocity: 0, square: 0, mean: 0 };
      });
      for (let step = 1; step <= 10; step++) {
        const gradient = noise(count, 10 + step);
        const before = test.get(at.weight, count);
        test.set(at.gradient, gradient);
        expect(run(count, at, step, settings)).toBe(true);
        expect(test.get(at.previous, count), 'the weights as they were').toEqual(before);
        expect(test.get(at.gradient, count), 'the gradient').toEqual(gradient);
        states.forEach((state, i) => {
          expectedUpdate(state, gradient[i]!, step, settings);
        });
        expect(
          relativeError(
            test.get(at.weight, count),
            states.map(({ weight }) => weight),
          ),
        ).toBeLessThan(4e-7);
      }
      for (const slot of slots) {
        const values = test.get(at[slot], count);
        // A slot that an optimiser does not keep stays as it is.
        if (values.every((value) => value === 0)) continue;
        expect(
          relativeError(
            values,
            states.map((state) => state[slot]),
          ),
          slot,
        ).toBeLessThan(4e-7);
      }
      test.expectGuards();
    });
  }
});

describe('an update that is not finite says so, and `previous` holds the weights as they were', () => {
  it.each([
    ['sgd', sgd],
    ['rmsprop', rmsprop],
    ['adam', adam],
  ] as [string, Run][])('%s, in any lane', (_, run) => {
    for (let lane = 0; lane < 6; lane++)
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        test.reset();
        const weights = noise(6, 1);
        const holed = noise(6, 2);
        // Divided by its own size, an infinite gradient is NaN.
        holed[lane] = bad;
        const at: Addresses = {
          weight: test.put(padded(weights)),
          previous: test.garbage(8),
          gradient: test.put(padded(holed)),
          velocity: test.put(new Float32Array(8)),
          square: test.put(new Float32Array(8)),
          mean: test.put(new Float32Array(8)),
        };
        expect(run(6, at, 1, { rate: 0.1 })).toBe(false);
        expect(test.get(at.previous, 6)).toEqual(weights);
        expect(Number.isFinite(test.get(at.weight, 6)[lane])).toBe(false);
      }
  });
});

describe('what clipping needs', () => {
  it.each([1, 3, 4, 5, 17, 100_000])(
    'squaredNorm of %i values: relative error < 1e-13, in float64',
    (count) => {
      test.reset();
      const values = noise(count, 1).map((value, i) => value * 10 ** ((i % 13) - 6));
      const expected = reference.squaredNorm(values);
      const error = Math.abs(test.kernels.squaredNorm(count, test.put(values)) - expected) / expected;
      expect(error).toBeLessThan(1e-13);
    },
  );

  it('squaredNorm does not overflow where float32 would, and passes NaN on', () => {
    test.reset();
    const large = Math.fround(1e30);
    expect(test.kernels.squaredNorm(5, test.put([large, 0, 0, 0, large]))).toBe(2 * large * large);
    for (let lane = 0; lane < 5; lane++) {
      const values = noise(5, 1);
      values[lane] = Number.NaN;
      expect(test.kernels.squaredNorm(5, test.put(values))).toBeNaN();
    }
  });

  it.each([1, 3, 4, 5, 17])(
    'clipValues cuts %i values exactly at ±limit, and says whether it did',
    (count) => {
      test.reset();
      const values = noise(count, 1);
      const limit = Math.fround(0.25);
      const at = test.put(values);
      const cut = values.map((value) => Math.max(-limit, Math.min(limit, value)));
      expect(Boolean(test.kernels.clipValues(count, at, limit))).toBe(
        values.some((v) => Math.abs(v) > limit),
      );
      expect(test.get(at, count)).toEqual(cut);
      expect(Boolean(test.kernels.clipValues(count, at, limit)), 'a second time').toBe(false);
      test.expectGuards();
    },
  );

  it('clipValues leaves NaN, and cuts infinity', () => {
    test.reset();
    const at = test.put([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    expect(Boolean(test.kernels.clipValues(3, at, 2))).toBe(true);
    expect([...test.get(at, 3)]).toEqual([Number.NaN, 2, -2]);
  });
});
