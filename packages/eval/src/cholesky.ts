// The one linear system that ridge regression needs. Thirty lines in float64; a matrix library would be
// a hundred times that for the same result.

/**
 * Solves A·X = B for a symmetric positive definite A `[n, n]` and B `[n, columns]`, both row-major float64,
 * by the Cholesky factor A = L·Lᵀ. Only the lower half of A is read. Overwrites A with L and B with X.
 * @throws if A is not positive definite to working accuracy.
 * Source: Golub and Van Loan, Matrix Computations, 4th edition, section 4.2.
 */
export function solveCholesky(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const columns = b.length / n;
  for (let j = 0; j < n; j++) {
    let pivot = a[j * n + j]!;
    const floor = pivot * n * Number.EPSILON;
    for (let k = 0; k < j; k++) pivot -= a[j * n + k]! ** 2;
    if (!(pivot > floor)) throw new Error(`cholesky: the matrix is not positive definite at row ${j}.`);
    const diagonal = Math.sqrt(pivot);
    a[j * n + j] = diagonal;
    for (let i = j + 1; i < n; i++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= a[i * n + k]! * a[j * n + k]!;
      a[i * n + j] = sum / diagonal;
    }
  }
  for (let c = 0; c < columns; c++) {
    for (let i = 0; i < n; i++) {
      let sum = b[i * columns + c]!;
      for (let k = 0; k < i; k++) sum -= a[i * n + k]! * b[k * columns + c]!;
      b[i * columns + c] = sum / a[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      let sum = b[i * columns + c]!;
      for (let k = i + 1; k < n; k++) sum -= a[k * n + i]! * b[k * columns + c]!;
      b[i * columns + c] = sum / a[i * n + i]!;
    }
  }
  return b;
}
