// The innermost loops of a convolution: like those of a matrix product (gemm/tiles.ts), but the rows of the left operand
// are read where they stand, each from an address in a table, run by run. Nothing is unfolded.

import { madd } from '../simd';
import { storeRow } from '../gemm/tiles';

/**
 * `c [rows, columns] (+)= start + a · panel [k][8]`, in tiles of 4 rows. Row r of `a` begins at the address in entry r of
 * `aTable` and goes on for `outer · inner` runs of `run` floats; behind a run `innerSkip` bytes are left out, behind
 * `inner` of them `outerSkip` more. Row r of `c` is at entry r of `cTable` plus `cOffset` bytes. `start`: 8 floats. Both
 * tables have entries for all rows of the last tile; only `rows` rows are written, in order, so that rows of `c` may
 * overlap where `accumulate`. (All tiles in one call: with few taps, calls would cost as much as the products.)
 */
export function tapTile4(
  outer: i32,
  outerSkip: usize,
  inner: i32,
  innerSkip: usize,
  run: i32,
  aTable: usize,
  panel: usize,
  start: usize,
  cTable: usize,
  cOffset: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  for (; rows > 0; rows -= 4) {
    let b = panel;
    let a0: usize = load<u32>(aTable);
    let a1: usize = load<u32>(aTable, 4);
    let a2: usize = load<u32>(aTable, 8);
    let a3: usize = load<u32>(aTable, 12);
    let c00 = v128.load(start);
    let c01 = v128.load(start, 16);
    let c10 = c00;
    let c11 = c01;
    let c20 = c00;
    let c21 = c01;
    let c30 = c00;
    let c31 = c01;
    for (let o = outer; o > 0; o--) {
      for (let i = inner; i > 0; i--) {
        for (let p = run >> 1; p > 0; p--) {
          let b0 = v128.load(b);
          let b1 = v128.load(b, 16);
          let s = v128.load_splat<f32>(a0);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load_splat<f32>(a1);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load_splat<f32>(a2);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load_splat<f32>(a3);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          b0 = v128.load(b, 32);
          b1 = v128.load(b, 48);
          s = v128.load_splat<f32>(a0, 4);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load_splat<f32>(a1, 4);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load_splat<f32>(a2, 4);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load_splat<f32>(a3, 4);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          a0 += 8;
          a1 += 8;
          a2 += 8;
          a3 += 8;
          b += 64;
        }
        if (run & 1) {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          let s = v128.load_splat<f32>(a0);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load_splat<f32>(a1);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load_splat<f32>(a2);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load_splat<f32>(a3);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          a0 += 4;
          a1 += 4;
          a2 += 4;
          a3 += 4;
          b += 32;
        }
        a0 += innerSkip;
        a1 += innerSkip;
        a2 += innerSkip;
        a3 += innerSkip;
      }
      a0 += outerSkip;
      a1 += outerSkip;
      a2 += outerSkip;
      a3 += outerSkip;
    }
    storeRow(<usize>load<u32>(cTable) + cOffset, c00, c01, columns, accumulate);
    if (rows > 1) storeRow(<usize>load<u32>(cTable, 4) + cOffset, c10, c11, columns, accumulate);
    if (rows > 2) storeRow(<usize>load<u32>(cTable, 8) + cOffset, c20, c21, columns, accumulate);
    if (rows > 3) storeRow(<usize>load<u32>(cTable, 12) + cOffset, c30, c31, columns, accumulate);
    aTable += 16;
    cTable += 16;
  }
}

/** The same in tiles of 6 rows. */
export function tapTile6(
  outer: i32,
  outerSkip: usize,
  inner: i32,
  innerSkip: usize,
  run: i32,
  aTable: usize,
  panel: usize,
  start: usize,
  cTable: usize,
  cOffset: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  for (; rows > 0; rows -= 6) {
    let b = panel;
    let a0: usize = load<u32>(aTable);
    let a1: usize = load<u32>(aTable, 4);
    let a2: usize = load<u32>(aTable, 8);
    let a3: usize = load<u32>(aTable, 12);
    let a4: usize = load<u32>(aTable, 16);
    let a5: usize = load<u32>(aTable, 20);
    let c00 = v128.load(start);
    let c01 = v128.load(start, 16);
    let c10 = c00;
    let c11 = c01;
    let c20 = c00;
    let c21 = c01;
    let c30 = c00;
    let c31 = c01;
    let c40 = c00;
    let c41 = c01;
    let c50 = c00;
    let c51 = c01;
    for (let o = outer; o > 0; o--) {
      for (let i = inner; i > 0; i--) {
        for (let p = run >> 1; p > 0; p--) {
          let b0 = v128.load(b);
          let b1 = v128.load(b, 16);
          let s = v128.load_splat<f32>(a0);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load_splat<f32>(a1);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load_splat<f32>(a2);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load_splat<f32>(a3);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          s = v128.load_splat<f32>(a4);
          c40 = madd(s, b0, c40);
          c41 = madd(s, b1, c41);
          s = v128.load_splat<f32>(a5);
          c50 = madd(s, b0, c50);
          c51 = madd(s, b1, c51);
          b0 = v128.load(b, 32);
          b1 = v128.load(b, 48);
          s = v128.load_splat<f32>(a0, 4);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load_splat<f32>(a1, 4);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load_splat<f32>(a2, 4);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load_splat<f32>(a3, 4);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          s = v128.load_splat<f32>(a4, 4);
          c40 = madd(s, b0, c40);
          c41 = madd(s, b1, c41);
          s = v128.load_splat<f32>(a5, 4);
          c50 = madd(s, b0, c50);
          c51 = madd(s, b1, c51);
          a0 += 8;
          a1 += 8;
          a2 += 8;
          a3 += 8;
          a4 += 8;
          a5 += 8;
          b += 64;
        }
        if (run & 1) {
          const b0 = v128.load(b);
          const b1 = v128.load(b, 16);
          let s = v128.load_splat<f32>(a0);
          c00 = madd(s, b0, c00);
          c01 = madd(s, b1, c01);
          s = v128.load_splat<f32>(a1);
          c10 = madd(s, b0, c10);
          c11 = madd(s, b1, c11);
          s = v128.load_splat<f32>(a2);
          c20 = madd(s, b0, c20);
          c21 = madd(s, b1, c21);
          s = v128.load_splat<f32>(a3);
          c30 = madd(s, b0, c30);
          c31 = madd(s, b1, c31);
          s = v128.load_splat<f32>(a4);
          c40 = madd(s, b0, c40);
          c41 = madd(s, b1, c41);
          s = v128.load_splat<f32>(a5);
          c50 = madd(s, b0, c50);
          c51 = madd(s, b1, c51);
          a0 += 4;
          a1 += 4;
          a2 += 4;
          a3 += 4;
          a4 += 4;
          a5 += 4;
          b += 32;
        }
        a0 += innerSkip;
        a1 += innerSkip;
        a2 += innerSkip;
        a3 += innerSkip;
        a4 += innerSkip;
        a5 += innerSkip;
      }
      a0 += outerSkip;
      a1 += outerSkip;
      a2 += outerSkip;
      a3 += outerSkip;
      a4 += outerSkip;
      a5 += outerSkip;
    }
    storeRow(<usize>load<u32>(cTable) + cOffset, c00, c01, columns, accumulate);
    if (rows > 1) storeRow(<usize>load<u32>(cTable, 4) + cOffset, c10, c11, columns, accumulate);
    if (rows > 2) storeRow(<usize>load<u32>(cTable, 8) + cOffset, c20, c21, columns, accumulate);
    if (rows > 3) storeRow(<usize>load<u32>(cTable, 12) + cOffset, c30, c31, columns, accumulate);
    if (rows > 4) storeRow(<usize>load<u32>(cTable, 16) + cOffset, c40, c41, columns, accumulate);
    if (rows > 5) storeRow(<usize>load<u32>(cTable, 20) + cOffset, c50, c51, columns, accumulate);
    aTable += 24;
    cTable += 24;
  }
}
