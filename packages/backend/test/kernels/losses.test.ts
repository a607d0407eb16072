import { beforeAll, describe, expect, it } from 'vitest';
import * as reference from '../reference/losses.ts';
import { noise } from '../reference/support.ts';
import { createTestKernels, relativeError, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});

const counts = [1, 3, 4, 5, 17, 1000];
/** Weights 0, 0.5, 1, 1.5, so that some targets do not count. */
const weightsOf = (count: number) => Float32Array.from({ length: count }, (_, i) => ((i * 7 + 1) % 4) / 2);
const deltas = { mse: [0], mae: [0], huber: [0.3, 1] };

for (const [name, loss] of Object.entries(reference.pointwise)) {
  describe(`${name} beside float64: loss < 1.2e-7, gradient < 2e-7, relative`, () => {
    const run = (output: Float32Array, y: Float32Array, delta: number, weight?: Float32Array) => {
      test.reset();
      const [at, targets] = [test.put(output), test.put(y)];
      const weightAt = weight ? test.put(weight) : 0;
      const gradient = test.garbage(output.length);
      const { code } = loss;
      const value = test.kernels.pointwiseLoss(code, delta, output.length, at, targets, weightAt, gradient);
      const alone = test.kernels.pointwiseLoss(code, delta, output.length, at, targets, weightAt, 0);
      test.expectGuards();
      expect(alone, 'the loss without its gradient').toBe(value);
      return { value, gradient: test.get(gradient, output.length) };
    };

    for (const delta of deltas[name as keyof typeof deltas]) {
      it.each(counts)(`%i targets${delta ? `, δ ${delta}` : ''}, with and without weights`, (count) => {
        const output = noise(count, 1).map((value) => 2 * value);
        const y = noise(count, 2);
        for (const weight of [undefined, weightsOf(count)]) {
          const { value, gradient } = run(output, y, delta, weight);
          const expected = reference.pointwiseLoss(loss, delta, output, y, weight);
          expect(Math.abs(value - expected.loss) / expected.loss).toBeLessThan(1.2e-7);
          expect(relativeError(gradient, expected.gradient)).toBeLessThan(2e-7);
        }
      });
    }

    it('has slope 0 where output and target are equal, in every lane', () => {
      const values = noise(5, 3);
      const { value, gradient } = run(values, values, 1);
      expect(value).toBe(0);
      expect(gradient.every((each) => each === 0)).toBe(true);
    });

    it('passes NaN on, in every lane: in an output, in a target, in a weight', () => {
      for (let lane = 0; lane < 5; lane++) {
        const holed = noise(5, 3);
        holed[lane] = Number.NaN;
        for (const arrays of [
          [holed, noise(5, 4), weightsOf(5).fill(1)],
          [noise(5, 4), holed, weightsOf(5).fill(1)],
          [noise(5, 4), noise(5, 5), holed],
        ] as [Float32Array, Float32Array, Float32Array][]) {
          const { value, gradient } = run(arrays[0], arrays[1], 1, arrays[2]);
          expect(value).toBeNaN();
          expect(gradient[lane]).toBeNaN();
        }
      }
    });

    it('is NaN where all weights are 0', () => {
      expect(run(noise(5, 1), noise(5, 2), 1, new Float32Array(5)).value).toBeNaN();
    });
  });
}

it('a mean over 100,000 targets is exact to 1e-7: sums run in float64', () => {
  test.reset();
  const count = 100_000;
  const [output, y] = [noise(count, 1), noise(count, 2)];
  const value = test.kernels.pointwiseLoss(0, 0, count, test.put(output), test.put(y), 0, 0);
  const expected = reference.pointwiseLoss(reference.pointwise.mse, 0, output, y).loss;
  expect(Math.abs(value - expected) / expected).toBeLessThan(1e-7);
});

const classes = [1, 2, 3, 10, 17];
const sizes = [1, 3].flatMap((rows) => classes.map((K) => [rows, K] as const));

describe('softmax and its gradient beside float64: absolute error < 2.5e-7', () => {
  const run = (rows: number, K: number, x: Float32Array) => {
    test.reset();
    const from = test.put(x);
    const y = test.garbage(rows * K);
    test.kernels.softmax(rows, K, from, y);
    test.kernels.softmax(rows, K, from, from);
    test.expectGuards();
    expect(test.get(from, rows * K), 'in place').toEqual(test.get(y, rows * K));
    return test.get(y, rows * K);
  };

  it.each(sizes)('%i rows of %i classes', (rows, K) => {
    const x = noise(rows * K, 1).map((value) => 6 * value);
    const y = run(rows, K, x);
    const expected = reference.softmax(x, K);
    expected.forEach((value, i) => {
      expect(Math.abs(y[i]! - value)).toBeLessThan(2.5e-7);
    });
    test.reset();
    const dy = noise(rows * K, 2);
    const [yAt, dyAt] = [test.put(y), test.put(dy)];
    test.kernels.softmaxGradient(rows, K, yAt, dyAt, dyAt);
    test.expectGuards();
    const slopes = test.get(dyAt, rows * K);
    reference.softmaxGradient(y, dy, K).forEach((slope, i) => {
      expect(Math.abs(slopes[i]! - slope)).toBeLessThan(2.5e-7);
    });
  });

  it('is stable: ±1e4, all equal, −∞', () => {
    const low = Number.NEGATIVE_INFINITY;
    const x = Float32Array.from([1e4, -1e4, 0, -1e4, -1e4, -1e4, 1e4, 1e4, 9999, low, 3, low]);
    const y = run(4, 3, x);
    reference.softmax(x, 3).forEach((value, i) => {
      expect(Math.abs(y[i]! - value)).toBeLessThan(2.5e-7);
    });
  });

  it('NaN makes its row NaN, and no other', () => {
    const y = run(2, 3, Float32Array.from([1, Number.NaN, 2, 1, 2, 3]));
    expect([...y].map(Number.isNaN)).toEqual([true, true, true, false, false, false]);
  });
});

describe('logSoftmax and its gradient beside float64: error < 1e-6', () => {
  it.each(sizes)('%i rows of %i classes', (rows, K) => {
    const x = noise(rows * K, 1).map((value) => 6 * value);
    const dy = noise(rows * K, 2);
    test.reset();
    const [from, y, dyAt] = [test.put(x), test.garbage(rows * K), test.put(dy)];
    test.kernels.logSoftmax(rows, K, from, y);
    test.kernels.logSoftmax(rows, K, from, from);
    test.kernels.logSoftmaxGradient(rows, K, y, dyAt, dyAt);
    test.expectGuards();
    expect(test.get(from, rows * K), 'in place').toEqual(test.get(y, rows * K));
    const got = test.get(y, rows * K);
    reference.logSoftmax(x, K).forEach((value, i) => {
      expect(Math.abs(got[i]! - value) / (1 + Math.abs(value))).toBeLessThan(1e-6);
    });
    const slopes = test.get(dyAt, rows * K);
    reference.logSoftmaxGradient(x, dy, K).forEach((slope, i) => {
      expect(Math.abs(slopes[i]! - slope)).toBeLessThan(1e-6 * K);
    });
  });

  it('is finite at ±1e4', () => {
    test.reset();
    const at = test.put([1e4, -1e4, 0]);
    test.kernels.logSoftmax(1, 3, at, at);
    expect([...test.get(at, 3)]).toEqual([0, -2e4, -1e4]);
  });
});

describe('crossEntropy beside float64: loss < 5e-7, gradient < 5e-7, relative', () => {
  const run = (rows: number, K: number, x: Float32Array, y: Float32Array, weight?: Float32Array) => {
    test.reset();
    const [at, targets] = [test.put(x), test.put(y)];
    const weightAt = weight ? test.put(weight) : 0;
    const gradient = test.garbage(rows * K);
    const value = test.kernels.crossEntropy(rows, K, at, targets, weightAt, gradient);
    const alone = test.kernels.crossEntropy(rows, K, at, targets, weightAt, 0);
    test.expectGuards();
    expect(alone, 'the loss without its gradient').toBe(value);
    return { value, gradient: test.get(gradient, rows * K) };
  };
  const oneHot = (rows: number, K: number) =>
    Float32Array.from({ length: rows * K }, (_, i) => Number(i % K === (Math.floor(i / K) * 5 + 1) % K));
  const close = (got: ReturnType<typeof run>, expected: reference.Measured) => {
    expect(Math.abs(got.value - expected.loss) / expected.loss).toBeLessThan(5e-7);
    expect(relativeError(got.gradient, expected.gradient)).toBeLessThan(5e-7);
  };

  it.each(sizes.filter(([, K]) => K > 1))('%i rows of %i classes, one-hot, mixed, weighted', (rows, K) => {
    const x = noise(rows * K, 1).map((value) => 4 * value);
    const mixed = noise(rows * K, 2).map(Math.abs);
    const weight = noise(rows * K, 3).map(Math.abs);
    for (const y of [oneHot(rows, K), mixed])
      for (const w of [undefined, weight]) close(run(rows, K, x, y, w), reference.crossEntropy(x, y, K, w));
  });

  it('one class costs nothing', () => {
    const { value, gradient } = run(3, 1, noise(3, 1), new Float32Array(3).fill(1));
    expect(Math.abs(value)).toBeLessThan(1e-7);
    expect(gradient.every((each) => Math.abs(each) < 1e-7)).toBe(true);
  });

  it('is stable: logits of ±1e4', () => {
    const x = Float32Array.from([1e4, -1e4, 0, -1e4, 1e4, 5]);
    close(run(2, 3, x, oneHot(2, 3)), reference.crossEntropy(x, oneHot(2, 3), 3));
  });

  it('passes NaN on', () => {
    const { value, gradient } = run(2, 3, Float32Array.from([1, Number.NaN, 2, 1, 2, 3]), oneHot(2, 3));
    expect(value).toBeNaN();
    expect(gradient.slice(0, 3).every(Number.isNaN)).toBe(true);
  });
});
