// Random orthogonal matrices for recurrent kernels (Saxe, McClelland, Ganguli 2014, arXiv:1312.6120).

import type { Random } from '@tidecast/data';

/**
 * A uniformly distributed matrix `[rows, columns]` with orthonormal rows or columns, whichever are fewer.
 * Normal vectors, made orthonormal by Gram–Schmidt in float64. Every vector is projected twice,
 * which is enough for full precision (Giraud, Langou, Rozloznik 2005).
 */
export function randomOrthogonal(rows: number, columns: number, random: Random): Float64Array {
  const count = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const vectors: Float64Array[] = [];
  while (vectors.length < count) {
    const vector = Float64Array.from({ length }, () => random.normal());
    for (let pass = 0; pass < 2; pass++) {
      for (const earlier of vectors) {
        const overlap = dot(vector, earlier);
        for (let i = 0; i < length; i++) vector[i] = vector[i]! - overlap * earlier[i]!;
      }
    }
    const norm = Math.sqrt(dot(vector, vector));
    // A vector that lies almost wholly in the span of the earlier ones would lose its direction: draw again.
    if (norm < 1e-8) continue;
    vectors.push(vector.map((value) => value / norm));
  }
  const matrix = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      matrix[row * columns + column] = rows <= columns ? vectors[row]![column]! : vectors[column]![row]!;
    }
  }
  return matrix;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
