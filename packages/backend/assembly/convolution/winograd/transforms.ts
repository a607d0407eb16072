// The transforms of Winograd's minimal filtering F(4 × 4, 3 × 3), one dimension of four channels at a time. Four outputs of
// a filter of three taps come from six products instead of twelve:
//
//   y = Aᵀ [(G g) ⊙ (Bᵀ d)],   d: 6 inputs, g: 3 taps, y: 4 outputs,
//
// and in two dimensions the same along rows and columns: 36 products instead of 144 (Winograd 1980; Lavin and Gray 2016,
// arXiv:1509.09308). The gradients are the transposes: A spreads dy, B gathers dx, Gᵀ gathers the filter's gradient.
//
// The matrices are those of Toom and Cook for the points 0, ±a, ±b and ∞. These points were chosen by trying all eighths from
// 3/8 to 5/2 for the smallest error: that of the convolution is about that of plain sums, a third to a fifth of what the usual
// points 1 and 2 give. All their constants but those of G are exact.
//
// Each function works on `lines` lines, `next` bytes from one to the next. Along a line the values are `step` bytes apart.

import { madd } from '../../simd';

const A: f32 = 5.0 / 8;
const B: f32 = 3.0 / 2;
const A2: f32 = A * A;
const B2: f32 = B * B;
/** The rows of G divide by these. */
const N0: f32 = <f32>(1 / (<f64>A2 * <f64>B2));
const NA: f32 = <f32>(0.5 / (<f64>A2 * (<f64>A2 - <f64>B2)));
const NB: f32 = <f32>(0.5 / (<f64>B2 * (<f64>B2 - <f64>A2)));

// @ts-ignore: decorator
@inline
function put(to: usize, step: usize, index: usize, x: v128): void {
  v128.store(to + index * step, x);
}

// @ts-ignore: decorator
@inline
function times(factor: f32, x: v128): v128 {
  return f32x4.mul(f32x4.splat(factor), x);
}

/** `factor · x + y`. */
// @ts-ignore: decorator
@inline
function plus(factor: f32, x: v128, y: v128): v128 {
  return madd(f32x4.splat(factor), x, y);
}

/** Bᵀ: six inputs to six places. */
// @ts-ignore: decorator
@inline
export function spreadInput(
  lines: i32,
  from: usize,
  step: usize,
  next: usize,
  to: usize,
  toStep: usize,
  toNext: usize,
): void {
  for (; lines > 0; lines--) {
    const d0 = v128.load(from);
    const d1 = v128.load(from + step);
    const d2 = v128.load(from + 2 * step);
    const d3 = v128.load(from + 3 * step);
    const d4 = v128.load(from + 4 * step);
    const d5 = v128.load(from + 5 * step);
    put(to, toStep, 0, plus(A2 * B2, d0, plus(-A2 - B2, d2, d4)));
    let even = plus(-B2, d2, d4);
    let odd = times(A, plus(-B2, d1, d3));
    put(to, toStep, 1, f32x4.add(even, odd));
    put(to, toStep, 2, f32x4.sub(even, odd));
    even = plus(-A2, d2, d4);
    odd = times(B, plus(-A2, d1, d3));
    put(to, toStep, 3, f32x4.add(even, odd));
    put(to, toStep, 4, f32x4.sub(even, odd));
    put(to, toStep, 5, plus(A2 * B2, d1, plus(-A2 - B2, d3, d5)));
    from += next;
    to += toNext;
  }
}

/** Aᵀ: six sums of products to four outputs. */
// @ts-ignore: decorator
@inline
export function gatherOutput(
  lines: i32,
  from: usize,
  step: usize,
  next: usize,
  to: usize,
  toStep: usize,
  toNext: usize,
): void {
  for (; lines > 0; lines--) {
    const m1 = v128.load(from + step);
    const m2 = v128.load(from + 2 * step);
    const m3 = v128.load(from + 3 * step);
    const m4 = v128.load(from + 4 * step);
    const evenA = f32x4.add(m1, m2);
    const evenB = f32x4.add(m3, m4);
    const oddA = f32x4.sub(m1, m2);
    const oddB = f32x4.sub(m3, m4);
    put(to, toStep, 0, f32x4.add(v128.load(from), f32x4.add(evenA, evenB)));
    put(to, toStep, 1, plus(A, oddA, times(B, oddB)));
    put(to, toStep, 2, plus(A2, evenA, times(B2, evenB)));
    put(to, toStep, 3, f32x4.add(plus(A * A2, oddA, times(B * B2, oddB)), v128.load(from + 5 * step)));
    from += next;
    to += toNext;
  }
}

/** A: the gradients of four outputs to six places. */
// @ts-ignore: decorator
@inline
export function spreadGradient(
  lines: i32,
  from: usize,
  step: usize,
  next: usize,
  to: usize,
  toStep: usize,
  toNext: usize,
): void {
  for (; lines > 0; lines--) {
    const g0 = v128.load(from);
    const g1 = v128.load(from + step);
    const g2 = v128.load(from + 2 * step);
    const g3 = v128.load(from + 3 * step);
    put(to, toStep, 0, g0);
    let even = plus(A2, g2, g0);
    let odd = plus(A, g1, times(A * A2, g3));
    put(to, toStep, 1, f32x4.add(even, odd));
    put(to, toStep, 2, f32x4.sub(even, odd));
    even = plus(B2, g2, g0);
    odd = plus(B, g1, times(B * B2, g3));
    put(to, toStep, 3, f32x4.add(even, odd));
    put(to, toStep, 4, f32x4.sub(even, odd));
    put(to, toStep, 5, g3);
    from += next;
    to += toNext;
  }
}

/** B: six sums of products to the gradients of six inputs. */
// @ts-ignore: decorator
@inline
export function gatherInput(
  lines: i32,
  from: usize,
  step: usize,
  next: usize,
  to: usize,
  toStep: usize,
  toNext: usize,
): void {
  for (; lines > 0; lines--) {
    const r0 = v128.load(from);
    const r1 = v128.load(from + step);
    const r2 = v128.load(from + 2 * step);
    const r3 = v128.load(from + 3 * step);
    const r4 = v128.load(from + 4 * step);
    const r5 = v128.load(from + 5 * step);
    const evenA = f32x4.add(r1, r2);
    const evenB = f32x4.add(r3, r4);
    const oddA = times(A, f32x4.sub(r1, r2));
    const oddB = times(B, f32x4.sub(r3, r4));
    put(to, toStep, 0, times(A2 * B2, r0));
    put(to, toStep, 1, plus(A2 * B2, r5, plus(-B2, oddA, times(-A2, oddB))));
    put(to, toStep, 2, plus(-A2 - B2, r0, plus(-B2, evenA, times(-A2, evenB))));
    put(to, toStep, 3, plus(-A2 - B2, r5, f32x4.add(oddA, oddB)));
    put(to, toStep, 4, f32x4.add(r0, f32x4.add(evenA, evenB)));
    put(to, toStep, 5, r5);
    from += next;
    to += toNext;
  }
}

/** G: three taps to six places. */
export function spreadFilter(
  lines: i32,
  from: usize,
  step: usize,
  next: usize,
  to: usize,
  toStep: usize,
  toNext: usize,
): void {
  for (; lines > 0; lines--) {
    const g0 = v128.load(from);
    const g1 = v128.load(from + step);
    const g2 = v128.load(from + 2 * step);
    put(to, toStep, 0, times(N0, g0));
    let even = times(NA, plus(A2, g2, g0));
    let odd = times(NA * A, g1);
    put(to, toStep, 1, f32x4.add(even, odd));
    put(to, toStep, 2, f32x4.sub(even, odd));
    even = times(NB, plus(B2, g2, g0));
    odd = times(NB * B, g1);
    put(to, toStep, 3, f32x4.add(even, odd));
    put(to, toStep, 4, f32x4.sub(even, odd));
    put(to, toStep, 5, g2);
    from += next;
    to += toNext;
  }
}

/** Gᵀ: six sums of products to the gradients of three taps. */
export function gatherFilter(
  lines: i32,
  from: usize,
  step: usize,
  next: usize,
  to: usize,
  toStep: usize,
  toNext: usize,
): void {
  for (; lines > 0; lines--) {
    const u1 = v128.load(from + step);
    const u2 = v128.load(from + 2 * step);
    const u3 = v128.load(from + 3 * step);
    const u4 = v128.load(from + 4 * step);
    const evenA = times(NA, f32x4.add(u1, u2));
    const evenB = times(NB, f32x4.add(u3, u4));
    const oddA = f32x4.sub(u1, u2);
    const oddB = f32x4.sub(u3, u4);
    put(to, toStep, 0, plus(N0, v128.load(from), f32x4.add(evenA, evenB)));
    put(to, toStep, 1, plus(NA * A, oddA, times(NB * B, oddB)));
    put(to, toStep, 2, f32x4.add(plus(A2, evenA, times(B2, evenB)), v128.load(from + 5 * step)));
    from += next;
    to += toNext;
  }
}
