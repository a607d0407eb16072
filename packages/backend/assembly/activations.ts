// Element-wise functions on four lanes, and their derivatives. Bounds are the largest errors over all floats, measured by
// the tests against float64 (absolute, or relative where said).

import { madd } from './simd';

export const LINEAR: i32 = 0;
export const TANH: i32 = 1;
export const RELU: i32 = 2;
export const SIGMOID: i32 = 3;
export const ELU: i32 = 4;
export const LEAKY_RELU: i32 = 5;
export const SOFTPLUS: i32 = 6;
export const SWISH: i32 = 7;
export const HARD_SIGMOID: i32 = 8;
export const RELU6: i32 = 9;

// @ts-ignore: decorator
@inline
function constant(value: f32): v128 {
  return f32x4.splat(value);
}

// A constant of four lanes costs three instructions wherever a loop uses it: engines build it anew each time. In the hot
// loops of recurrent layers the constants of tanh therefore stand in a table in the scratch memory, where each costs a load.

/** Floats of the table that {@link tanhFrom} and {@link sigmoidFrom} read. */
// @ts-ignore: decorator
@inline export const TANH_TABLE: i32 = 48;

const LIMIT: f32 = 7.9;
const P1: f32 = 0.13450652360916138;
const P2: f32 = 0.003579028882086277;
const P3: f32 = 2.2023845303920098e-5;
const P4: f32 = 1.5428790689497873e-8;
const Q1: f32 = 0.4678398072719574;
const Q2: f32 = 0.026192378252744675;
const Q3: f32 = 3.423710586503148e-4;
const Q4: f32 = 8.599117791163735e-7;

/** Writes the table. */
export function fillTanhTable(table: usize): void {
  v128.store(table, constant(LIMIT));
  v128.store(table, constant(-LIMIT), 16);
  v128.store(table, constant(P4), 32);
  v128.store(table, constant(P3), 48);
  v128.store(table, constant(P2), 64);
  v128.store(table, constant(P1), 80);
  v128.store(table, constant(Q4), 96);
  v128.store(table, constant(Q3), 112);
  v128.store(table, constant(Q2), 128);
  v128.store(table, constant(Q1), 144);
  v128.store(table, constant(1), 160);
  v128.store(table, constant(0.5), 176);
}

/** Vector `index` of the table, or the constant itself; `fromTable` is known when compiling. */
// @ts-ignore: decorator
@inline
function pick(fromTable: bool, table: usize, index: usize, value: f32): v128 {
  return fromTable ? v128.load(table + 16 * index) : constant(value);
}

/**
 * x·P(x²)/Q(x²) with P and Q of degree 4, fitted on [0, 7.9] for the smallest relative error (5.7e-9 before rounding);
 * beyond, tanh is ±1 to within the rounding of a float.
 */
// @ts-ignore: decorator
@inline
function tanhBy(fromTable: bool, table: usize, x: v128): v128 {
  x = f32x4.pmin(x, pick(fromTable, table, 0, LIMIT));
  x = f32x4.pmax(x, pick(fromTable, table, 1, -LIMIT));
  const z = f32x4.mul(x, x);
  const one = pick(fromTable, table, 10, 1);
  let p = madd(z, pick(fromTable, table, 2, P4), pick(fromTable, table, 3, P3));
  let q = madd(z, pick(fromTable, table, 6, Q4), pick(fromTable, table, 7, Q3));
  p = madd(p, z, pick(fromTable, table, 4, P2));
  q = madd(q, z, pick(fromTable, table, 8, Q2));
  p = madd(p, z, pick(fromTable, table, 5, P1));
  q = madd(q, z, pick(fromTable, table, 9, Q1));
  p = madd(p, z, one);
  q = madd(q, z, one);
  return f32x4.div(f32x4.mul(x, p), q);
}

/** tanh x, relative error < 5e-7. NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  return tanhBy(false, 0, x);
}

/** {@link tanh} with its constants from the table. */
// @ts-ignore: decorator
@inline
export function tanhFrom(table: usize, x: v128): v128 {
  return tanhBy(true, table, x);
}

/** σ(x) = 1/2 + tanh(x/2)/2, absolute error < 3e-7. */
// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  const half = constant(0.5);
  return madd(tanh(f32x4.mul(x, half)), half, half);
}

/** {@link sigmoid} with its constants from the table. */
// @ts-ignore: decorator
@inline
export function sigmoidFrom(table: usize, x: v128): v128 {
  const half = v128.load(table, 176);
  return madd(tanhFrom(table, f32x4.mul(x, half)), half, half);
}

/** eˣ, relative error < 3e-7 where the result is a normal float; 0 below −87.3, clamped above 88.3. NaN stays NaN. */
// @ts-ignore: decorator
@inline
export function exp(x: v128): v128 {
  const low = f32x4.lt(x, constant(-87.3));
  x = f32x4.pmin(x, constant(88.3));
  const bounded = f32x4.pmax(x, constant(-87.3));
  // 1.5·2²³ leaves the rounded quotient in the low bits.
  const shifted = madd(bounded, constant(1.4426950408889634), constant(12582912));
  const n = f32x4.sub(shifted, constant(12582912));
  let r = madd(n, constant(-0.693359375), bounded);
  r = madd(n, constant(2.1219444e-4), r);
  let p = madd(r, constant(1.3888889e-3), constant(8.3333333e-3));
  p = madd(p, r, constant(0.041666668));
  p = madd(p, r, constant(0.16666667));
  p = madd(p, r, constant(0.5));
  p = madd(p, r, constant(1));
  p = madd(p, r, constant(1));
  const scale = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3f800000));
  return v128.andnot(f32x4.mul(p, scale), low);
}

/** ln x for normal x > 0, absolute error < 3e-7 + 1e-7·|ln x|. */
// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  // x = 2ⁿ·m with m in [√½, √2); ln m = 2·artanh(s), s = (m − 1)/(m + 1).
  const bits = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const n = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const s = f32x4.div(f32x4.sub(m, constant(1)), f32x4.add(m, constant(1)));
  const z = f32x4.mul(s, s);
  let p = madd(z, constant(0.22222222), constant(0.2857143));
  p = madd(p, z, constant(0.4));
  p = madd(p, z, constant(0.6666667));
  p = madd(p, z, constant(2));
  return madd(n, constant(0.6931472), f32x4.mul(p, s));
}

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^−|x|), absolute error < 4e-7. */
// @ts-ignore: decorator
@inline
function softplus(x: v128): v128 {
  const tail = log(f32x4.add(constant(1), exp(f32x4.neg(f32x4.abs(x)))));
  return f32x4.add(f32x4.pmax(x, constant(0)), tail);
}

/** 0.2·x + 0.5 within [0, 1], as Keras defines it. */
// @ts-ignore: decorator
@inline
function hardSigmoid(x: v128): v128 {
  return f32x4.pmax(f32x4.pmin(madd(x, constant(0.2), constant(0.5)), constant(1)), constant(0));
}

/** `φ(x)` for the function of that code; softmax is not element-wise and has kernels of its own. */
export function activate(code: i32, x: v128): v128 {
  if (code == TANH) return tanh(x);
  if (code == SIGMOID) return sigmoid(x);
  if (code == RELU) return f32x4.pmax(x, constant(0));
  if (code == HARD_SIGMOID) return hardSigmoid(x);
  if (code == RELU6) return f32x4.pmin(f32x4.pmax(x, constant(0)), constant(6));
  if (code == ELU) {
    const negative = f32x4.lt(x, constant(0));
    return v128.bitselect(f32x4.sub(exp(f32x4.pmin(x, constant(0))), constant(1)), x, negative);
  }
  if (code == LEAKY_RELU) return f32x4.add(f32x4.pmax(x, constant(0)), f32x4.mul(constant(0.01), f32x4.pmin(x, constant(0))));
  if (code == SOFTPLUS) return softplus(x);
  if (code == SWISH) return f32x4.mul(x, sigmoid(x));
  return x;
}

/** φ′(x) from `x` and `y = φ(x)`. Only swish and softplus read `x`; all others take the derivative from `y`. */
export function derivative(code: i32, x: v128, y: v128): v128 {
  const one = constant(1);
  if (code == TANH) return f32x4.sub(one, f32x4.mul(y, y));
  if (code == SIGMOID) return f32x4.mul(y, f32x4.sub(one, y));
  if (code == RELU) return v128.and(f32x4.gt(y, constant(0)), one);
  if (code == HARD_SIGMOID) {
    const inside = v128.and(f32x4.gt(y, constant(0)), f32x4.lt(y, one));
    return v128.and(inside, constant(0.2));
  }
  if (code == RELU6) return v128.and(v128.and(f32x4.gt(y, constant(0)), f32x4.lt(y, constant(6))), one);
  if (code == ELU) return v128.bitselect(one, f32x4.add(y, one), f32x4.gt(y, constant(0)));
  if (code == LEAKY_RELU) return v128.bitselect(one, constant(0.01), f32x4.gt(y, constant(0)));
  if (code == SOFTPLUS) return sigmoid(x);
  if (code == SWISH) {
    const s = sigmoid(x);
    return madd(y, f32x4.sub(one, s), s);
  }
  return one;
}

/** `out[i] = φ(x[i])` for `count` values; `out` may be `x`. */
export function activateAll(code: i32, count: i32, x: usize, out: usize): void {
  const end = x + ((<usize>count) << 2);
  for (; x + 16 <= end; x += 16, out += 16) v128.store(out, activate(code, v128.load(x)));
  for (; x < end; x += 4, out += 4) {
    store<f32>(out, f32x4.extract_lane(activate(code, v128.load_splat<f32>(x)), 0));
  }
}

/** `dx[i] = dy[i]·φ′` for `count` values, from `x` and `y = φ(x)`; `dx` may be `dy`. */
export function activateGradient(code: i32, count: i32, x: usize, y: usize, dy: usize, dx: usize): void {
  const end = dy + ((<usize>count) << 2);
  for (; dy + 16 <= end; dy += 16, y += 16, x += 16, dx += 16) {
    v128.store(dx, f32x4.mul(v128.load(dy), derivative(code, v128.load(x), v128.load(y))));
  }
  for (; dy < end; dy += 4, y += 4, x += 4, dx += 4) {
    const slope = derivative(code, v128.load_splat<f32>(x), v128.load_splat<f32>(y));
    store<f32>(dx, load<f32>(dy) * f32x4.extract_lane(slope, 0));
  }
}
