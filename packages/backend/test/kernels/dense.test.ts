import { beforeAll, describe, expect, it } from 'vitest';
import * as reference from '../reference/dense.ts';
import { noise } from '../reference/support.ts';
import { createTestKernels, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});

const sizes = [1, 3, 32].flatMap((rows) => [1, 3, 4, 5, 17, 64].map((n) => [rows, n] as const));

describe('sumRows beside float64: error < 2e-7 of the sum of magnitudes', () => {
  it.each([...sizes, [2000, 5] as const])('%i rows of %i', (rows, n) => {
    test.reset();
    const x = noise(rows * n, 1);
    const out = test.garbage(n);
    test.kernels.sumRows(rows, n, test.put(x), out);
    test.expectGuards();
    const { sums, magnitudes } = reference.sumRows(x, n);
    test.get(out, n).forEach((value, j) => {
      expect(Math.abs(value - sums[j]!) / magnitudes[j]!).toBeLessThan(2e-7);
    });
  });

  it('no rows sum to 0, and NaN stays in its column', () => {
    test.reset();
    const out = test.garbage(5);
    test.kernels.sumRows(0, 5, 0, out);
    expect([...test.get(out, 5)]).toEqual([0, 0, 0, 0, 0]);
    for (let column = 0; column < 5; column++) {
      const x = noise(15, 1);
      x[5 + column] = Number.NaN;
      test.kernels.sumRows(3, 5, test.put(x), out);
      expect(test.get(out, 5).findIndex(Number.isNaN)).toBe(column);
    }
  });
});

describe('moves, exact', () => {
  it.each(sizes)('fillBias: %i rows of %i', (rows, n) => {
    test.reset();
    const bias = noise(n, 1);
    const out = test.garbage(rows * n);
    test.kernels.fillBias(rows, n, test.put(bias), out);
    test.expectGuards();
    expect([...test.get(out, rows * n)]).toEqual(reference.fillBias(rows, bias));
  });

  it.each(sizes)('copyColumns: %i rows of %i, out of wider rows and back into them', (rows, n) => {
    test.reset();
    const x = noise(rows * (n + 3), 1);
    const part = test.garbage(rows * n);
    const whole = test.put(new Float32Array(x.length));
    test.kernels.copyColumns(rows, n, test.put(x) + 8, n + 3, part, n);
    test.kernels.copyColumns(rows, n, part, n, whole + 8, n + 3);
    test.expectGuards();
    const inside = (i: number) => i % (n + 3) >= 2 && i % (n + 3) < n + 2;
    expect(test.get(part, rows * n)).toEqual(x.filter((_, i) => inside(i)));
    expect(test.get(whole, x.length)).toEqual(x.map((value, i) => (inside(i) ? value : 0)));
  });

  it.each([0, 1, 3, 4, 5, 17])('add: %i values, also in place', (count) => {
    test.reset();
    const [a, b] = [noise(count, 1), noise(count, 2)];
    const [aAt, bAt, out] = [test.put(a), test.put(b), test.garbage(count)];
    test.kernels.add(count, aAt, bAt, out);
    test.kernels.add(count, aAt, bAt, aAt);
    test.expectGuards();
    const expected = a.map((value, i) => Math.fround(value + b[i]!));
    expect(test.get(out, count)).toEqual(expected);
    expect(test.get(aAt, count)).toEqual(expected);
  });

  it.each([0, 1, 3, 4, 5, 17])('copy: %i values', (count) => {
    test.reset();
    const x = noise(count, 1);
    const out = test.garbage(count);
    test.kernels.copy(count, test.put(x), out);
    test.expectGuards();
    expect(test.get(out, count)).toEqual(x);
  });
});
