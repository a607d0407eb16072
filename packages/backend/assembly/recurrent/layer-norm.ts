// Layer norm in a run (Ba, Kiros, Hinton 2016, arXiv:1607.06450), the same for all cells: blocks of columns of x·W and of h·U, which
// are made apart then, become s = (v − mean) / √(variance + 1e-5), and gain∘s is added to the gates, where the bias is already.
// Where the address `norm` is 0 there is none.
//
// It begins with the gains, a row of P floats for each gate, 0 beyond H, and behind them room for their gradients, of the same form.
// The rest is room too: s of all that was normalised, which becomes its gradient in the backward run, and 1/√(variance + 1e-5).

import { fillBias } from '../dense';
import { gemm } from '../gemm/gemm';
import { at, laneSum, madd, up4 } from '../simd';

// The parts of the room, in order.

/** x·W `[T][B][N]`. */
export const INPUTS: i32 = 0;
/** h·U `[T][B][N]`, of an rnn x·W + h·U. */
export const PRODUCTS: i32 = 1;
/** c on its way to h `[T][B][P]`. */
export const CELLS: i32 = 2;
/** 1/√(variance + 1e-5), five of `[T][B]`, one for each block. */
export const SPREADS: i32 = 3;

const EPSILON: f32 = 1e-5;

/** Floats of `norm` for a cell with `gates` columns per unit and `gains` rows of gains. */
export function recurrentNormSize(B: i32, T: i32, H: i32, gates: i32, gains: i32): i32 {
  const P = up4(H);
  return 2 * gains * P + T * B * (2 * gates * P + P + 5);
}

/** Where part `part` of the room begins, for gates of `N` columns and `gains` rows of gains. */
export function normPart(part: i32, norm: usize, B: i32, T: i32, H: i32, N: i32, gains: i32): usize {
  const P = up4(H);
  const room = at(norm, 2 * gains * P);
  return part == SPREADS ? at(room, T * B * (2 * N + P)) : at(room, part * T * B * N);
}

/** x·W of all steps, and the bias in the gates. */
export function projectInputs(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  N: i32,
  z: usize,
  weights: usize,
  inputs: usize,
  gates: usize,
  scratch: usize,
): void {
  gemm(T * B, N, C, z, C + 1 + up4(H), false, weights, N, false, inputs, N, false, scratch);
  fillBias(T * B, N, at(weights, C * N), gates);
}

/** Standardises rows of `gates`·H values, `stride` floats apart, in place, and adds gain∘ of them to rows of `target`. */
export function normalise(
  rows: i32,
  gates: i32,
  H: i32,
  stride: i32,
  values: usize,
  spreads: usize,
  gain: usize,
  target: usize,
): void {
  const P = up4(H);
  const count = <f32>(gates * H);
  for (let r = 0; r < rows; r++) {
    const row = at(values, r * stride);
    const to = at(target, r * stride);
    let sum = f32x4.splat(0);
    for (let g = 0; g < gates; g++) {
      for (let u = 0; u < H; u += 4) sum = f32x4.add(sum, units(v128.load(at(row, g * P + u)), H, u));
    }
    const mean = f32x4.splat(laneSum(sum) / count);
    let squares = f32x4.splat(0);
    for (let g = 0; g < gates; g++) {
      for (let u = 0; u < H; u += 4) {
        const centred = units(f32x4.sub(v128.load(at(row, g * P + u)), mean), H, u);
        v128.store(at(row, g * P + u), centred);
        squares = madd(centred, centred, squares);
      }
    }
    const spread: f32 = 1 / sqrt<f32>(laneSum(squares) / count + EPSILON);
    store<f32>(at(spreads, r), spread);
    for (let i = 0; i < gates * P; i += 4) {
      const standard = f32x4.mul(v128.load(at(row, i)), f32x4.splat(spread));
      v128.store(at(row, i), standard);
      v128.store(at(to, i), madd(standard, v128.load(at(gain, i)), v128.load(at(to, i))));
    }
  }
}

/**
 * The way back of {@link normalise}, from the gradient of the target: the values, still standardised, become the gradient by what
 * they were, and that of the gain is added to `dgain`.
 */
export function normaliseGradient(
  rows: i32,
  gates: i32,
  H: i32,
  stride: i32,
  values: usize,
  spreads: usize,
  gain: usize,
  dgain: usize,
  dtarget: usize,
): void {
  const P = up4(H);
  const count = <f32>(gates * H);
  for (let i = 0; i < gates * P; i += 4) {
    let sum = f32x4.splat(0);
    for (let r = 0; r < rows; r++) {
      sum = madd(v128.load(at(values, r * stride + i)), v128.load(at(dtarget, r * stride + i)), sum);
    }
    v128.store(at(dgain, i), f32x4.add(v128.load(at(dgain, i)), sum));
  }
  for (let r = 0; r < rows; r++) {
    const row = at(values, r * stride);
    const from = at(dtarget, r * stride);
    let sum = f32x4.splat(0);
    let along = f32x4.splat(0);
    for (let i = 0; i < gates * P; i += 4) {
      const down = f32x4.mul(v128.load(at(from, i)), v128.load(at(gain, i)));
      sum = f32x4.add(sum, down);
      along = madd(down, v128.load(at(row, i)), along);
    }
    const mean = f32x4.splat(laneSum(sum) / count);
    const slope = f32x4.splat(laneSum(along) / count);
    const spread = f32x4.splat(load<f32>(at(spreads, r)));
    for (let g = 0; g < gates; g++) {
      for (let u = 0; u < H; u += 4) {
        const i = g * P + u;
        const down = f32x4.mul(v128.load(at(from, i)), v128.load(at(gain, i)));
        const rest = f32x4.sub(f32x4.sub(down, mean), f32x4.mul(slope, v128.load(at(row, i))));
        v128.store(at(row, i), units(f32x4.mul(spread, rest), H, u));
      }
    }
  }
}

/** {@link normalise} for a gru: the two gates together, and the candidate, in column `candidate`, for itself. `steps`: T·B. */
export function normaliseGates(
  rows: i32,
  steps: i32,
  H: i32,
  stride: i32,
  candidate: i32,
  values: usize,
  spreads: usize,
  gain: usize,
  target: usize,
): void {
  const own = at(gain, 2 * up4(H));
  normalise(rows, 2, H, stride, values, spreads, gain, target);
  normalise(rows, 1, H, stride, at(values, candidate), at(spreads, steps), own, at(target, candidate));
}

/** The way back of {@link normaliseGates}. */
export function normaliseGatesGradient(
  rows: i32,
  steps: i32,
  H: i32,
  stride: i32,
  candidate: i32,
  values: usize,
  spreads: usize,
  gain: usize,
  dgain: usize,
  dtarget: usize,
): void {
  const own = at(gain, 2 * up4(H));
  const down = at(dgain, 2 * up4(H));
  normaliseGradient(rows, 2, H, stride, values, spreads, gain, dgain, dtarget);
  values = at(values, candidate);
  normaliseGradient(rows, 1, H, stride, values, at(spreads, steps), own, down, at(dtarget, candidate));
}

/** Gradients of the stacked weights, of which the products were made apart: from the gradients of x·W, of the gates, and of h·U. */
export function weightGradients(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  N: i32,
  z: usize,
  inputs: usize,
  gates: usize,
  products: usize,
  gradients: usize,
  scratch: usize,
): void {
  const width = C + 1 + up4(H);
  const bias = at(gradients, C * N);
  gemm(C, N, T * B, z, width, true, inputs, N, false, gradients, N, false, scratch);
  gemm(1, N, T * B, at(z, C), width, true, gates, N, false, bias, N, false, scratch);
  gemm(H, N, T * B, at(z, C + 1), width, true, products, N, false, at(bias, N), N, false, scratch);
}

/** The lanes from unit `u` on that are units, 0 in those that only fill up the row. */
// @ts-ignore: decorator
@inline
function units(values: v128, H: i32, u: i32): v128 {
  return v128.and(values, i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(H - u)));
}
