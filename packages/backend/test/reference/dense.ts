// What stands around a dense layer's matrix product, in float64.

/** Sums of the columns of `x [rows, n]`, and the sums of their magnitudes: the scale that rounding goes by. */
export function sumRows(x: ArrayLike<number>, n: number): { sums: number[]; magnitudes: number[] } {
  const sums = new Array<number>(n).fill(0);
  const magnitudes = new Array<number>(n).fill(0);
  for (let i = 0; i < x.length; i++) {
    sums[i % n]! += x[i]!;
    magnitudes[i % n]! += Math.abs(x[i]!);
  }
  return { sums, magnitudes };
}

/** `bias [n]` in each of `rows` rows. */
export function fillBias(rows: number, bias: ArrayLike<number>): number[] {
  return Array.from({ length: rows }, () => Array.from(bias)).flat();
}
