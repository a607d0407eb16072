// The tiles of a convolution for a last panel of up to 4 columns: no time goes into empty ones. Even and odd steps are
// summed apart, so that the sums do not wait for one another.

import { storePart } from '../gemm/tiles';
import { madd } from '../simd';

/** As tapTile4 of tap-tiles.ts. */
export function tapTileNarrow(
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
    let c0 = v128.load(start);
    let c1 = c0;
    let c2 = c0;
    let c3 = c0;
    let d0 = f32x4.splat(0);
    let d1 = d0;
    let d2 = d0;
    let d3 = d0;
    for (let o = outer; o > 0; o--) {
      for (let i = inner; i > 0; i--) {
        for (let p = run >> 1; p > 0; p--) {
          let column = v128.load(b);
          c0 = madd(v128.load_splat<f32>(a0), column, c0);
          c1 = madd(v128.load_splat<f32>(a1), column, c1);
          c2 = madd(v128.load_splat<f32>(a2), column, c2);
          c3 = madd(v128.load_splat<f32>(a3), column, c3);
          column = v128.load(b, 32);
          d0 = madd(v128.load_splat<f32>(a0, 4), column, d0);
          d1 = madd(v128.load_splat<f32>(a1, 4), column, d1);
          d2 = madd(v128.load_splat<f32>(a2, 4), column, d2);
          d3 = madd(v128.load_splat<f32>(a3, 4), column, d3);
          a0 += 8;
          a1 += 8;
          a2 += 8;
          a3 += 8;
          b += 64;
        }
        if (run & 1) {
          const column = v128.load(b);
          c0 = madd(v128.load_splat<f32>(a0), column, c0);
          c1 = madd(v128.load_splat<f32>(a1), column, c1);
          c2 = madd(v128.load_splat<f32>(a2), column, c2);
          c3 = madd(v128.load_splat<f32>(a3), column, c3);
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
    storePart(<usize>load<u32>(cTable) + cOffset, f32x4.add(c0, d0), d0, columns, accumulate);
    if (rows > 1) storePart(<usize>load<u32>(cTable, 4) + cOffset, f32x4.add(c1, d1), d1, columns, accumulate);
    if (rows > 2) storePart(<usize>load<u32>(cTable, 8) + cOffset, f32x4.add(c2, d2), d2, columns, accumulate);
    if (rows > 3) storePart(<usize>load<u32>(cTable, 12) + cOffset, f32x4.add(c3, d3), d3, columns, accumulate);
    aTable += 16;
    cTable += 16;
  }
}

/** As pixelTile4 of pixel-tiles.ts. */
export function pixelTileNarrow(
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
  let c0 = f32x4.splat(0);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let d0 = c0;
  let d1 = c0;
  let d2 = c0;
  let d3 = c0;
  for (let p = pixels >> 1; p > 0; p--) {
    let x: usize = load<u32>(pixelTable);
    let column = v128.load(b);
    c0 = madd(v128.load_splat<f32>(x + t0), column, c0);
    c1 = madd(v128.load_splat<f32>(x + t1), column, c1);
    c2 = madd(v128.load_splat<f32>(x + t2), column, c2);
    c3 = madd(v128.load_splat<f32>(x + t3), column, c3);
    x = load<u32>(pixelTable, 4);
    column = v128.load(b, 32);
    d0 = madd(v128.load_splat<f32>(x + t0), column, d0);
    d1 = madd(v128.load_splat<f32>(x + t1), column, d1);
    d2 = madd(v128.load_splat<f32>(x + t2), column, d2);
    d3 = madd(v128.load_splat<f32>(x + t3), column, d3);
    pixelTable += 8;
    b += 64;
  }
  if (pixels & 1) {
    const x: usize = load<u32>(pixelTable);
    const column = v128.load(b);
    c0 = madd(v128.load_splat<f32>(x + t0), column, c0);
    c1 = madd(v128.load_splat<f32>(x + t1), column, c1);
    c2 = madd(v128.load_splat<f32>(x + t2), column, c2);
    c3 = madd(v128.load_splat<f32>(x + t3), column, c3);
  }
  storePart(c, f32x4.add(c0, d0), d0, columns, accumulate);
  if (valid > 1) storePart(c + ldc, f32x4.add(c1, d1), d1, columns, accumulate);
  if (valid > 2) storePart(c + 2 * ldc, f32x4.add(c2, d2), d2, columns, accumulate);
  if (valid > 3) storePart(c + 3 * ldc, f32x4.add(c3, d3), d3, columns, accumulate);
}
