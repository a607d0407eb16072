import { beforeAll, describe, expect, it } from 'vitest';
import * as reference from '../reference/kernels.ts';
import { geometryOf, noise, type Pad } from '../reference/support.ts';
import { poolNumbers } from './convolution-numbers.ts';
import { createTestKernels, relativeError, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});

type Shape = [number, number, number, number];
const size = (shape: number[]) => shape.reduce((product, each) => product * each, 1);

/** What the kernels give for `input`, and what they should. */
function run(
  kind: 'max' | 'mean',
  x: Shape,
  window: [number, number],
  strides: [number, number],
  pad: Pad,
  input: Float32Array,
) {
  test.reset();
  const { kernels } = test;
  const geometry = geometryOf(x, [...window, x[3], 1], strides, pad);
  const numbers = poolNumbers(geometry);
  const outputs = x[0] * size(geometry.out) * x[3];
  const dy = noise(outputs, 6);
  const [xAt, dyAt, y, dx] = [test.put(input), test.put(dy), test.garbage(outputs), test.garbage(size(x))];
  if (kind === 'max') {
    kernels.maxPool(xAt, y, ...numbers);
    kernels.maxPoolGradient(xAt, y, dyAt, dx, ...numbers);
  } else {
    kernels.averagePool(xAt, y, ...numbers);
    kernels.averagePoolGradient(dyAt, dx, ...numbers);
  }
  test.expectGuards();
  return {
    y: test.get(y, outputs),
    dx: test.get(dx, size(x)),
    expectedY: reference.pool(kind, geometry, input).data,
    expectedDx: reference.poolGradient(kind, geometry, input, dy).data,
  };
}

const windows: [string, [number, number], [number, number], Pad][] = [
  ['2 × 2', [2, 2], [2, 2], 'valid'],
  ['2 × 2, same', [2, 2], [2, 2], 'same'],
  ['3 × 2, overlapping, same', [3, 2], [1, 1], 'same'],
  ['3 × 3 stride 2 × 1, padded', [3, 3], [2, 1], [1, 1, 2, 0]],
  ['2 × 2 stride 2 × 1, overlapping', [2, 2], [2, 1], 'valid'],
  ['1 × 3 stride 1 × 3', [1, 3], [1, 3], 'valid'],
  ['2 × 2, stride 3: pixels left out', [2, 2], [3, 3], 'valid'],
  ['the whole image', [7, 9], [1, 1], 'valid'],
];

describe('pooling and its gradients beside float64 loops', () => {
  for (const [name, window, strides, pad] of windows) {
    it(`max, ${name}: exact forward, gradient < 1e-6`, () => {
      for (const B of [1, 3])
        for (const C of [1, 3, 4, 5, 12, 17]) {
          const x: Shape = [B, 7, 9, C];
          const result = run('max', x, window, strides, pad, noise(size(x), 5));
          expect([...result.y]).toEqual([...result.expectedY]);
          expect(relativeError(result.dx, result.expectedDx)).toBeLessThan(1e-6);
        }
    });

    it(`mean, ${name}: relative error < 1e-6`, () => {
      for (const B of [1, 3])
        for (const C of [1, 3, 4, 5, 12, 17]) {
          const x: Shape = [B, 7, 9, C];
          const result = run('mean', x, window, strides, pad, noise(size(x), 5));
          expect(relativeError(result.y, result.expectedY)).toBeLessThan(1e-6);
          expect(relativeError(result.dx, result.expectedDx)).toBeLessThan(1e-6);
        }
    });
  }

  it('1D: height 1', () => {
    for (const kind of ['max', 'mean'] as const)
      for (const taps of [1, 2, 3]) {
        const x: Shape = [3, 1, 13, 5];
        const result = run(kind, x, [1, taps], [1, taps], 'valid', noise(size(x), 8));
        expect(relativeError(result.y, result.expectedY)).toBeLessThan(1e-6);
        expect(relativeError(result.dx, result.expectedDx)).toBeLessThan(1e-6);
      }
  });

  it('max: of equal values the first one takes the gradient', () => {
    for (const C of [1, 4, 5]) {
      const x: Shape = [2, 6, 6, C];
      // Few different values, so that most windows hold their maximum more than once.
      const input = noise(size(x), 3).map((value) => Math.round(value * 2) + 0);
      for (const strides of [
        [2, 2],
        [1, 2],
      ] as [number, number][]) {
        const result = run('max', x, [2, 2], strides, 'valid', input);
        expect([...result.y]).toEqual([...result.expectedY]);
        expect(relativeError(result.dx, result.expectedDx)).toBeLessThan(1e-6);
      }
    }
  });

  it('max: NaN wins, and the first NaN takes the gradient', () => {
    for (const C of [1, 4, 5]) {
      const x: Shape = [2, 6, 6, C];
      const input = noise(size(x), 3).map((value) => (value > 0.5 ? Number.NaN : value));
      for (const window of [
        [2, 3],
        [2, 2],
      ] as [number, number][]) {
        const result = run('max', x, window, window, 'valid', input);
        expect(result.y.some(Number.isNaN)).toBe(true);
        expect([...result.y]).toEqual([...result.expectedY]);
        expect(relativeError(result.dx, result.expectedDx)).toBeLessThan(1e-6);
      }
    }
  });

  it('max: minus infinity is a value', () => {
    const input = new Float32Array(16).fill(Number.NEGATIVE_INFINITY);
    const result = run('max', [1, 4, 4, 1], [2, 2], [2, 2], 'valid', input);
    expect([...result.y]).toEqual([...result.expectedY]);
    expect(relativeError(result.dx, result.expectedDx)).toBeLessThan(1e-6);
  });
});
