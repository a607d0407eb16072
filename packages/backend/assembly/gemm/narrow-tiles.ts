// The tiles for a last panel of up to 4 columns: no time goes into empty ones. Even and odd k are summed apart, so that the
// sums do not wait for one another.

import { madd } from '../simd';
import { storePart } from './tiles';

// @ts-ignore: decorator
@inline
function storeNarrow(c: usize, x: v128, columns: i32, accumulate: bool): void {
  if (columns < 4) storePart(c, x, x, columns, accumulate);
  else v128.store(c, accumulate ? f32x4.add(x, v128.load(c)) : x);
}

/** `c [≤ 4, columns ≤ 4] (+)= a [k][4] · b [k][8]`; `ldc` in bytes. */
export function narrow4(
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  ldc: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let d0 = c0;
  let d1 = c0;
  let d2 = c0;
  let d3 = c0;
  for (let p = k >> 1; p > 0; p--) {
    let column = v128.load(b);
    c0 = madd(v128.load_splat<f32>(a), column, c0);
    c1 = madd(v128.load_splat<f32>(a, 4), column, c1);
    c2 = madd(v128.load_splat<f32>(a, 8), column, c2);
    c3 = madd(v128.load_splat<f32>(a, 12), column, c3);
    column = v128.load(b, 32);
    d0 = madd(v128.load_splat<f32>(a, 16), column, d0);
    d1 = madd(v128.load_splat<f32>(a, 20), column, d1);
    d2 = madd(v128.load_splat<f32>(a, 24), column, d2);
    d3 = madd(v128.load_splat<f32>(a, 28), column, d3);
    a += 32;
    b += 64;
  }
  if (k & 1) {
    const column = v128.load(b);
    c0 = madd(v128.load_splat<f32>(a), column, c0);
    c1 = madd(v128.load_splat<f32>(a, 4), column, c1);
    c2 = madd(v128.load_splat<f32>(a, 8), column, c2);
    c3 = madd(v128.load_splat<f32>(a, 12), column, c3);
  }
  storeNarrow(c, f32x4.add(c0, d0), columns, accumulate);
  if (rows > 1) storeNarrow(c + ldc, f32x4.add(c1, d1), columns, accumulate);
  if (rows > 2) storeNarrow(c + 2 * ldc, f32x4.add(c2, d2), columns, accumulate);
  if (rows > 3) storeNarrow(c + 3 * ldc, f32x4.add(c3, d3), columns, accumulate);
}

/** `c [≤ 6, columns ≤ 4] (+)= a [k][6] · b [k][8]`; `ldc` in bytes. */
export function narrow6(
  k: i32,
  a: usize,
  b: usize,
  c: usize,
  ldc: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let c4 = c0;
  let c5 = c0;
  let d0 = c0;
  let d1 = c0;
  let d2 = c0;
  let d3 = c0;
  let d4 = c0;
  let d5 = c0;
  for (let p = k >> 1; p > 0; p--) {
    let column = v128.load(b);
    c0 = madd(v128.load_splat<f32>(a), column, c0);
    c1 = madd(v128.load_splat<f32>(a, 4), column, c1);
    c2 = madd(v128.load_splat<f32>(a, 8), column, c2);
    c3 = madd(v128.load_splat<f32>(a, 12), column, c3);
    c4 = madd(v128.load_splat<f32>(a, 16), column, c4);
    c5 = madd(v128.load_splat<f32>(a, 20), column, c5);
    column = v128.load(b, 32);
    d0 = madd(v128.load_splat<f32>(a, 24), column, d0);
    d1 = madd(v128.load_splat<f32>(a, 28), column, d1);
    d2 = madd(v128.load_splat<f32>(a, 32), column, d2);
    d3 = madd(v128.load_splat<f32>(a, 36), column, d3);
    d4 = madd(v128.load_splat<f32>(a, 40), column, d4);
    d5 = madd(v128.load_splat<f32>(a, 44), column, d5);
    a += 48;
    b += 64;
  }
  if (k & 1) {
    const column = v128.load(b);
    c0 = madd(v128.load_splat<f32>(a), column, c0);
    c1 = madd(v128.load_splat<f32>(a, 4), column, c1);
    c2 = madd(v128.load_splat<f32>(a, 8), column, c2);
    c3 = madd(v128.load_splat<f32>(a, 12), column, c3);
    c4 = madd(v128.load_splat<f32>(a, 16), column, c4);
    c5 = madd(v128.load_splat<f32>(a, 20), column, c5);
  }
  storeNarrow(c, f32x4.add(c0, d0), columns, accumulate);
  if (rows > 1) storeNarrow(c + ldc, f32x4.add(c1, d1), columns, accumulate);
  if (rows > 2) storeNarrow(c + 2 * ldc, f32x4.add(c2, d2), columns, accumulate);
  if (rows > 3) storeNarrow(c + 3 * ldc, f32x4.add(c3, d3), columns, accumulate);
  if (rows > 4) storeNarrow(c + 4 * ldc, f32x4.add(c4, d4), columns, accumulate);
  if (rows > 5) storeNarrow(c + 5 * ldc, f32x4.add(c5, d5), columns, accumulate);
}
