// What recurrent dropout and zoneout add to a run, the same for all cells. Where an address is 0 there is none.
//
// Recurrent dropout: `drops` are the factors of h on its way into the recurrent product [B][P], and behind them room for the
// states as they are [T + 1][B][P]. Z holds factors∘h then, so both products over its rows stay what they are.
// Zoneout: `keep` is how much of its value before h keeps, from 0 to 1, and `keepCell` that of c, [T][B][P] by time. States are
// made as ever and then mixed; at padding they stay. What stands in the rows beyond H is from 0 to 1.

import { at, up4 } from '../simd';
import { isMasked, padRows } from './workspace';

/** Floats of `drops`. */
export function recurrentDropsSize(B: i32, T: i32, H: i32): i32 {
  return (T + 2) * B * up4(H);
}

/** The initial state (0 where `h0` is 0) as it is, and as it enters the first product. */
export function startDropped(B: i32, H: i32, drops: usize, h0: usize, rows: usize, width: i32): void {
  const P = up4(H);
  const states = at(drops, B * P);
  padRows(B, H, h0, H, states, P);
  dropStates(B, P, drops, states, rows, width);
}

/** Puts factors∘h into the rows of the next step, `width` floats apart. */
export function dropStates(B: i32, P: i32, drops: usize, states: usize, rows: usize, width: i32): void {
  for (let b = 0; b < B; b++) {
    let to = at(rows, b * width);
    const end = at(states, P);
    for (; states < end; states += 16, drops += 16, to += 16) {
      v128.store(to, f32x4.mul(v128.load(states), v128.load(drops)));
    }
  }
}

/** Mixes the states that step `s` has made, rows `stride` floats apart, with those before it: k∘before + (1 − k)∘made. */
export function zoneOut(
  B: i32,
  T: i32,
  P: i32,
  s: i32,
  reverse: bool,
  mask: usize,
  keep: usize,
  before: usize,
  states: usize,
  stride: i32,
): void {
  const one = f32x4.splat(1);
  const kept = keepAt(keep, B, T, P, s, reverse);
  for (let b = 0; b < B; b++) {
    if (isMasked(mask, T, b, s, reverse)) continue;
    const row = at(kept, b * P);
    const from = at(before, b * stride);
    const state = at(states, b * stride);
    for (let u = 0; u < P; u += 4) {
      const k = v128.load(at(row, u));
      const made = f32x4.mul(f32x4.sub(one, k), v128.load(at(state, u)));
      v128.store(at(state, u), f32x4.add(f32x4.mul(k, v128.load(at(from, u))), made));
    }
  }
}

/** Divides the gradient of a state `[B][P]`: k∘d goes past the cell, to `aside`, and (1 − k)∘d stays, for what it has made. */
export function divideGradient(
  B: i32,
  T: i32,
  P: i32,
  s: i32,
  reverse: bool,
  keep: usize,
  gradient: usize,
  aside: usize,
): void {
  let k = keepAt(keep, B, T, P, s, reverse);
  const end = at(gradient, B * P);
  for (; gradient < end; gradient += 16, aside += 16, k += 16) {
    const whole = v128.load(gradient);
    const kept = f32x4.mul(v128.load(k), whole);
    v128.store(aside, kept);
    v128.store(gradient, f32x4.sub(whole, kept));
  }
}

/** Adds what stands aside to the gradient of a state, `count` floats, times `factors` where given; aside becomes 0. */
export function joinGradient(count: i32, factors: usize, aside: usize, gradient: usize): void {
  const end = at(gradient, count);
  for (; gradient < end; gradient += 16, aside += 16) {
    let part = v128.load(aside);
    if (factors) {
      part = f32x4.mul(part, v128.load(factors));
      factors += 16;
    }
    v128.store(gradient, f32x4.add(v128.load(gradient), part));
    v128.store(aside, f32x4.splat(0));
  }
}

function keepAt(keep: usize, B: i32, T: i32, P: i32, s: i32, reverse: bool): usize {
  return at(keep, (reverse ? T - 1 - s : s) * B * P);
}
