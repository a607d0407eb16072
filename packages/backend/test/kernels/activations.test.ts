import { beforeAll, describe, expect, it } from 'vitest';
import { createTestKernels, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Each function by its code, its derivative, and the largest absolute error allowed of both; `relative` where it holds. */
const functions: {
  code: number;
  name: string;
  value: (x: number) => number;
  slope: (x: number) => number;
  bound: number;
  relative?: boolean;
}[] = [
  { code: 0, name: 'linear', value: (x) => x, slope: () => 1, bound: 1e-9, relative: true },
  {
    code: 1,
    name: 'tanh',
    value: Math.tanh,
    slope: (x) => 1 - Math.tanh(x) ** 2,
    bound: 5e-7,
    relative: true,
  },
  {
    code: 2,
    name: 'relu',
    value: (x) => Math.max(x, 0),
    slope: (x) => Number(x > 0),
    bound: 1e-9,
    relative: true,
  },
  { code: 3, name: 'sigmoid', value: sigmoid, slope: (x) => sigmoid(x) * (1 - sigmoid(x)), bound: 3e-7 },
  {
    code: 4,
    name: 'elu',
    value: (x) => (x > 0 ? x : Math.expm1(x)),
    slope: (x) => (x > 0 ? 1 : Math.exp(x)),
    bound: 4e-7,
  },
  {
    code: 5,
    name: 'leakyRelu',
    value: (x) => (x > 0 ? x : 0.01 * x),
    slope: (x) => (x > 0 ? 1 : 0.01),
    bound: 1e-6,
    relative: true,
  },
  {
    code: 6,
    name: 'softplus',
    value: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    slope: sigmoid,
    bound: 4e-6,
  },
  {
    code: 7,
    name: 'swish',
    value: (x) => x * sigmoid(x),
    slope: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))),
    bound: 8e-6,
  },
  {
    code: 8,
    name: 'hardSigmoid',
    value: (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
    slope: (x) => (Math.abs(x) < 2.5 ? 0.2 : 0),
    bound: 2e-7,
  },
];

/** Values of every size from 1e-8 to 30, both signs, where kinks are left out by not being exactly hit. */
const inputs = Float32Array.from({ length: 40_001 }, (_, i) => {
  if (i < 30_001) return -30 + (60 * i) / 30_000 + 1e-5;
  const size = 10 ** (-8 + (9.4 * (i - 30_001)) / 10_000);
  return i % 2 ? size : -size;
});

for (const { code, name, value, slope, bound, relative } of functions) {
  it(`${name}: ${relative ? 'relative' : 'absolute'} error < ${bound}, its derivative within twice that`, () => {
    test.reset();
    const x = test.put(inputs);
    const y = test.garbage(inputs.length);
    test.kernels.activateAll(code, inputs.length, x, y);
    const dy = test.put(new Float32Array(inputs.length).fill(1));
    const values = test.get(y, inputs.length);
    test.kernels.activateGradient(code, inputs.length, x, y, dy, dy);
    const slopes = test.get(dy, inputs.length);
    let worst = 0;
    let worstSlope = 0;
    for (const [i, input] of inputs.entries()) {
      const expected = value(input);
      const error = Math.abs(values[i]! - expected);
      worst = Math.max(worst, relative && expected !== 0 ? error / Math.abs(expected) : error);
      worstSlope = Math.max(worstSlope, Math.abs(slopes[i]! - slope(input)));
    }
    expect(worst, 'value').toBeLessThan(bound);
    expect(worstSlope, 'derivative').toBeLessThan(2 * bound);
  });
}

describe('at the edges', () => {
  it('NaN stays NaN, whatever lane it is in', () => {
    for (const { code, name } of functions) {
      for (let lane = 0; lane < 5; lane++) {
        test.reset();
        const values = new Float32Array(5).fill(0.5);
        values[lane] = Number.NaN;
        const x = test.put(values);
        test.kernels.activateAll(code, 5, x, x);
        expect(test.get(x, 5).findIndex(Number.isNaN), name).toBe(lane);
      }
    }
  });

  it('does not overflow: ±1e4 and ±∞', () => {
    for (const [code, high, low] of [
      [1, 1, -1],
      [3, 1, 0],
      [4, 1e4, -1],
      [6, 1e4, 0],
    ] as const) {
      test.reset();
      const x = test.put([1e4, -1e4]);
      test.kernels.activateAll(code, 2, x, x);
      const [a, b] = test.get(x, 2);
      expect(a! / high).toBeCloseTo(1, 5);
      expect(b).toBeCloseTo(low, 5);
    }
  });
});
