import { beforeAll, describe, expect, it } from 'vitest';
import * as reference from '../reference/batch-norm.ts';
import { noise } from '../reference/support.ts';
import { createTestKernels, relativeError, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});

const sizes = [2, 3, 31, 32, 33, 200].flatMap((rows) => [1, 3, 4, 5, 17, 64].map((C) => [rows, C] as const));

/** Columns of different middles and widths. */
function columns(rows: number, C: number, middle: number): Float32Array {
  return noise(rows * C, 1).map((value, i) => middle * ((i % C) - 1) + (1 + (i % C)) * value);
}

function moments(x: Float32Array, C: number) {
  test.reset();
  const [mean, variance] = [test.garbage(C), test.garbage(C)];
  const scratch = test.garbage(test.kernels.batchNormScratch(C));
  test.kernels.batchNormMoments(x.length / C, C, test.put(x), mean, variance, scratch);
  test.expectGuards();
  return { mean: test.get(mean, C), variance: test.get(variance, C) };
}

describe('moments of columns beside float64: relative error < 5e-7', () => {
  it.each([...sizes, [100_000, 6] as const])('%i rows of %i', (rows, C) => {
    for (const middle of [0, 3]) {
      const x = columns(rows, C, middle);
      const got = moments(x, C);
      const expected = reference.moments(x, C);
      expect(relativeError(got.mean, expected.mean), 'mean').toBeLessThan(5e-7);
      got.variance.forEach((value, c) => {
        expect(Math.abs(value / expected.variance[c]! - 1), 'variance').toBeLessThan(5e-7);
      });
    }
  });

  it('a thousand away from 0 the variance keeps its digits: error < 1e-4', () => {
    const x = noise(3000, 2).map((value) => 1000 + value);
    const { variance } = moments(x, 3);
    expect(relativeError(variance, reference.moments(x, 3).variance)).toBeLessThan(1e-4);
  });
});

describe('batch norm and its gradients beside float64: relative error < 1e-6', () => {
  it.each(sizes)('%i rows of %i', (rows, C) => {
    const x = columns(rows, C, 0.5);
    const [gamma, beta, dy] = [noise(C, 3).map((value) => value + 1.5), noise(C, 4), noise(rows * C, 5)];
    const own = reference.moments(x, C);
    const running = { mean: noise(C, 6), variance: noise(C, 7).map((value) => value + 1.5) };
    for (const moving of [true, false]) {
      const from = moving ? own : running;
      const [mean, variance] = [Float32Array.from(from.mean), Float32Array.from(from.variance)];
      const norm = { mean, variance, gamma, beta, epsilon: 1e-3 };
      test.reset();
      const { kernels } = test;
      const [xAt, dyAt, meanAt, varianceAt, gammaAt, betaAt] = [x, dy, mean, variance, gamma, beta].map(
        test.put,
      );
      const [y, dx, dGamma, dBeta] = [rows * C, rows * C, C, C].map(test.garbage);
      const scratch = test.garbage(kernels.batchNormScratch(C));
      kernels.batchNorm(rows, C, xAt!, meanAt!, varianceAt!, gammaAt!, betaAt!, 1e-3, y!);
      const gradient = (to: number) =>
        kernels.batchNormGradient(
          ...([rows, C, xAt!, dyAt!, meanAt!, varianceAt!, gammaAt!] as const),
          ...([1e-3, moving, dGamma!, dBeta!, to, scratch] as const),
        );
      gradient(0);
      gradient(dx!);
      gradient(dyAt!);
      test.expectGuards();
      expect(relativeError(test.get(y!, rows * C), reference.batchNorm(x, norm)), 'y').toBeLessThan(1e-6);
      const expected = reference.batchNormGradient(x, dy, norm, moving);
      // Of two rows the gradients by x cancel to almost nothing: dy is the scale then.
      const scale = Math.max(...expected.dx.map(Math.abs), 0.1);
      const worst = expected.dx.reduce(
        (most, value, i) => Math.max(most, Math.abs(test.get(dx!, rows * C)[i]! - value)),
        0,
      );
      expect(worst / scale, 'dx').toBeLessThan(2e-6);
      expect(test.get(dyAt!, rows * C), 'in place').toEqual(test.get(dx!, rows * C));
      expect(relativeError(test.get(dGamma!, C), expected.dGamma), 'dGamma').toBeLessThan(2e-6);
      expect(relativeError(test.get(dBeta!, C), expected.dBeta), 'dBeta').toBeLessThan(1e-6);
    }
  });

  it('NaN stays in its column', () => {
    const x = columns(6, 5, 0);
    x[12] = Number.NaN;
    const { mean, variance } = moments(x, 5);
    expect([mean.findIndex(Number.isNaN), variance.findIndex(Number.isNaN)]).toEqual([2, 2]);
    expect([...mean].filter(Number.isNaN)).toHaveLength(1);
  });
});
