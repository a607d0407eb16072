// The parts of an LSTM that go along one row of one step: gates to states, and the gradients of the states to those of the gates.

import { activate, derivative, sigmoidFrom, tanhFrom } from '../activations';
import { add } from '../dense';
import { at, clear, madd, up4 } from '../simd';
import { normalise, normaliseGradient } from './layer-norm';

/** One row of one step with σ and tanh. */
export function updateUsual(
  P: i32,
  table: usize,
  row: usize,
  before: usize,
  next: usize,
  shaped: usize,
  state: usize,
): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  for (; row < end; row += 16, before += 16, next += 16, shaped += 16, state += 16) {
    const i = sigmoidFrom(table, v128.load(row));
    const f = sigmoidFrom(table, v128.load(row + gateBytes));
    const g = tanhFrom(table, v128.load(row + 2 * gateBytes));
    const o = sigmoidFrom(table, v128.load(row + 3 * gateBytes));
    const c = madd(f, v128.load(before), f32x4.mul(i, g));
    const t = tanhFrom(table, c);
    v128.store(row, i);
    v128.store(row + gateBytes, f);
    v128.store(row + 2 * gateBytes, g);
    v128.store(row + 3 * gateBytes, o);
    v128.store(next, c);
    v128.store(shaped, t);
    v128.store(state, f32x4.mul(o, t));
  }
}

/** One row of one step with any functions. */
export function update(
  gate: i32,
  cell: i32,
  P: i32,
  row: usize,
  before: usize,
  next: usize,
  shaped: usize,
  state: usize,
): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  for (; row < end; row += 16, before += 16, next += 16, shaped += 16, state += 16) {
    const i = activate(gate, v128.load(row));
    const f = activate(gate, v128.load(row + gateBytes));
    const g = activate(cell, v128.load(row + 2 * gateBytes));
    const o = activate(gate, v128.load(row + 3 * gateBytes));
    const c = madd(f, v128.load(before), f32x4.mul(i, g));
    const t = activate(cell, c);
    v128.store(row, i);
    v128.store(row + gateBytes, f);
    v128.store(row + 2 * gateBytes, g);
    v128.store(row + 3 * gateBytes, o);
    v128.store(next, c);
    v128.store(shaped, t);
    v128.store(state, f32x4.mul(o, t));
  }
}

/** h of one row made anew of the cell through layer norm; behind its gain stands its shift. */
export function updateNormed(
  cell: i32,
  H: i32,
  o: usize,
  next: usize,
  standard: usize,
  spread: usize,
  gain: usize,
  shaped: usize,
  state: usize,
): void {
  const P = up4(H);
  memory.copy(standard, next, (<usize>P) << 2);
  memory.copy(shaped, at(gain, P), (<usize>P) << 2);
  normalise(1, 1, H, P, standard, spread, gain, shaped);
  const end = at(o, P);
  for (; o < end; o += 16, shaped += 16, state += 16) {
    const t = activate(cell, v128.load(shaped));
    v128.store(shaped, t);
    v128.store(state, f32x4.mul(v128.load(o), t));
  }
}

/**
 * Takes the gradient of one row of h through o and the normalised cell: to dc, to the gains, and that of o to the place of φ. Nothing
 * of it is left in dh.
 */
export function backNormed(
  gate: i32,
  cell: i32,
  H: i32,
  o: usize,
  standard: usize,
  spread: usize,
  gain: usize,
  dgain: usize,
  shaped: usize,
  dh: usize,
  dc: usize,
): void {
  const P = up4(H);
  for (let u = 0; u < P; u += 4) {
    const opened = v128.load(at(o, u));
    const t = v128.load(at(shaped, u));
    const down = v128.load(at(dh, u));
    v128.store(at(shaped, u), f32x4.mul(f32x4.mul(down, t), derivative(gate, opened, opened)));
    v128.store(at(dh, u), f32x4.mul(f32x4.mul(down, opened), derivative(cell, t, t)));
  }
  add(P, at(dgain, P), dh, at(dgain, P));
  normaliseGradient(1, 1, H, P, standard, spread, gain, dgain, dh);
  add(P, dc, standard, dc);
  clear(dh, P);
}

/** Gates' gradients of one row with σ and tanh, in place; dc becomes that of the step before, dh becomes 0. */
export function backUsual(P: i32, row: usize, before: usize, shaped: usize, dh: usize, dc: usize): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  const one = f32x4.splat(1);
  for (; row < end; row += 16, before += 16, shaped += 16, dh += 16, dc += 16) {
    const i = v128.load(row);
    const f = v128.load(row + gateBytes);
    const g = v128.load(row + 2 * gateBytes);
    const o = v128.load(row + 3 * gateBytes);
    const t = v128.load(shaped);
    const down = v128.load(dh);
    const through = f32x4.mul(down, o);
    const c = f32x4.add(v128.load(dc), f32x4.sub(through, f32x4.mul(f32x4.mul(through, t), t)));
    const ci = f32x4.mul(c, i);
    const cf = f32x4.mul(c, f);
    v128.store(row, f32x4.mul(f32x4.mul(ci, g), f32x4.sub(one, i)));
    v128.store(row + gateBytes, f32x4.mul(f32x4.mul(cf, v128.load(before)), f32x4.sub(one, f)));
    v128.store(row + 2 * gateBytes, f32x4.sub(ci, f32x4.mul(f32x4.mul(ci, g), g)));
    v128.store(row + 3 * gateBytes, f32x4.mul(f32x4.mul(through, t), f32x4.sub(one, o)));
    v128.store(dc, cf);
    v128.store(dh, f32x4.splat(0));
  }
}

/** The same with any functions. */
export function back(
  gate: i32,
  cell: i32,
  P: i32,
  row: usize,
  before: usize,
  after: usize,
  shaped: usize,
  dh: usize,
  dc: usize,
): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  for (; row < end; row += 16, before += 16, after += 16, shaped += 16, dh += 16, dc += 16) {
    const i = v128.load(row);
    const f = v128.load(row + gateBytes);
    const g = v128.load(row + 2 * gateBytes);
    const o = v128.load(row + 3 * gateBytes);
    const t = v128.load(shaped);
    const down = v128.load(dh);
    const slope = derivative(cell, v128.load(after), t);
    const c = f32x4.add(v128.load(dc), f32x4.mul(f32x4.mul(down, o), slope));
    v128.store(row, f32x4.mul(f32x4.mul(c, g), derivative(gate, i, i)));
    v128.store(row + gateBytes, f32x4.mul(f32x4.mul(c, v128.load(before)), derivative(gate, f, f)));
    v128.store(row + 2 * gateBytes, f32x4.mul(f32x4.mul(c, i), derivative(cell, g, g)));
    v128.store(row + 3 * gateBytes, f32x4.mul(f32x4.mul(down, t), derivative(gate, o, o)));
    v128.store(dc, f32x4.mul(c, f));
    v128.store(dh, f32x4.splat(0));
  }
}
