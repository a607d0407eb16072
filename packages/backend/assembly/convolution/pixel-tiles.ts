// The innermost loops of a filter gradient: a tile of 4 or 6 taps by 8 output channels stays in registers while the
// pixels of a block pass by. The taps are read where they stand in the input.

import { madd } from '../simd';
import { storeRow } from '../gemm/tiles';

/**
 * `c [≤ 4, columns] (+)= Σ over pixels of x[pixel + tap] · b [pixels][8]`. `pixelTable`: addresses of the pixels,
 * `tapTable`: bytes from there to each tap, with entries for all 4; only `valid` rows are written. `ldc` in bytes.
 */
export function pixelTile4(
  pixels: i32,
  pixelTable: usize,
  tapTable: usize,
  b: usize,
  c: usize,
  ldc: usize,
  valid: i32,
  columns: i32,
  accumulate: bool,
): void {
  const t0: usize = load<u32>(tapTable);
  const t1: usize = load<u32>(tapTable, 4);
  const t2: usize = load<u32>(tapTable, 8);
  const t3: usize = load<u32>(tapTable, 12);
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  const end = pixelTable + ((<usize>pixels) << 2);
  if (t1 - t0 == 4 && t2 - t0 == 8 && t3 - t0 == 12) {
    for (; pixelTable < end; pixelTable += 4) {
      const x = <usize>load<u32>(pixelTable) + t0;
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let s = v128.load_splat<f32>(x);
      c00 = madd(s, b0, c00);
      c01 = madd(s, b1, c01);
      s = v128.load_splat<f32>(x, 4);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
      s = v128.load_splat<f32>(x, 8);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      s = v128.load_splat<f32>(x, 12);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
      b += 32;
    }
  } else {
    for (; pixelTable < end; pixelTable += 4) {
      const x: usize = load<u32>(pixelTable);
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let s = v128.load_splat<f32>(x + t0);
      c00 = madd(s, b0, c00);
      c01 = madd(s, b1, c01);
      s = v128.load_splat<f32>(x + t1);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
      s = v128.load_splat<f32>(x + t2);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      s = v128.load_splat<f32>(x + t3);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
      b += 32;
    }
  }
  storeRow(c, c00, c01, columns, accumulate);
  if (valid > 1) storeRow(c + ldc, c10, c11, columns, accumulate);
  if (valid > 2) storeRow(c + 2 * ldc, c20, c21, columns, accumulate);
  if (valid > 3) storeRow(c + 3 * ldc, c30, c31, columns, accumulate);
}

/** The same for up to 6 taps. */
export function pixelTile6(
  pixels: i32,
  pixelTable: usize,
  tapTable: usize,
  b: usize,
  c: usize,
  ldc: usize,
  valid: i32,
  columns: i32,
  accumulate: bool,
): void {
  const t0: usize = load<u32>(tapTable);
  const t1: usize = load<u32>(tapTable, 4);
  const t2: usize = load<u32>(tapTable, 8);
  const t3: usize = load<u32>(tapTable, 12);
  const t4: usize = load<u32>(tapTable, 16);
  const t5: usize = load<u32>(tapTable, 20);
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
  const end = pixelTable + ((<usize>pixels) << 2);
  if (t1 - t0 == 4 && t2 - t0 == 8 && t3 - t0 == 12 && t4 - t0 == 16 && t5 - t0 == 20) {
    for (; pixelTable < end; pixelTable += 4) {
      const x = <usize>load<u32>(pixelTable) + t0;
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let s = v128.load_splat<f32>(x);
      c00 = madd(s, b0, c00);
      c01 = madd(s, b1, c01);
      s = v128.load_splat<f32>(x, 4);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
      s = v128.load_splat<f32>(x, 8);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      s = v128.load_splat<f32>(x, 12);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
      s = v128.load_splat<f32>(x, 16);
      c40 = madd(s, b0, c40);
      c41 = madd(s, b1, c41);
      s = v128.load_splat<f32>(x, 20);
      c50 = madd(s, b0, c50);
      c51 = madd(s, b1, c51);
      b += 32;
    }
  } else {
    for (; pixelTable < end; pixelTable += 4) {
      const x: usize = load<u32>(pixelTable);
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let s = v128.load_splat<f32>(x + t0);
      c00 = madd(s, b0, c00);
      c01 = madd(s, b1, c01);
      s = v128.load_splat<f32>(x + t1);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
      s = v128.load_splat<f32>(x + t2);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      s = v128.load_splat<f32>(x + t3);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
      s = v128.load_splat<f32>(x + t4);
      c40 = madd(s, b0, c40);
      c41 = madd(s, b1, c41);
      s = v128.load_splat<f32>(x + t5);
      c50 = madd(s, b0, c50);
      c51 = madd(s, b1, c51);
      b += 32;
    }
  }
  storeRow(c, c00, c01, columns, accumulate);
  if (valid > 1) storeRow(c + ldc, c10, c11, columns, accumulate);
  if (valid > 2) storeRow(c + 2 * ldc, c20, c21, columns, accumulate);
  if (valid > 3) storeRow(c + 3 * ldc, c30, c31, columns, accumulate);
  if (valid > 4) storeRow(c + 4 * ldc, c40, c41, columns, accumulate);
  if (valid > 5) storeRow(c + 5 * ldc, c50, c51, columns, accumulate);
}
