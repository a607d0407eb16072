// The bar that every autoencoder has to pass: the best reconstruction that a linear one can give.

import type { NdArray } from '@tidecast/data';
import { checkNumber } from '../check.ts';

/** The directions in which examples differ most. */
export interface PrincipalComponents {
  /** Mean of the examples, `[F]`. */
  mean: Float64Array;
  /** The first L directions, orthonormal rows `[L, F]`. */
  components: Float64Array;
  /** Variance along every one of the F directions, descending; mean squares, divided by N. */
  variances: Float64Array;
  /** L. */
  latent: number;
}

/**
 * Principal components of examples `[N, ...]`, laid flat to `[N, F]`: eigenvectors of their covariance, by Jacobi's
 * rotations (Golub and Van Loan 2013, section 8.5) in float64. A linear autoencoder with L units finds the same subspace
 * (Baldi and Hornik 1989), and leaves the sum of the other variances as its squared error an example.
 * @throws if `latent` is no whole number from 1 to F.
 */
export function principalComponents(
  { data, shape }: NdArray,
  { latent }: { latent: number },
): PrincipalComponents {
  const count = shape[0] ?? 0;
  checkNumber('principalComponents: number of examples', count, { min: 1 });
  const width = data.length / count;
  checkNumber('principalComponents: latent', latent, { min: 1, max: width, integer: true });
  const mean = new Float64Array(width);
  for (let i = 0; i < data.length; i++) mean[i % width]! += data[i]! / count;
  const covariance = new Float64Array(width * width);
  const row = new Float64Array(width);
  for (let n = 0; n < count; n++) {
    for (let f = 0; f < width; f++) row[f] = data[n * width + f]! - mean[f]!;
    for (let f = 0; f < width; f++) {
      for (let g = 0; g < width; g++) covariance[f * width + g]! += (row[f]! * row[g]!) / count;
    }
  }
  const vectors = diagonalize(covariance, width);
  const order = Array.from({ length: width }, (_, f) => f).sort(
    (f, g) => covariance[g * width + g]! - covariance[f * width + f]!,
  );
  const components = new Float64Array(latent * width);
  for (let l = 0; l < latent; l++) {
    components.set(vectors.subarray(order[l]! * width, (order[l]! + 1) * width), l * width);
  }
  // Rounding can leave a variance of 0 a little below it.
  const variances = Float64Array.from(order, (f) => Math.max(0, covariance[f * width + f]!));
  return { mean, components, variances, latent };
}

/** The examples as the components give them back: `mean + Σ_L (x − mean)·c·c`, of the shape of `x`. */
export function projectOnComponents(
  { data, shape }: NdArray,
  { mean, components, latent }: PrincipalComponents,
): NdArray {
  const width = mean.length;
  const result = Float32Array.from(data, (_, i) => mean[i % width]!);
  for (let n = 0; n < data.length / width; n++) {
    for (let l = 0; l < latent; l++) {
      let score = 0;
      for (let f = 0; f < width; f++) {
        score += (data[n * width + f]! - mean[f]!) * components[l * width + f]!;
      }
      for (let f = 0; f < width; f++) result[n * width + f]! += score * components[l * width + f]!;
    }
  }
  return { data: result, shape: [...shape] };
}

/** Rotates the symmetric `matrix` in place until it is diagonal, and returns its eigenvectors as rows. */
function diagonalize(matrix: Float64Array, size: number): Float64Array {
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const scale = matrix.reduce((sum, value) => sum + value * value, 0);
  for (let sweep = 0; sweep < 50; sweep++) {
    let beside = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) beside += 2 * matrix[p * size + q]! ** 2;
    }
    if (beside <= 1e-24 * scale) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) rotate(matrix, vectors, size, p, q);
    }
  }
  return vectors;
}

/** One rotation in the plane of axes p and q, after which their entry is 0. */
function rotate(matrix: Float64Array, vectors: Float64Array, size: number, p: number, q: number): void {
  const entry = matrix[p * size + q]!;
  if (entry === 0) return;
  const ratio = (matrix[q * size + q]! - matrix[p * size + p]!) / (2 * entry);
  const tangent = (ratio >= 0 ? 1 : -1) / (Math.abs(ratio) + Math.hypot(1, ratio));
  const cosine = 1 / Math.hypot(1, tangent);
  const sine = tangent * cosine;
  for (let k = 0; k < size; k++) {
    const [a, b] = [matrix[p * size + k]!, matrix[q * size + k]!];
    matrix[p * size + k] = cosine * a - sine * b;
    matrix[q * size + k] = sine * a + cosine * b;
    const [u, v] = [vectors[p * size + k]!, vectors[q * size + k]!];
    vectors[p * size + k] = cosine * u - sine * v;
    vectors[q * size + k] = sine * u + cosine * v;
  }
  for (let k = 0; k < size; k++) {
    const [a, b] = [matrix[k * size + p]!, matrix[k * size + q]!];
    matrix[k * size + p] = cosine * a - sine * b;
    matrix[k * size + q] = sine * a + cosine * b;
  }
}
