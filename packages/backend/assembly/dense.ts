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

/** Copies `columns` floats of each of `rows` rows, which lie `fromWidth` floats apart, to rows `toWidth` floats apart. */
export function copyColumns(rows: i32, columns: i32, from: usize, fromWidth: i32, to: usize, toWidth: i32): void {
  for (let row = 0; row < rows; row++) {
    let i = 0;
    for (; i + 4 <= columns; i += 4) v128.store(at(to, i), v128.load(at(from, i)));
    for (; i < columns; i++) store<f32>(at(to, i), load<f32>(at(from, i)));
    from = at(from, fromWidth);
    to = at(to, toWidth);
  }
}

/** `out = a + b` on `count` floats; `out` may be one of them. */
export function add(count: i32, a: usize, b: usize, out: usize): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(at(out, i), f32x4.add(v128.load(at(a, i)), v128.load(at(b, i))));
  for (; i < count; i++) store<f32>(at(out, i), load<f32>(at(a, i)) + load<f32>(at(b, i)));
}

/** Copies `count` floats. */
export function copy(count: i32, from: usize, to: usize): void {
  memory.copy(to, from, (<usize>count) << 2);
}
