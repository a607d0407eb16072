import { beforeAll, describe, expect, it } from 'vitest';
import { type ActivationName, activations } from '../reference/activations.ts';
import { createTestKernels, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});

/** The largest error allowed of each function: absolute, or relative where it holds. */
const bounds: Record<ActivationName, { bound: number; relative?: boolean }> = {
  linear: { bound: 1e-9, relative: true },
  tanh: { bound: 5e-7, relative: true },
  relu: { bound: 1e-9, relative: true },
  sigmoid: { bound: 3e-7 },
  elu: { bound: 4e-7 },
  leakyRelu: { bound: 1e-6, relative: true },
  softplus: { bound: 4e-6 },
  swish: { bound: 8e-6 },
  hardSigmoid: { bound: 2e-7 },
  relu6: { bound: 1e-9, relative: true },
};

const functions = Object.entries(bounds).map(([name, each]) => ({
  name,
  ...activations[name as ActivationName],
  relative: false,
  ...each,
}));

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
