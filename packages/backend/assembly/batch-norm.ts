// Batch normalisation of the columns of x [rows, C], and its gradients. Blocks of rows are summed in floats, and the blocks in
// doubles, so that the error does not grow with the rows; sixteen columns at a time fill a line of the cache.

import { loadLanes, storeLanes } from './lanes';
import { at } from './simd';

/** Rows whose sum is kept in floats. */
const BLOCK: i32 = 32;

/** Adds four floats to four doubles. */
// @ts-ignore: decorator
@inline
function addTo(totals: usize, x: v128): void {
  v128.store(totals, f64x2.add(v128.load(totals), f64x2.promote_low_f32x4(x)));
  const high = v128.shuffle<i32>(x, x, 2, 3, 2, 3);
  v128.store(totals, f64x2.add(v128.load(totals, 16), f64x2.promote_low_f32x4(high)), 16);
}

/** Doubles of a group of four columns, from `totals` on. */
// @ts-ignore: decorator
@inline
function totalsOf(totals: usize, column: i32): usize {
  return totals + ((<usize>column) << 3);
}

/** Floats of scratch that the kernels below need for C columns. */
export function batchNormScratch(C: i32): i32 {
  return 4 * (C + 4);
}

/** `mean [C]` and biased `variance [C]` of the columns of `x [rows, C]`, relative error < 1e-6. */
export function batchNormMoments(rows: i32, C: i32, x: usize, mean: usize, variance: usize, scratch: usize): void {
  memory.fill(scratch, 0, (<usize>(C + 4)) << 3);
  for (let first = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    const start = at(x, first * C);
    for (let k = 0; k < C; k += 4) {
      const lanes = min(4, C - k);
      let sum = f32x4.splat(0);
      let from = at(start, k);
      for (let row = 0; row < count; row++) {
        sum = f32x4.add(sum, loadLanes(from, lanes));
        from = at(from, C);
      }
      addTo(totalsOf(scratch, k), sum);
    }
  }
  for (let k = 0; k < C; k++) store<f32>(at(mean, k), <f32>(load<f64>(totalsOf(scratch, k)) / <f64>rows));
  memory.fill(scratch, 0, (<usize>(C + 4)) << 3);
  for (let first = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    const start = at(x, first * C);
    for (let k = 0; k < C; k += 4) {
      const lanes = min(4, C - k);
      const middle = loadLanes(at(mean, k), lanes);
      let sum = f32x4.splat(0);
      let from = at(start, k);
      for (let row = 0; row < count; row++) {
        const off = f32x4.sub(loadLanes(from, lanes), middle);
        sum = f32x4.add(sum, f32x4.mul(off, off));
        from = at(from, C);
      }
      addTo(totalsOf(scratch, k), sum);
    }
  }
  for (let k = 0; k < C; k++) store<f32>(at(variance, k), <f32>(load<f64>(totalsOf(scratch, k)) / <f64>rows));
}

/** 1 / √(variance + ε). */
// @ts-ignore: decorator
@inline
function inverse(variance: usize, lanes: i32, epsilon: f32): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(loadLanes(variance, lanes), f32x4.splat(epsilon))));
}

/** `y = gamma·(x − mean)/√(variance + ε) + beta`, row by row; `y` may be `x`. */
export function batchNorm(
  rows: i32,
  C: i32,
  x: usize,
  mean: usize,
  variance: usize,
  gamma: usize,
  beta: usize,
  epsilon: f32,
  y: usize,
): void {
  for (let first = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    for (let k = 0; k < C; k += 4) {
      const lanes = min(4, C - k);
      const middle = loadLanes(at(mean, k), lanes);
      const scale = f32x4.mul(loadLanes(at(gamma, k), lanes), inverse(at(variance, k), lanes, epsilon));
      const shift = loadLanes(at(beta, k), lanes);
      let from = at(x, first * C + k);
      let to = at(y, first * C + k);
      for (let row = 0; row < count; row++) {
        storeLanes(to, f32x4.add(f32x4.mul(f32x4.sub(loadLanes(from, lanes), middle), scale), shift), lanes);
        from = at(from, C);
        to = at(to, C);
      }
    }
  }
}

/**
 * The gradients of {@link batchNorm}: `dGamma = Σ dy·x̂`, `dBeta = Σ dy`, and `dx` (0: not wanted), which may be `dy`. `moving`:
 * mean and variance are those of x, so that dx goes through them too.
 */
export function batchNormGradient(
  rows: i32,
  C: i32,
  x: usize,
  dy: usize,
  mean: usize,
  variance: usize,
  gamma: usize,
  epsilon: f32,
  moving: bool,
  dGamma: usize,
  dBeta: usize,
  dx: usize,
  scratch: usize,
): void {
  const products = scratch + ((<usize>(C + 4)) << 3);
  memory.fill(scratch, 0, (<usize>(C + 4)) << 4);
  for (let first = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    for (let k = 0; k < C; k += 4) {
      const lanes = min(4, C - k);
      const middle = loadLanes(at(mean, k), lanes);
      let sum = f32x4.splat(0);
      let product = sum;
      let from = at(x, first * C + k);
      let down = at(dy, first * C + k);
      for (let row = 0; row < count; row++) {
        const g = loadLanes(down, lanes);
        sum = f32x4.add(sum, g);
        product = f32x4.add(product, f32x4.mul(g, f32x4.sub(loadLanes(from, lanes), middle)));
        from = at(from, C);
        down = at(down, C);
      }
      addTo(totalsOf(scratch, k), sum);
      addTo(totalsOf(products, k), product);
    }
  }
  for (let k = 0; k < C; k++) {
    const scale = 1 / Math.sqrt(<f64>load<f32>(at(variance, k)) + <f64>epsilon);
    store<f32>(at(dBeta, k), <f32>load<f64>(totalsOf(scratch, k)));
    store<f32>(at(dGamma, k), <f32>(load<f64>(totalsOf(products, k)) * scale));
  }
  if (!dx) return;
  const share: f32 = moving ? 1 / <f32>rows : 0;
  for (let first = 0; first < rows; first += BLOCK) {
    const count = min(BLOCK, rows - first);
    for (let k = 0; k < C; k += 4) {
      const lanes = min(4, C - k);
      const middle = loadLanes(at(mean, k), lanes);
      const scale = inverse(at(variance, k), lanes, epsilon);
      const factor = f32x4.mul(loadLanes(at(gamma, k), lanes), scale);
      const meanGradient = f32x4.mul(loadLanes(at(dBeta, k), lanes), f32x4.splat(share));
      const slope = f32x4.mul(f32x4.mul(loadLanes(at(dGamma, k), lanes), f32x4.splat(share)), scale);
      let from = at(x, first * C + k);
      let down = at(dy, first * C + k);
      let to = at(dx, first * C + k);
      for (let row = 0; row < count; row++) {
        const off = f32x4.mul(f32x4.sub(loadLanes(from, lanes), middle), slope);
        const g = f32x4.sub(f32x4.sub(loadLanes(down, lanes), meanGradient), off);
        storeLanes(to, f32x4.mul(g, factor), lanes);
        from = at(from, C);
        down = at(down, C);
        to = at(to, C);
      }
    }
  }
}
