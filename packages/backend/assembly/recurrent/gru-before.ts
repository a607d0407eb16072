// GRU over a sequence, reset-before: r and z as in gru.ts without second biases, n = φ(x·Wn + bn + (r∘h)·Un),
// h′ = (1 − z)∘n + z∘h, and its gradient. The columns of the gates are r, z, n; r∘h is kept as the extra state.

import { activate, derivative } from '../activations';
import { gemm, multiplyPacked } from '../gemm/gemm';
import { packLeft, packRight } from '../gemm/pack';
import { at, clear, madd, up4 } from '../simd';
import {
  INPUTS,
  normalise,
  normaliseGates,
  normaliseGatesGradient,
  normaliseGradient,
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
  FIRST,
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
  unpadRows,
  WEIGHTS,
  workspaceSize,
} from './workspace';

// @ts-ignore: decorator
@inline
function part(which: i32, workspace: usize, B: i32, T: i32, C: i32, H: i32): usize {
  return at(workspace, offsetOf(which, B, T, C, H, 3 * up4(H), 1));
}

/** Rows of gains: of x·W three, of h·U three; the two gates are normalised together, the candidate for itself. */
const GAINS: i32 = 6;

/** Floats of workspace for {@link gruBeforeForward} and {@link gruBeforeBackward}. */
export function gruBeforeWorkspace(B: i32, T: i32, C: i32, H: i32): i32 {
  return workspaceSize(B, T, C, H, 3 * up4(H), 1);
}

/** As `gruForward` (gru.ts), without recurrentBias. */
export function gruBeforeForward(
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
  const N = 3 * P;
  const K = C + 1 + H;
  const width = C + 1 + P;
  const z = part(ROWS, workspace, B, T, C, H);
  const gates = part(GATES, workspace, B, T, C, H);
  const resets = part(FIRST, workspace, B, T, C, H);
  const weights = part(WEIGHTS, workspace, B, T, C, H);
  const ofGates = part(RIGHT, workspace, B, T, C, H);
  const ofCandidate = part(OTHER_RIGHT, workspace, B, T, C, H);
  const left = part(LEFT, workspace, B, T, C, H);
  for (let g = 0; g < 3; g++) {
    padRows(C, H, at(kernel, g * H), 3 * H, at(weights, g * P), N);
    padRows(1, H, bias ? at(bias, g * H) : 0, 3 * H, at(weights, C * N + g * P), N);
    padRows(H, H, at(recurrent, g * H), 3 * H, at(weights, (C + 1) * N + g * P), N);
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
    packRight(H, 2 * P, at(weights, (C + 1) * N), N, false, ofGates);
    projectInputs(B, T, C, H, N, z, weights, inputs, gates, scratch);
    normaliseGates(T * B, T * B, H, N, 2 * P, inputs, spreads, norm, gates);
  } else {
    gemm(T * B, P, C + 1, z, width, false, at(weights, 2 * P), N, false, at(gates, 2 * P), N, false, scratch);
    packRight(K, 2 * P, weights, N, false, ofGates);
  }
  packRight(H, P, at(weights, (C + 1) * N + 2 * P), N, false, ofCandidate);
  for (let s = 0; s < T; s++) {
    const now = at(gates, s * B * N);
    const entering = at(z, s * B * width + C + 1);
    const before = at(held, s * B * stride);
    const states = at(before, B * stride);
    const reset = at(resets, s * B * P);
    const product = at(products, s * B * N);
    const candidate = at(now, 2 * P);
    if (norm) {
      packLeft(B, H, entering, width, false, left);
      multiplyPacked(B, 2 * P, H, left, ofGates, product, N, false);
      normalise(B, 2, H, N, product, at(spreads, (2 * T + s) * B), at(norm, 3 * P), now);
    } else {
      packLeft(B, K, at(z, s * B * width), width, false, left);
      multiplyPacked(B, 2 * P, K, left, ofGates, now, N, false);
    }
    for (let b = 0; b < B; b++) openGates(gate, P, at(now, b * N), at(entering, b * width), at(reset, b * P));
    packLeft(B, H, reset, P, false, left);
    if (norm) {
      const own = at(product, 2 * P);
      multiplyPacked(B, P, H, left, ofCandidate, own, N, false);
      normalise(B, 1, H, N, own, at(spreads, (3 * T + s) * B), at(norm, 5 * P), candidate);
    } else multiplyPacked(B, P, H, left, ofCandidate, candidate, N, true);
    for (let b = 0; b < B; b++) {
      const previous = at(before, b * stride);
      const state = at(states, b * stride);
      if (isMasked(mask, T, b, s, reverse)) memory.copy(state, previous, (<usize>P) << 2);
      else update(cell, P, at(now, b * N), previous, state);
    }
    if (keep) zoneOut(B, T, P, s, reverse, mask, keep, before, states, stride);
    if (drops) dropStates(B, P, drops, states, at(entering, B * width), width);
    emitStep(B, T, H, s, reverse, states, stride, mask, y, yStride);
  }
  unpadRows(B, H, at(held, T * B * stride), stride, hLast, lastStride);
}

function openGates(gate: i32, P: i32, row: usize, before: usize, reset: usize): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  for (; row < end; row += 16, before += 16, reset += 16) {
    const r = activate(gate, v128.load(row));
    v128.store(row, r);
    v128.store(row + gateBytes, activate(gate, v128.load(row + gateBytes)));
    v128.store(reset, f32x4.mul(r, v128.load(before)));
  }
}

function update(cell: i32, P: i32, row: usize, before: usize, state: usize): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  for (; row < end; row += 16, before += 16, state += 16) {
    const z = v128.load(row + gateBytes);
    const n = activate(cell, v128.load(row + 2 * gateBytes));
    v128.store(row + 2 * gateBytes, n);
    v128.store(state, madd(z, f32x4.sub(v128.load(before), n), n));
  }
}

/** As `gruBackward` (gru.ts), without drecurrentBias. */
export function gruBeforeBackward(
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
  dx: usize,
  addInput: bool,
  dh0: usize,
): void {
  const P = up4(H);
  const N = 3 * P;
  const K = C + 1 + H;
  const width = C + 1 + P;
  const z = part(ROWS, workspace, B, T, C, H);
  const gates = part(GATES, workspace, B, T, C, H);
  const resets = part(FIRST, workspace, B, T, C, H);
  const weights = part(WEIGHTS, workspace, B, T, C, H);
  const ofState = part(RIGHT, workspace, B, T, C, H);
  const ofInput = part(OTHER_RIGHT, workspace, B, T, C, H);
  const left = part(LEFT, workspace, B, T, C, H);
  const dh = part(CARRY, workspace, B, T, C, H);
  const dreset = at(dh, B * P);
  const aside = at(dh, 2 * B * P);
  const held = drops ? at(drops, B * P) : at(z, C + 1);
  const stride = drops ? P : width;
  const dentering = drops ? aside : dh;
  // Uᵀ of all three gates in one packing: the first 2P of its rows serve r and z, the last P the candidate.
  packRight(2 * P, H, at(weights, (C + 1) * N), N, true, ofState);
  const ofCandidate = at(ofState, 2 * P * ((H + 7) & ~7));
  packRight(P, H, at(weights, (C + 1) * N + 2 * P), N, true, ofCandidate);
  if (dx) packRight(N, C, weights, N, true, ofInput);
  padRows(B, H, dhLast, lastStride, dh, P);
  clear(dreset, B * P);
  if (drops) clear(aside, B * P);
  const inputs = normPart(INPUTS, norm, B, T, H, N, GAINS);
  const products = normPart(PRODUCTS, norm, B, T, H, N, GAINS);
  const spreads = normPart(SPREADS, norm, B, T, H, N, GAINS);
  const dgains = at(norm, GAINS * P);
  if (norm) clear(dgains, GAINS * P);
  for (let s = T - 1; s >= 0; s--) {
    const now = at(gates, s * B * N);
    const entering = at(z, s * B * width + C + 1);
    const before = at(held, s * B * stride);
    collectStep(B, T, H, s, reverse, mask, dy, yStride, dh);
    if (keep) divideGradient(B, T, P, s, reverse, keep, dh, aside);
    for (let b = 0; b < B; b++) {
      const row = at(now, b * N);
      if (isMasked(mask, T, b, s, reverse)) clear(row, N);
      else backCandidate(gate, cell, P, row, at(before, b * stride), at(dh, b * P));
    }
    if (keep) joinGradient(B * P, 0, aside, dh);
    const input = norm ? at(inputs, s * B * N) : now;
    const product = norm ? at(products, s * B * N) : now;
    const own = at(product, 2 * P);
    if (norm) {
      const spread = at(spreads, (3 * T + s) * B);
      normaliseGradient(B, 1, H, N, own, spread, at(norm, 5 * P), at(dgains, 5 * P), at(now, 2 * P));
    }
    packLeft(B, P, own, N, false, left);
    multiplyPacked(B, H, P, left, ofCandidate, dreset, P, false);
    for (let b = 0; b < B; b++) {
      backReset(gate, P, at(now, b * N), at(entering, b * width), at(dreset, b * P), at(dentering, b * P));
    }
    if (norm) {
      const spread = at(spreads, (2 * T + s) * B);
      normaliseGradient(B, 2, H, N, product, spread, at(norm, 3 * P), at(dgains, 3 * P), now);
      normaliseGatesGradient(B, T * B, H, N, 2 * P, input, at(spreads, s * B), norm, dgains, now);
    }
    if (s > 0 || dh0) {
      packLeft(B, 2 * P, product, N, false, left);
      multiplyPacked(B, H, 2 * P, left, ofState, dentering, P, true);
    }
    if (drops) joinGradient(B * P, drops, aside, dh);
    if (dx) {
      const t = reverse ? T - 1 - s : s;
      packLeft(B, N, input, N, false, left);
      multiplyPacked(B, C, N, left, ofInput, at(dx, t * C), T * C, addInput);
    }
  }
  unpadRows(B, H, dh, P, dh0, H);
  const gradients = part(GRADIENTS, workspace, B, T, C, H);
  const scratch = part(SCRATCH, workspace, B, T, C, H);
  const candidate = at(norm ? products : gates, 2 * P);
  if (norm) weightGradients(B, T, C, H, N, z, inputs, gates, products, gradients, scratch);
  else {
    gemm(K, 2 * P, T * B, z, width, true, gates, N, false, gradients, N, false, scratch);
    gemm(C + 1, P, T * B, z, width, true, candidate, N, false, at(gradients, 2 * P), N, false, scratch);
  }
  const ofResets = at(gradients, (C + 1) * N + 2 * P);
  gemm(H, P, T * B, resets, P, true, candidate, N, false, ofResets, N, false, scratch);
  for (let g = 0; g < 3; g++) {
    if (dkernel) unpadRows(C, H, at(gradients, g * P), N, at(dkernel, g * H), 3 * H);
    if (dbias) unpadRows(1, H, at(gradients, C * N + g * P), N, at(dbias, g * H), 3 * H);
    if (drecurrent) unpadRows(H, H, at(gradients, (C + 1) * N + g * P), N, at(drecurrent, g * H), 3 * H);
  }
}

/** Gradients of z and of the candidate, in place; dh keeps z∘dh. */
function backCandidate(gate: i32, cell: i32, P: i32, row: usize, before: usize, dh: usize): void {
  const gateBytes = (<usize>P) << 2;
  const end = row + gateBytes;
  for (; row < end; row += 16, before += 16, dh += 16) {
    const z = v128.load(row + gateBytes);
    const n = v128.load(row + 2 * gateBytes);
    const down = v128.load(dh);
    const kept = f32x4.mul(down, z);
    const dz = f32x4.mul(f32x4.mul(down, f32x4.sub(v128.load(before), n)), derivative(gate, z, z));
    v128.store(row + gateBytes, dz);
    v128.store(row + 2 * gateBytes, f32x4.mul(f32x4.sub(down, kept), derivative(cell, n, n)));
    v128.store(dh, kept);
  }
}

/** Gradient of r, in place, from that of r∘h; the other factor's part is added to dh. Masked rows have dreset = 0. */
function backReset(gate: i32, P: i32, row: usize, before: usize, dreset: usize, dh: usize): void {
  const end = row + ((<usize>P) << 2);
  for (; row < end; row += 16, before += 16, dreset += 16, dh += 16) {
    const r = v128.load(row);
    const down = v128.load(dreset);
    v128.store(row, f32x4.mul(f32x4.mul(down, v128.load(before)), derivative(gate, r, r)));
    v128.store(dh, madd(down, r, v128.load(dh)));
  }
}
