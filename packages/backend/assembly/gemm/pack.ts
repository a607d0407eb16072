// Operands of a matrix product in the order in which the tiles read them: the left one as tiles of rows, the right one as
// panels of 8 columns, each `[k][rows]` and `[k][8]` without gaps. What lies beyond the matrix is 0.

import { at } from '../simd';

/** Rows of the largest tile. Fused multiply-add leaves registers for 6. */
// @ts-ignore: decorator
@inline export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 4;

/** Columns of a panel. */
// @ts-ignore: decorator
@inline export const PANEL: i32 = 8;

/** Rows of the next tile when `left` rows are left: 6 or 4, so that batches of 16, 32, … leave no row empty. */
// @ts-ignore: decorator
@inline
export function tileRows(left: i32): i32 {
  if (TILE_ROWS == 4) return 4;
  return left <= 4 || left == 7 || left == 8 ? 4 : 6;
}

/** Floats of `m` rows in tiles, each row `k` long. */
// @ts-ignore: decorator
@inline
export function packedLeftSize(m: i32, k: i32): i32 {
  return (m + 3) * k;
}

/** Floats of `n` columns in panels, each column `k` long. */
// @ts-ignore: decorator
@inline
export function packedRightSize(k: i32, n: i32): i32 {
  return ((n + 7) & ~7) * k;
}

/** Four floats from each of four rows, transposed: vector `p` of the result holds element `p` of every row. */
// @ts-ignore: decorator
@inline
export function transposeInto(r0: v128, r1: v128, r2: v128, r3: v128, out: usize, stride: usize): void {
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const b = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const c = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<f32>(a, b, 0, 1, 4, 5));
  v128.store(out + stride, v128.shuffle<f32>(a, b, 2, 3, 6, 7));
  v128.store(out + 2 * stride, v128.shuffle<f32>(c, d, 0, 1, 4, 5));
  v128.store(out + 3 * stride, v128.shuffle<f32>(c, d, 2, 3, 6, 7));
}

/** One tile of `rows` (4 or 6) from row-major rows, of which `valid` exist. */
function packRows(k: i32, rows: i32, valid: i32, a: usize, lda: i32, out: usize): void {
  const step = (<usize>lda) << 2;
  const stride = (<usize>rows) << 2;
  // Rows that do not exist are copies of the last one: what they give is never stored.
  const a0 = a;
  const a1 = valid > 1 ? a0 + step : a0;
  const a2 = valid > 2 ? a1 + step : a1;
  const a3 = valid > 3 ? a2 + step : a2;
  const a4 = valid > 4 ? a3 + step : a3;
  const a5 = valid > 5 ? a4 + step : a4;
  let p = 0;
  for (; p + 4 <= k; p += 4) {
    const o = (<usize>p) << 2;
    transposeInto(v128.load(a0 + o), v128.load(a1 + o), v128.load(a2 + o), v128.load(a3 + o), out, stride);
    if (rows == 6) {
      const r4 = v128.load(a4 + o);
      const r5 = v128.load(a5 + o);
      const low = v128.shuffle<f32>(r4, r5, 0, 4, 1, 5);
      const high = v128.shuffle<f32>(r4, r5, 2, 6, 3, 7);
      v128.store_lane<u64>(out, low, 0, 16);
      v128.store_lane<u64>(out + stride, low, 1, 16);
      v128.store_lane<u64>(out + 2 * stride, high, 0, 16);
      v128.store_lane<u64>(out + 3 * stride, high, 1, 16);
    }
    out += 4 * stride;
  }
  for (; p < k; p++) {
    const o = (<usize>p) << 2;
    store<f32>(out, load<f32>(a0 + o));
    store<f32>(out, load<f32>(a1 + o), 4);
    store<f32>(out, load<f32>(a2 + o), 8);
    store<f32>(out, load<f32>(a3 + o), 12);
    if (rows == 6) {
      store<f32>(out, load<f32>(a4 + o), 16);
      store<f32>(out, load<f32>(a5 + o), 20);
    }
    out += stride;
  }
}

/** One tile of `rows` (4 or 6) from columns of a row-major `[k, …]` matrix, of which `valid` exist. */
function packColumns(k: i32, rows: i32, valid: i32, a: usize, lda: i32, out: usize): void {
  const step = (<usize>lda) << 2;
  const stride = (<usize>rows) << 2;
  if (valid < rows) {
    for (let p = 0; p < k; p++) {
      for (let r = 0; r < rows; r++) store<f32>(at(out, r), r < valid ? load<f32>(at(a, r)) : 0);
      a += step;
      out += stride;
    }
    return;
  }
  for (let p = 0; p < k; p++) {
    v128.store(out, v128.load(a));
    if (rows == 6) store<u64>(out, load<u64>(a, 16), 16);
    a += step;
    out += stride;
  }
}

/**
 * Packs the left operand `[m, k]` into `out` ({@link packedLeftSize} floats). `transposed`: it is stored as `[k, m]`.
 * `lda`: floats between two stored rows.
 */
export function packLeft(m: i32, k: i32, a: usize, lda: i32, transposed: bool, out: usize): void {
  let i = 0;
  while (i < m) {
    const rows = tileRows(m - i);
    const valid = min(rows, m - i);
    if (transposed) packColumns(k, rows, valid, at(a, i), lda, out);
    else packRows(k, rows, valid, at(a, i * lda), lda, out);
    out = at(out, rows * k);
    i += rows;
  }
}

/**
 * Packs the right operand `[k, n]` into `out` ({@link packedRightSize} floats). `transposed`: it is stored as `[n, k]`.
 * `ldb`: floats between two stored rows.
 */
export function packRight(k: i32, n: i32, b: usize, ldb: i32, transposed: bool, out: usize): void {
  for (let j = 0; j < n; j += PANEL) {
    const valid = min(PANEL, n - j);
    if (transposed) packRightRows(k, valid, at(b, j * ldb), ldb, out);
    else packRightColumns(k, valid, at(b, j), ldb, out);
    out = at(out, k * PANEL);
  }
}

function packRightColumns(k: i32, valid: i32, b: usize, ldb: i32, out: usize): void {
  const step = (<usize>ldb) << 2;
  if (valid == PANEL) {
    for (let p = 0; p < k; p++) {
      v128.store(out, v128.load(b));
      v128.store(out, v128.load(b, 16), 16);
      b += step;
      out += 32;
    }
    return;
  }
  const zero = f32x4.splat(0);
  const whole = valid & 4;
  for (let p = 0; p < k; p++) {
    v128.store(out, whole ? v128.load(b) : zero);
    v128.store(out, zero, 16);
    for (let c = whole; c < valid; c++) store<f32>(at(out, c), load<f32>(at(b, c)));
    b += step;
    out += 32;
  }
}

function packRightRows(k: i32, valid: i32, b: usize, ldb: i32, out: usize): void {
  const step = (<usize>ldb) << 2;
  let p = 0;
  if (valid == PANEL) {
    for (; p + 4 <= k; p += 4) {
      const o = b + ((<usize>p) << 2);
      for (let half: usize = 0; half < 2; half++) {
        const r = o + half * 4 * step;
        transposeInto(
          v128.load(r),
          v128.load(r + step),
          v128.load(r + 2 * step),
          v128.load(r + 3 * step),
          out + half * 16,
          32,
        );
      }
      out += 128;
    }
  }
  for (; p < k; p++) {
    for (let c = 0; c < PANEL; c++) {
      store<f32>(at(out, c), c < valid ? load<f32>(b + <usize>c * step + ((<usize>p) << 2)) : 0);
    }
    out += 32;
  }
}
