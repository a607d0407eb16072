import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { solveCholesky } from '../src/cholesky.ts';

describe('solveCholesky', () => {
  it('solves a system worked out by hand', () => {
    const a = Float64Array.of(4, 0, 2, 3);
    expect(Array.from(solveCholesky(a, Float64Array.of(8, 1, 7, 2), 2))).toEqual(
      [1.25, -1 / 8, 1.5, 0.75].map((value) => expect.closeTo(value, 14)),
    );
  });

  it('gives A·X = B for random positive definite A, residual under 1e-9', () => {
    const entry = fc.double({ min: -1, max: 1, noNaN: true });
    const system = fc
      .integer({ min: 1, max: 8 })
      .chain((n) =>
        fc.tuple(
          fc.constant(n),
          fc.array(entry, { minLength: n * n, maxLength: n * n }),
          fc.array(entry, { minLength: 2 * n, maxLength: 2 * n }),
        ),
      );
    fc.assert(
      fc.property(system, ([n, m, b]) => {
        const a = new Float64Array(n * n);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) {
            for (let k = 0; k < n; k++) a[i * n + j]! += m[i * n + k]! * m[j * n + k]!;
          }
          a[i * n + i]! += 0.1;
        }
        const x = solveCholesky(Float64Array.from(a), Float64Array.from(b), n);
        for (let i = 0; i < n; i++) {
          for (let c = 0; c < 2; c++) {
            let sum = 0;
            for (let k = 0; k < n; k++) sum += a[i * n + k]! * x[k * 2 + c]!;
            expect(Math.abs(sum - b[i * 2 + c]!)).toBeLessThan(1e-9);
          }
        }
      }),
    );
  });

  it('refuses a matrix that is singular or not positive definite', () => {
    expect(() => solveCholesky(Float64Array.of(1, 1, 1, 1), new Float64Array(2), 2)).toThrow('at row 1');
    expect(() => solveCholesky(Float64Array.of(1, 2, 2, 1), new Float64Array(2), 2)).toThrow(
      'positive definite',
    );
    expect(() => solveCholesky(Float64Array.of(Number.NaN), new Float64Array(1), 1)).toThrow('at row 0');
  });
});
