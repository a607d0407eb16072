// Matrix products: of packed operands, and of any two matrices in memory (packed on the way, block by block).

import { at } from '../simd';
import { packedLeftSize, packedRightSize, packLeft, packRight, PANEL, TILE_ROWS, tileRows } from './pack';
import { narrow4, narrow6 } from './narrow-tiles';
import { tile4, tile6 } from './tiles';

/** Longest k of one block: a panel of the right operand (8 kB) and a tile of the left one stay in the first cache. */
const BLOCK_K: i32 = 256;
/** Most rows of one block: the packed left operand (192 kB) stays in the second cache. */
const BLOCK_M: i32 = 192;

/**
 * `c [m, n] = left · right`, or `c += …` where `accumulate`; both operands packed, `ldc` floats between rows of c.
 */
export function multiplyPacked(
  m: i32,
  n: i32,
  k: i32,
  left: usize,
  right: usize,
  c: usize,
  ldc: i32,
  accumulate: bool,
): void {
  const stride = (<usize>ldc) << 2;
  for (let j = 0; j < n; j += PANEL) {
    const columns = min(PANEL, n - j);
    let a = left;
    let to = at(c, j);
    let i = 0;
    while (i < m) {
      const rows = tileRows(m - i);
      const valid = min(rows, m - i);
      if (columns <= 4) {
        if (TILE_ROWS == 6 && rows == 6) narrow6(k, a, right, to, stride, valid, columns, accumulate);
        else narrow4(k, a, right, to, stride, valid, columns, accumulate);
      } else if (TILE_ROWS == 6 && rows == 6) tile6(k, a, right, to, stride, valid, columns, accumulate);
      else tile4(k, a, right, to, stride, valid, columns, accumulate);
      a = at(a, rows * k);
      to += stride * <usize>rows;
      i += rows;
    }
    right = at(right, k * PANEL);
  }
}

/** Floats of scratch that {@link gemm} needs for a product of these sizes. */
export function gemmScratch(m: i32, n: i32, k: i32): i32 {
  const depth = min(k, BLOCK_K);
  return packedRightSize(depth, n) + packedLeftSize(min(m, BLOCK_M), depth);
}

/**
 * `c [m, n] = a · b`, or `c += a · b` where `accumulate`. `a` is `[m, k]`, or stored as `[k, m]` where `transposeA`;
 * `b` is `[k, n]`, or stored as `[n, k]` where `transposeB`. `lda`, `ldb`, `ldc`: floats between stored rows.
 * With k = 0 the product is 0.
 */
export function gemm(
  m: i32,
  n: i32,
  k: i32,
  a: usize,
  lda: i32,
  transposeA: bool,
  b: usize,
  ldb: i32,
  transposeB: bool,
  c: usize,
  ldc: i32,
  accumulate: bool,
  scratch: usize,
): void {
  if (k == 0 && !accumulate) {
    for (let i = 0; i < m; i++) memory.fill(at(c, i * ldc), 0, (<usize>n) << 2);
    return;
  }
  for (let p = 0; p < k; p += BLOCK_K) {
    const depth = min(BLOCK_K, k - p);
    const left = at(scratch, packedRightSize(depth, n));
    packRight(depth, n, at(b, transposeB ? p : p * ldb), ldb, transposeB, scratch);
    for (let i = 0; i < m; i += BLOCK_M) {
      const rows = min(BLOCK_M, m - i);
      packLeft(rows, depth, at(a, transposeA ? p * lda + i : i * lda + p), lda, transposeA, left);
      multiplyPacked(rows, n, depth, left, scratch, at(c, i * ldc), ldc, accumulate || p > 0);
    }
  }
}
