// GRU over a sequence, reset-after: r = σ(x·Wr + h·Ur + br + cr), z likewise, n = φ(x·Wn + bn + r∘(h·Un + cn)),
// h′ = (1 − z)∘n + z∘h, and its gradient by backpropagation through time. (The reset-before variant: gru-before.ts.)
// The columns of the gates are r, z, m = h·Un + cn, and x·Wn + bn, which becomes n: the first three are one product.

import { activate, derivative, fillTanhTable, SIGMOID, sigmoidFrom, TANH, tanhFrom } from '../activations';
import { gemm, multiplyPacked } from '../gemm/gemm';
import { packLeft, packRight } from '../gemm/pack';
import { at, clear, madd, up4 } from '../simd';
import {
  INPUTS,
  normaliseGates,
  normaliseGatesGradient,
  normPart,
  PRODUCTS,
  projectInputs,
  SPREADS,
  weightGradients,
} from './layer-norm';
import { divideGradient, dropStates, joinGradient, startDropped, zoneOut } from './regularisers';
import {
  CARRY,
  collectStep,
  emitStep,
  fillRows,
  GATES,
  GRADIENTS,
  isMasked,
  LEFT,
  offsetOf,
  OTHER_RIGHT,
  padRows,
  RIGHT,
  ROWS,
  SCRATCH,
  TABLE,
  unpadRows,
  WEIGHTS,
  workspaceSize,
} from './workspace';

// @ts-ignore: decorator
@inline
function part(which: i32, workspace: usize, B: i32, T: i32, C: i32, H: i32): usize {
  return at(workspace, offsetOf(which, B, T, C, H, 4 * up4(H), 0));
}

/** Rows of gains: of x·W three, of h·U three; the two gates are normalised together, the candidate for itself. */
const GAINS: i32 = 6;

/** Floats of workspace for {@link gruForward} and {@link gruBackward}. */
export function gruWorkspace(B: i32, T: i32, C: i32, H: i32): i32 {
  return workspaceSize(B, T, C, H, 4 * up4(H), 0);
}

/**
 * As `lstmForward` (lstm.ts), with kernel `[C, 3H]`, recurrent `[H, 3H]`, bias `[3H]` (b) and recurrentBias `[3H]` (c; 0:
 * none), columns in the order r, z, n.
 */
export function gruForward(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  reverse: bool,
  gate: i32,
  cell: i32,
  x: usize,
  kernel: usize,
  recurrent: usize,
  bias: usize,
  recurrentBias: usize,
  h0: usize,
  mask: usize,
  norm: usize,
  drops: usize,
  keep: usize,
  workspace: usize,
  y: usize,
  yStride: i32,
  hLast: usize,
  lastStride: i32,
): void {
  const P = up4(H);
  const N = 4 * P;
  const K = C + 1 + H;
  const width = C + 1 + P;
  const z = part(ROWS, workspace, B, T, C, H);
  const gates = part(GATES, workspace, B, T, C, H);
  const weights = part(WEIGHTS, workspace, B, T, C, H);
  const right = part(RIGHT, workspace, B, T, C, H);
  const left = part(LEFT, workspace, B, T, C, H);
  for (let g = 0; g < 3; g++) {
    const ofState = at(weights, g * P);
    // x and b enter the candidate outside of what the reset gate multiplies: in the fourth column.
    const ofInput = at(weights, (g == 2 ? 3 : g) * P);
    padRows(C, H, at(kernel, g * H), 3 * H, ofInput, N);
    padRows(1, H, bias ? at(bias, g * H) : 0, 3 * H, at(ofInput, C * N), N);
    padRows(H, H, at(recurrent, g * H), 3 * H, at(ofState, (C + 1) * N), N);
    if (g == 2) {
      padRows(C, H, 0, 0, ofState, N);
      padRows(1, H, recurrentBias ? at(recurrentBias, g * H) : 0, 3 * H, at(ofState, C * N), N);
    } else if (recurrentBias) addRow(H, at(recurrentBias, g * H), at(ofState, C * N));
  }
  fillRows(B, T, C, H, reverse, x, mask, h0, z);
  const held = drops ? at(drops, B * P) : at(z, C + 1);
  const stride = drops ? P : width;
  if (drops) startDropped(B, H, drops, h0, at(z, C + 1), width);
  const scratch = part(SCRATCH, workspace, B, T, C, H);
  const inputs = normPart(INPUTS, norm, B, T, H, N, GAINS);
  const products = normPart(PRODUCTS, norm, B, T, H, N, GAINS);
  const spreads = normPart(SPREADS, norm, B, T, H, N, GAINS);
  if (norm) {
    packRight(H, 3 * P, at(weights, (C + 1) * N), N, false, right);
    projectInputs(B, T, C, H, N, z, weights, inputs, gates, scratch);
    normaliseGates(T * B, T * B, H, N, 3 * P, inputs, spreads, norm, gates);
  } else {
    gemm(T * B, P, C + 1, z, width, false, at(weights, 3 * P), N, false, at(gates, 3 * P), N, false, scratch);
    packRight(K, 3 * P, weights, N, false, right);
  }
  const usual = gate == SIGMOID && cell == TANH;
  const table = part(TABLE, workspace, B, T, C, H);
  fillTanhTable(table);
  for (let s = 0; s < T; s++) {
    const now = at(gates, s * B * N);
    const before = at(held, s * B * stride);
    const states = at(before, B * stride);
    const rows = at(z, s * B * width);
    if (norm) {
      const product = at(products, s * B * N);
      packLeft(B, H, at(rows, C + 1), width, false, left);
      multiplyPacked(B, 3 * P, H, left, right, product, N, false);
      normaliseGates(B, T * B, H, N, 2 * P, product, at(spreads, (2 * T + s) * B), at(norm, 3 * P), now);
    } else {
      packLeft(B, K, rows, width, false, left);
      multiplyPacked(B, 3 * P, K, left, right, now, N, false);
    }
    for (let b = 0; b < B; b++) {
      const previous = at(before, b * stride);
      const state = at(states, b * stride);
      if (isMasked(mask, T, b, s, reverse)) memory.copy(state, previous, (<usize>P) << 2);
      else if (usual) updateUsual(P, table, at(now, b * N), previous, state);
      else update(gate, cell, P, at(now, b * N), previous, state);
    }
    if (keep) zoneOut(B, T, P, s, reverse, mask, keep, before, states, stride);
    if (drops) dropStates(B, P, drops, states, at(z, (s + 1) * B * width + C + 1), width);
    emitStep(B, T, H, s, reverse, states, stride, mask, y, yStride);
  }
  unpadRows(B, H, at(held, T * B * stride), stride, hLast, lastStride);
}

function addRow(count: i32, source: usize, target: usize): void {
  for (let i = 0; i < count; i++) store<f32>(at(target, i), load<f32>(at(target, i)) + load<f32>(at(source, i)));
}

/** One row of one step with σ and tanh. */
function updateUsual(P: i32, table: usize, row: usize, before: usize, state: usize): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  for (; row < end; row += 16, before += 16, state += 16) {
    const r = sigmoidFrom(table, v128.load(row));
    const z = sigmoidFrom(table, v128.load(row + gateBytes));
    const m = v128.load(row + 2 * gateBytes);
    const n = tanhFrom(table, madd(r, m, v128.load(row + 3 * gateBytes)));
    v128.store(row, r);
    v128.store(row + gateBytes, z);
    v128.store(row + 3 * gateBytes, n);
    v128.store(state, madd(z, f32x4.sub(v128.load(before), n), n));
  }
}

/** The same with any functions. */
function update(gate: i32, cell: i32, P: i32, row: usize, before: usize, state: usize): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  for (; row < end; row += 16, before += 16, state += 16) {
    const r = activate(gate, v128.load(row));
    const z = activate(gate, v128.load(row + gateBytes));
    const m = v128.load(row + 2 * gateBytes);
    const n = activate(cell, madd(r, m, v128.load(row + 3 * gateBytes)));
    v128.store(row, r);
    v128.store(row + gateBytes, z);
    v128.store(row + 3 * gateBytes, n);
    v128.store(state, madd(z, f32x4.sub(v128.load(before), n), n));
  }
}

/** As `lstmBackward` (lstm.ts), with drecurrentBias `[3H]`. */
export function gruBackward(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  reverse: bool,
  gate: i32,
  cell: i32,
  mask: usize,
  norm: usize,
  drops: usize,
  keep: usize,
  workspace: usize,
  dy: usize,
  yStride: i32,
  dhLast: usize,
  lastStride: i32,
  dkernel: usize,
  drecurrent: usize,
  dbias: usize,
  drecurrentBias: usize,
  dx: usize,
  addInput: bool,
  dh0: usize,
): void {
  const P = up4(H);
  const N = 4 * P;
  const K = C + 1 + H;
  const width = C + 1 + P;
  const z = part(ROWS, workspace, B, T, C, H);
  const gates = part(GATES, workspace, B, T, C, H);
  const weights = part(WEIGHTS, workspace, B, T, C, H);
  const right = part(RIGHT, workspace, B, T, C, H);
  const ofInput = part(OTHER_RIGHT, workspace, B, T, C, H);
  const left = part(LEFT, workspace, B, T, C, H);
  const dh = part(CARRY, workspace, B, T, C, H);
  const aside = at(dh, B * P);
  const held = drops ? at(drops, B * P) : at(z, C + 1);
  const stride = drops ? P : width;
  packRight(3 * P, H, at(weights, (C + 1) * N), N, true, right);
  if (dx) packRight(N, C, weights, N, true, ofInput);
  padRows(B, H, dhLast, lastStride, dh, P);
  if (drops) clear(aside, B * P);
  const inputs = normPart(INPUTS, norm, B, T, H, N, GAINS);
  const products = normPart(PRODUCTS, norm, B, T, H, N, GAINS);
  const spreads = normPart(SPREADS, norm, B, T, H, N, GAINS);
  const dgains = at(norm, GAINS * P);
  if (norm) clear(dgains, GAINS * P);
  const usual = gate == SIGMOID && cell == TANH;
  for (let s = T - 1; s >= 0; s--) {
    const now = at(gates, s * B * N);
    const before = at(held, s * B * stride);
    collectStep(B, T, H, s, reverse, mask, dy, yStride, dh);
    if (keep) divideGradient(B, T, P, s, reverse, keep, dh, aside);
    for (let b = 0; b < B; b++) {
      const row = at(now, b * N);
      if (isMasked(mask, T, b, s, reverse)) clear(row, N);
      else if (usual) backUsual(P, row, at(before, b * stride), at(dh, b * P));
      else back(gate, cell, P, row, at(before, b * stride), at(dh, b * P));
    }
    if (keep) joinGradient(B * P, 0, aside, dh);
    const input = norm ? at(inputs, s * B * N) : now;
    const product = norm ? at(products, s * B * N) : now;
    if (norm) {
      const spread = at(spreads, s * B);
      const spreadProduct = at(spreads, (2 * T + s) * B);
      const gains = at(norm, 3 * P);
      normaliseGatesGradient(B, T * B, H, N, 3 * P, input, spread, norm, dgains, now);
      normaliseGatesGradient(B, T * B, H, N, 2 * P, product, spreadProduct, gains, at(dgains, 3 * P), now);
    }
    if (s > 0 || dh0) {
      // dh holds z∘dh already, or all of it where masked.
      packLeft(B, 3 * P, product, N, false, left);
      multiplyPacked(B, H, 3 * P, left, right, drops ? aside : dh, P, true);
      if (drops) joinGradient(B * P, drops, aside, dh);
    }
    if (dx) {
      const t = reverse ? T - 1 - s : s;
      packLeft(B, N, input, N, false, left);
      multiplyPacked(B, C, N, left, ofInput, at(dx, t * C), T * C, addInput);
    }
  }
  unpadRows(B, H, dh, P, dh0, H);
  const gradients = part(GRADIENTS, workspace, B, T, C, H);
  const scratch = part(SCRATCH, workspace, B, T, C, H);
  if (norm) weightGradients(B, T, C, H, N, z, inputs, gates, products, gradients, scratch);
  else {
    gemm(K, 3 * P, T * B, z, width, true, gates, N, false, gradients, N, false, scratch);
    gemm(C + 1, P, T * B, z, width, true, at(gates, 3 * P), N, false, at(gradients, 3 * P), N, false, scratch);
  }
  for (let g = 0; g < 3; g++) {
    const ofState = at(gradients, g * P);
    const input = at(gradients, (g == 2 ? 3 : g) * P);
    if (dkernel) unpadRows(C, H, input, N, at(dkernel, g * H), 3 * H);
    if (dbias) unpadRows(1, H, at(input, C * N), N, at(dbias, g * H), 3 * H);
    if (drecurrentBias) unpadRows(1, H, at(ofState, C * N), N, at(drecurrentBias, g * H), 3 * H);
    if (drecurrent) unpadRows(H, H, at(ofState, (C + 1) * N), N, at(drecurrent, g * H), 3 * H);
  }
}

/** Gates' gradients of one row with σ and tanh, in place; dh keeps z∘dh. */
function backUsual(P: i32, row: usize, before: usize, dh: usize): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  const one = f32x4.splat(1);
  for (; row < end; row += 16, before += 16, dh += 16) {
    const r = v128.load(row);
    const z = v128.load(row + gateBytes);
    const m = v128.load(row + 2 * gateBytes);
    const n = v128.load(row + 3 * gateBytes);
    const down = v128.load(dh);
    const kept = f32x4.mul(down, z);
    const rest = f32x4.sub(down, kept);
    const dn = f32x4.sub(rest, f32x4.mul(f32x4.mul(rest, n), n));
    const through = f32x4.mul(dn, r);
    v128.store(row, f32x4.mul(f32x4.mul(through, m), f32x4.sub(one, r)));
    v128.store(row + gateBytes, f32x4.mul(f32x4.mul(kept, f32x4.sub(v128.load(before), n)), f32x4.sub(one, z)));
    v128.store(row + 2 * gateBytes, through);
    v128.store(row + 3 * gateBytes, dn);
    v128.store(dh, kept);
  }
}

/** The same with any functions. */
function back(gate: i32, cell: i32, P: i32, row: usize, before: usize, dh: usize): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  const one = f32x4.splat(1);
  for (; row < end; row += 16, before += 16, dh += 16) {
    const r = v128.load(row);
    const z = v128.load(row + gateBytes);
    const m = v128.load(row + 2 * gateBytes);
    const n = v128.load(row + 3 * gateBytes);
    const down = v128.load(dh);
    const kept = f32x4.mul(down, z);
    const dn = f32x4.mul(f32x4.sub(down, kept), derivative(cell, n, n));
    const dz = f32x4.mul(f32x4.mul(down, f32x4.sub(v128.load(before), n)), derivative(gate, z, z));
    v128.store(row, f32x4.mul(f32x4.mul(dn, m), derivative(gate, r, r)));
    v128.store(row + gateBytes, dz);
    v128.store(row + 2 * gateBytes, f32x4.mul(dn, r));
    v128.store(row + 3 * gateBytes, dn);
    v128.store(dh, kept);
  }
}
