// The innermost loops of every matrix product: a tile of 4 or 6 rows by 8 columns stays in registers while k runs.

import { madd } from '../simd';

/** Adds (or writes) 8 values of one row of the result, or the first `columns` of them. */
// @ts-ignore: decorator
@inline
export function storeRow(c: usize, x: v128, y: v128, columns: i32, accumulate: bool): void {
  if (columns == 8) {
    if (accumulate) {
      x = f32x4.add(x, v128.load(c));
      y = f32x4.add(y, v128.load(c, 16));
    }
    v128.store(c, x);
    v128.store(c, y, 16);
    return;
  }
  storePart(c, x, y, columns, accumulate);
}

export function storePart(c: usize, x: v128, y: v128, columns: i32, accumulate: bool): void {
  if (columns >= 4) {
    v128.store(c, accumulate ? f32x4.add(x, v128.load(c)) : x);
    c += 16;
    columns -= 4;
    x = y;
  }
  for (; columns > 0; columns--) {
    const value = f32x4.extract_lane(x, 0);
    store<f32>(c, accumulate ? load<f32>(c) + value : value);
    x = v128.shuffle<f32>(x, x, 1, 2, 3, 0);
    c += 4;
  }
}

/** `c [≤ 4, columns] (+)= a [k][4] · b [k][8]`; `ldc` in bytes. */
export function tile4(
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  ldc: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let p = k >> 1; p > 0; p--) {
    let b0 = v128.load(b);
    let b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load_splat<f32>(a, 4);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load_splat<f32>(a, 8);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load_splat<f32>(a, 12);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    b0 = v128.load(b, 32);
    b1 = v128.load(b, 48);
    s = v128.load_splat<f32>(a, 16);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load_splat<f32>(a, 20);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load_splat<f32>(a, 24);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load_splat<f32>(a, 28);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    a += 32;
    b += 64;
  }
  if (k & 1) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load_splat<f32>(a, 4);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load_splat<f32>(a, 8);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load_splat<f32>(a, 12);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
  }
  storeRow(c, c00, c01, columns, accumulate);
  if (rows > 1) storeRow(c + ldc, c10, c11, columns, accumulate);
  if (rows > 2) storeRow(c + 2 * ldc, c20, c21, columns, accumulate);
  if (rows > 3) storeRow(c + 3 * ldc, c30, c31, columns, accumulate);
}

/** `c [≤ 6, columns] (+)= a [k][6] · b [k][8]`; `ldc` in bytes. */
export function tile6(
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  ldc: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  for (let p = k; p > 0; p--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load_splat<f32>(a);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    s = v128.load_splat<f32>(a, 4);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    s = v128.load_splat<f32>(a, 8);
    c20 = madd(s, b0, c20);
    c21 = madd(s, b1, c21);
    s = v128.load_splat<f32>(a, 12);
    c30 = madd(s, b0, c30);
    c31 = madd(s, b1, c31);
    s = v128.load_splat<f32>(a, 16);
    c40 = madd(s, b0, c40);
    c41 = madd(s, b1, c41);
    s = v128.load_splat<f32>(a, 20);
    c50 = madd(s, b0, c50);
    c51 = madd(s, b1, c51);
    a += 24;
    b += 32;
  }
  storeRow(c, c00, c01, columns, accumulate);
  if (rows > 1) storeRow(c + ldc, c10, c11, columns, accumulate);
  if (rows > 2) storeRow(c + 2 * ldc, c20, c21, columns, accumulate);
  if (rows > 3) storeRow(c + 3 * ldc, c30, c31, columns, accumulate);
  if (rows > 4) storeRow(c + 4 * ldc, c40, c41, columns, accumulate);
  if (rows > 5) storeRow(c + 5 * ldc, c50, c51, columns, accumulate);
}
