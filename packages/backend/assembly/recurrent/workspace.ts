// What the recurrent kernels share: the workspace that a forward run leaves for its backward run, and the moves between
// the caller's arrays and the padded ones inside.
//
// Inside, units are padded to a multiple of 4 (P), so that no loop has a remainder: the weights of padded units are 0, their
// gradients are 0, and their states are never read. Step s of a run stands for time s, or T − 1 − s where it runs backwards.
// Row (s, b) of Z is [x(s, b), 1, h(s − 1, b)]: with the weights stacked in the same way, one product per step makes all
// gates, bias included, and one product after the backward run makes all gradients of the weights.

import { TANH_TABLE } from '../activations';
import { at, up4, up8 } from '../simd';
import { gemmScratch } from '../gemm/gemm';
import { packedLeftSize, packedRightSize } from '../gemm/pack';

// The parts of the workspace, in order.

/** Z `[T + 1][B][C + 1 + P]`. */
export const ROWS: i32 = 0;
/** Gates `[T][B][N]`: before or after activation, then their gradients. */
export const GATES: i32 = 1;
/** First extra state of the cell `[T + 1][B][P]`. */
export const FIRST: i32 = 2;
/** Second extra state of the cell `[T][B][P]`. */
export const SECOND: i32 = 3;
/** Stacked, padded weights `[C + 1 + H][N]`. */
export const WEIGHTS: i32 = 4;
/** Their gradient, of the same shape. */
export const GRADIENTS: i32 = 5;
/** Packed right operands. */
export const RIGHT: i32 = 6;
export const OTHER_RIGHT: i32 = 7;
/** Packed left operand of one step. */
export const LEFT: i32 = 8;
/** Gradients of the states at the step under way, four of `[B][P]`. */
export const CARRY: i32 = 9;
/** Constants of tanh. */
export const TABLE: i32 = 10;
/** Scratch of the products over all steps. */
export const SCRATCH: i32 = 11;
const PARTS: i32 = 12;

/** Floats of part `part` of a workspace for gates of `N` columns and `extra` extra states. */
function sizeOf(part: i32, B: i32, T: i32, C: i32, H: i32, N: i32, extra: i32): i32 {
  const P = up4(H);
  const K = C + 1 + H;
  if (part == ROWS) return (T + 1) * B * (C + 1 + P);
  if (part == GATES) return T * B * N;
  if (part == FIRST) return extra > 0 ? (T + 1) * B * P : 0;
  if (part == SECOND) return extra > 1 ? T * B * P : 0;
  if (part == WEIGHTS || part == GRADIENTS) return K * N;
  if (part == RIGHT || part == OTHER_RIGHT) return max(packedRightSize(K, N), packedRightSize(N, max(C, H)));
  if (part == LEFT) return packedLeftSize(B, max(K, N));
  if (part == CARRY) return 4 * B * P;
  if (part == TABLE) return TANH_TABLE;
  return max(gemmScratch(K, N, T * B), gemmScratch(T * B, N, C + 1));
}

/** Where part `part` begins, in floats. */
export function offsetOf(part: i32, B: i32, T: i32, C: i32, H: i32, N: i32, extra: i32): i32 {
  let offset = 0;
  for (let each = 0; each < part; each++) offset += up8(sizeOf(each, B, T, C, H, N, extra));
  return offset;
}

/** Floats of a whole workspace. */
export function workspaceSize(B: i32, T: i32, C: i32, H: i32, N: i32, extra: i32): i32 {
  return offsetOf(PARTS, B, T, C, H, N, extra);
}

/** Copies `rows` rows of `H` floats, `from` apart, to rows `to` apart, and sets the padding up to P to 0. */
export function padRows(rows: i32, H: i32, source: usize, from: i32, target: usize, to: i32): void {
  const P = up4(H);
  for (let r = 0; r < rows; r++) {
    const row = at(target, r * to);
    if (source) memory.copy(row, at(source, r * from), (<usize>H) << 2);
    else memory.fill(row, 0, (<usize>H) << 2);
    for (let u = H; u < P; u++) store<f32>(at(row, u), 0);
  }
}

/** The way back of {@link padRows}; nothing where `target` is 0. */
export function unpadRows(rows: i32, H: i32, source: usize, from: i32, target: usize, to: i32): void {
  if (!target) return;
  for (let r = 0; r < rows; r++) memory.copy(at(target, r * to), at(source, r * from), (<usize>H) << 2);
}

/** Puts inputs, ones and the initial state (0 where `h0` is 0) into Z. Masked inputs become 0, whatever they are. */
export function fillRows(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  reverse: bool,
  x: usize,
  mask: usize,
  h0: usize,
  z: usize,
): void {
  const width = C + 1 + up4(H);
  for (let b = 0; b < B; b++) {
    for (let s = 0; s < T; s++) {
      const t = b * T + (reverse ? T - 1 - s : s);
      const row = at(z, (s * B + b) * width);
      if (mask && load<f32>(at(mask, t)) < 0.5) memory.fill(row, 0, (<usize>C) << 2);
      else {
        const from = at(x, t * C);
        for (let c = 0; c < C; c++) store<f32>(at(row, c), load<f32>(at(from, c)));
      }
      store<f32>(at(row, C), 1);
    }
  }
  padRows(B, H, h0, H, at(z, C + 1), width);
}

/** Hands out step `s`: its states to row (b, t) of `y`, 0 where masked. `stride`: floats between rows of y. */
export function emitStep(
  B: i32,
  T: i32,
  H: i32,
  s: i32,
  reverse: bool,
  states: usize,
  width: i32,
  mask: usize,
  y: usize,
  stride: i32,
): void {
  if (!y) return;
  for (let b = 0; b < B; b++) {
    const t = b * T + (reverse ? T - 1 - s : s);
    const to = at(y, t * stride);
    if (mask && load<f32>(at(mask, t)) < 0.5) memory.fill(to, 0, (<usize>H) << 2);
    else memory.copy(to, at(states, b * width), (<usize>H) << 2);
  }
}

/** True where step `s` of row `b` is padding. */
// @ts-ignore: decorator
@inline
export function isMasked(mask: usize, T: i32, b: i32, s: i32, reverse: bool): bool {
  return mask != 0 && load<f32>(at(mask, b * T + (reverse ? T - 1 - s : s))) < 0.5;
}

/** Adds row (b, t) of `dy` at step `s` to the gradient of the states, but for masked rows. */
export function collectStep(
  B: i32,
  T: i32,
  H: i32,
  s: i32,
  reverse: bool,
  mask: usize,
  dy: usize,
  stride: i32,
  dh: usize,
): void {
  if (!dy) return;
  const P = up4(H);
  for (let b = 0; b < B; b++) {
    if (isMasked(mask, T, b, s, reverse)) continue;
    const from = at(dy, (b * T + (reverse ? T - 1 - s : s)) * stride);
    const to = at(dh, b * P);
    let u = 0;
    for (; u + 4 <= H; u += 4) {
      v128.store(at(to, u), f32x4.add(v128.load(at(to, u)), v128.load(at(from, u))));
    }
    for (; u < H; u++) store<f32>(at(to, u), load<f32>(at(to, u)) + load<f32>(at(from, u)));
  }
}
