// Moves and sums around a matrix product: the bias of a dense layer, its gradient, and copies.

import { at } from './simd';

/** Writes `bias [n]` to each of `rows` rows of `out [rows, n]`. */
export function fillBias(rows: i32, n: i32, bias: usize, out: usize): void {
  for (let row = 0; row < rows; row++) memory.copy(at(out, row * n), bias, (<usize>n) << 2);
}

/** `out[j] = Σ x[row, j]` over `rows` rows of `x [rows, n]`. */
export function sumRows(rows: i32, n: i32, x: usize, out: usize): void {
  let j = 0;
  for (; j + 4 <= n; j += 4) {
    let total = f32x4.splat(0);
    for (let row = 0; row < rows; row++) total = f32x4.add(total, v128.load(at(x, row * n + j)));
    v128.store(at(out, j), total);
  }
  for (; j < n; j++) {
    let total: f32 = 0;
    for (let row = 0; row < rows; row++) total += load<f32>(at(x, row * n + j));
    store<f32>(at(out, j), total);
  }
}

/** Copies `count` floats. */
export function copy(count: i32, from: usize, to: usize): void {
  memory.copy(to, from, (<usize>count) << 2);
}
