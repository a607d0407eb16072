import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { noise } from '../reference/support.ts';
import { createTestKernels, relativeError, type TestKernels } from './test-kernels.ts';

let test: TestKernels;
beforeAll(async () => {
  test = await createTestKernels();
});
beforeEach(() => test.reset());

/** `a · b` in float64, from row-major operands that may be stored transposed. */
function product(
  m: number,
  n: number,
  k: number,
  a: Float32Array,
  b: Float32Array,
  ta: boolean,
  tb: boolean,
) {
  const result = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let p = 0; p < k; p++)
        result[i * n + j]! += a[ta ? p * m + i : i * k + p]! * b[tb ? j * k + p : p * n + j]!;
  return result;
}

const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 16, 17, 33];

describe('gemm: relative error < 1e-6 beside float64 loops', () => {
  for (const [ta, tb] of [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    it(`all small shapes, a ${ta ? 'transposed' : 'as is'}, b ${tb ? 'transposed' : 'as is'}`, () => {
      for (const m of sizes)
        for (const n of sizes)
          for (const k of [1, 2, 3, 4, 5, 8, 17]) {
            test.reset();
            const a = noise(m * k, m + 31 * k);
            const b = noise(k * n, n + 17 * k);
            const c = test.garbage(m * n);
            const scratch = test.garbage(test.kernels.gemmScratch(m, n, k));
            test.kernels.gemm(
              m,
              n,
              k,
              test.put(a),
              ta ? m : k,
              ta,
              test.put(b),
              tb ? k : n,
              tb,
              c,
              n,
              false,
              scratch,
            );
            const error = relativeError(test.get(c, m * n), product(m, n, k, a, b, ta, tb));
            expect(error, `${m} × ${n} × ${k}`).toBeLessThan(1e-6);
          }
    });
  }

  it.each([
    [200, 40, 600],
    [193, 9, 257],
    [400, 3, 513],
  ])('more than one block: %i × %i × %i, added to what was there', (m, n, k) => {
    const a = noise(m * k, 1);
    const b = noise(k * n, 2);
    const before = noise(m * n, 3);
    for (const [ta, tb] of [
      [false, false],
      [true, true],
    ] as const) {
      test.reset();
      const c = test.put(before);
      const scratch = test.garbage(test.kernels.gemmScratch(m, n, k));
      test.kernels.gemm(
        m,
        n,
        k,
        test.put(a),
        ta ? m : k,
        ta,
        test.put(b),
        tb ? k : n,
        tb,
        c,
        n,
        true,
        scratch,
      );
      const expected = product(m, n, k, a, b, ta, tb).map((value, i) => value + before[i]!);
      expect(relativeError(test.get(c, m * n), expected)).toBeLessThan(1e-6);
    }
  });

  it('leaves what stands beside the result alone, and multiplies parts of larger matrices', () => {
    const [m, n, k, lda, ldb, ldc] = [7, 11, 5, 9, 13, 17];
    const a = noise(m * lda, 1);
    const b = noise(k * ldb, 2);
    const before = noise(m * ldc, 3);
    const c = test.put(before);
    const scratch = test.garbage(test.kernels.gemmScratch(m, n, k));
    test.kernels.gemm(m, n, k, test.put(a), lda, false, test.put(b), ldb, false, c, ldc, false, scratch);
    const expected = Float64Array.from(before);
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++) {
        expected[i * ldc + j] = 0;
        for (let p = 0; p < k; p++) expected[i * ldc + j]! += a[i * lda + p]! * b[p * ldb + j]!;
      }
    expect(relativeError(test.get(c, m * ldc), expected)).toBeLessThan(1e-6);
  });

  it('is 0 where k is 0', () => {
    const c = test.garbage(6);
    test.kernels.gemm(2, 3, 0, 0, 0, false, 0, 3, false, c, 3, false, test.garbage(1));
    expect([...test.get(c, 6)]).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
