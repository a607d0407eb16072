// Losses: the weighted mean Σ w·l / Σ w of the values l of each target, and its gradient by the outputs.
// Sums run in float64, so that a loss over many targets is as exact as its terms.

import { exp, log } from './activations';
import { at } from './simd';

export const MSE: i32 = 0;
export const MAE: i32 = 1;
export const HUBER: i32 = 2;

/** Sum of the four lanes in float64. */
// @ts-ignore: decorator
@inline
function sum64(x: v128): f64 {
  const low = f64x2.promote_low_f32x4(x);
  const high = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
  const both = f64x2.add(low, high);
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}

/** Σ of `count` floats in float64. */
export function sum(count: i32, x: usize): f64 {
  const end = at(x, count);
  let total: f64 = 0;
  for (; x + 16 <= end; x += 16) total += sum64(v128.load(x));
  for (; x < end; x += 4) total += load<f32>(x);
  return total;
}

/** l of r = output − y: r², |r|, or r²/2 up to δ and δ(|r| − δ/2) beyond. */
// @ts-ignore: decorator
@inline
function value(code: i32, delta: f32, r: v128): v128 {
  if (code == MSE) return f32x4.mul(r, r);
  const size = f32x4.abs(r);
  if (code == MAE) return size;
  const near = f32x4.pmin(size, f32x4.splat(delta));
  return f32x4.add(
    f32x4.mul(f32x4.mul(near, near), f32x4.splat(0.5)),
    f32x4.mul(f32x4.sub(size, near), f32x4.splat(delta)),
  );
}

/** dl/dr; 0 at r = 0 for all of them, NaN where r is. */
// @ts-ignore: decorator
@inline
function slope(code: i32, delta: f32, r: v128): v128 {
  if (code == MSE) return f32x4.add(r, r);
  const bound = f32x4.splat(code == MAE ? 1 : delta);
  if (code == HUBER) return f32x4.pmax(f32x4.pmin(r, bound), f32x4.neg(bound));
  const zero = f32x4.splat(0);
  const sign = v128.bitselect(f32x4.neg(bound), bound, f32x4.lt(r, zero));
  return v128.or(v128.andnot(sign, f32x4.eq(r, zero)), f32x4.ne(r, r));
}

/**
 * The mean loss of `count` outputs and targets, weighted where `weight` is not 0. Writes the gradient by the outputs to
 * `gradient`, or nothing where that is 0. NaN where all weights are 0.
 */
export function pointwiseLoss(
  code: i32,
  delta: f32,
  count: i32,
  output: usize,
  y: usize,
  weight: usize,
  gradient: usize,
): f64 {
  const total = weight ? sum(count, weight) : <f64>count;
  const share = f32x4.splat(<f32>(1 / total));
  let loss: f64 = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const r = f32x4.sub(v128.load(at(output, i)), v128.load(at(y, i)));
    let l = value(code, delta, r);
    let d = f32x4.mul(slope(code, delta, r), share);
    if (weight) {
      const w = v128.load(at(weight, i));
      l = f32x4.mul(l, w);
      d = f32x4.mul(d, w);
    }
    loss += sum64(l);
    if (gradient) v128.store(at(gradient, i), d);
  }
  for (; i < count; i++) {
    const r = f32x4.splat(load<f32>(at(output, i)) - load<f32>(at(y, i)));
    const w: f32 = weight ? load<f32>(at(weight, i)) : 1;
    loss += <f64>(f32x4.extract_lane(value(code, delta, r), 0) * w);
    if (gradient) {
      store<f32>(at(gradient, i), f32x4.extract_lane(f32x4.mul(slope(code, delta, r), share), 0) * w);
    }
  }
  return loss / total;
}

/** Largest of `count` floats. */
function largest(count: i32, x: usize): f32 {
  let best = load<f32>(x);
  for (let i = 1; i < count; i++) best = max(best, load<f32>(at(x, i)));
  return best;
}

/** eˣ of one float. */
// @ts-ignore: decorator
@inline
function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp(f32x4.splat(x)), 0);
}

/** `out = softmax(x)` row by row; `[rows, K]`; stable for any finite x. `out` may be `x`. */
export function softmax(rows: i32, K: i32, x: usize, out: usize): void {
  for (let row = 0; row < rows; row++) {
    const from = at(x, row * K);
    const to = at(out, row * K);
    const shift = largest(K, from);
    let total: f32 = 0;
    for (let k = 0; k < K; k++) {
      const e = exp1(load<f32>(at(from, k)) - shift);
      store<f32>(at(to, k), e);
      total += e;
    }
    for (let k = 0; k < K; k++) store<f32>(at(to, k), load<f32>(at(to, k)) / total);
  }
}

/** `dx = y∘(dy − Σ dy∘y)` row by row, for y = softmax(x). `dx` may be `dy`. */
export function softmaxGradient(rows: i32, K: i32, y: usize, dy: usize, dx: usize): void {
  for (let row = 0; row < rows; row++) {
    const from = at(y, row * K);
    const down = at(dy, row * K);
    let mean: f32 = 0;
    for (let k = 0; k < K; k++) mean += load<f32>(at(from, k)) * load<f32>(at(down, k));
    for (let k = 0; k < K; k++) {
      store<f32>(at(dx, row * K + k), load<f32>(at(from, k)) * (load<f32>(at(down, k)) - mean));
    }
  }
}

/** `out = ln softmax(x)` row by row, `[rows, K]`; finite for any finite x. `out` may be `x`. */
export function logSoftmax(rows: i32, K: i32, x: usize, out: usize): void {
  for (let row = 0; row < rows; row++) {
    const from = at(x, row * K);
    const to = at(out, row * K);
    const shift = largest(K, from);
    let total: f32 = 0;
    for (let k = 0; k < K; k++) total += exp1(load<f32>(at(from, k)) - shift);
    const logSum = f32x4.extract_lane(log(f32x4.splat(total)), 0);
    for (let k = 0; k < K; k++) store<f32>(at(to, k), load<f32>(at(from, k)) - shift - logSum);
  }
}

/** `dx = dy − eʸ·Σ dy` row by row, for y = ln softmax(x). `dx` may be `dy`. */
export function logSoftmaxGradient(rows: i32, K: i32, y: usize, dy: usize, dx: usize): void {
  for (let row = 0; row < rows; row++) {
    const from = at(y, row * K);
    const down = at(dy, row * K);
    let total: f32 = 0;
    for (let k = 0; k < K; k++) total += load<f32>(at(down, k));
    for (let k = 0; k < K; k++) {
      store<f32>(at(dx, row * K + k), load<f32>(at(down, k)) - exp1(load<f32>(at(from, k))) * total);
    }
  }
}

/**
 * Cross-entropy of logits `[rows, K]` and class probabilities y `[rows, K]`: −Σ w·y·ln softmax(output) / Σ w·y, with
 * weights `[rows, K]` (0: all 1). Writes the gradient by the logits to `gradient`, or nothing where that is 0.
 */
export function crossEntropy(rows: i32, K: i32, output: usize, y: usize, weight: usize, gradient: usize): f64 {
  let total: f64 = 0;
  for (let i = 0; i < rows * K; i++) {
    total += <f64>load<f32>(at(y, i)) * (weight ? <f64>load<f32>(at(weight, i)) : 1);
  }
  let loss: f64 = 0;
  const share = <f32>(1 / total);
  for (let row = 0; row < rows; row++) {
    const from = at(output, row * K);
    const target = at(y, row * K);
    const weights = weight ? at(weight, row * K) : 0;
    const shift = largest(K, from);
    let sumExp: f32 = 0;
    for (let k = 0; k < K; k++) sumExp += exp1(load<f32>(at(from, k)) - shift);
    const logSum = f32x4.extract_lane(log(f32x4.splat(sumExp)), 0);
    let mass: f32 = 0;
    for (let k = 0; k < K; k++) {
      const t = load<f32>(at(target, k)) * (weights ? load<f32>(at(weights, k)) : 1);
      mass += t;
      loss -= <f64>t * <f64>(load<f32>(at(from, k)) - shift - logSum);
    }
    if (!gradient) continue;
    for (let k = 0; k < K; k++) {
      const t = load<f32>(at(target, k)) * (weights ? load<f32>(at(weights, k)) : 1);
      const p = exp1(load<f32>(at(from, k)) - shift) / sumExp;
      store<f32>(at(gradient, row * K + k), (p * mass - t) * share);
    }
  }
  return loss / total;
}
