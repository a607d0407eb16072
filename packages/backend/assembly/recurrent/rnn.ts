// Simple recurrence over a sequence: h′ = φ(x·W + h·U + b), and its gradient by backpropagation through time.

import { activate, activateAll, derivative, fillTanhTable, TANH, tanhFrom } from '../activations';
import { gemm, multiplyPacked } from '../gemm/gemm';
import { packLeft, packRight } from '../gemm/pack';
import { at, clear, up4 } from '../simd';
import { normalise, normaliseGradient, normPart, PRODUCTS, projectInputs, SPREADS, weightGradients } from './layer-norm';
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
  return at(workspace, offsetOf(which, B, T, C, H, up4(H), 0));
}

/** Rows of gains. */
const GAINS: i32 = 1;

/** Floats of workspace for {@link rnnForward} and {@link rnnBackward}. */
export function rnnWorkspace(B: i32, T: i32, C: i32, H: i32): i32 {
  return workspaceSize(B, T, C, H, up4(H), 0);
}

/** As `lstmForward` (lstm.ts), with kernel `[C, H]`, recurrent `[H, H]`, bias `[H]`, and φ by its code. */
export function rnnForward(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  reverse: bool,
  activation: i32,
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
  const K = C + 1 + H;
  const width = C + 1 + P;
  const z = part(ROWS, workspace, B, T, C, H);
  const sums = part(GATES, workspace, B, T, C, H);
  const weights = part(WEIGHTS, workspace, B, T, C, H);
  const right = part(RIGHT, workspace, B, T, C, H);
  const left = part(LEFT, workspace, B, T, C, H);
  padRows(C, H, kernel, H, weights, P);
  padRows(1, H, bias, H, at(weights, C * P), P);
  padRows(H, H, recurrent, H, at(weights, (C + 1) * P), P);
  fillRows(B, T, C, H, reverse, x, mask, h0, z);
  const products = normPart(PRODUCTS, norm, B, T, H, P, GAINS);
  const spreads = normPart(SPREADS, norm, B, T, H, P, GAINS);
  if (norm) {
    packRight(H, P, at(weights, (C + 1) * P), P, false, right);
    projectInputs(B, T, C, H, P, z, weights, products, sums, part(SCRATCH, workspace, B, T, C, H));
  } else packRight(K, P, weights, P, false, right);
  const held = drops ? at(drops, B * P) : at(z, C + 1);
  const stride = drops ? P : width;
  if (drops) startDropped(B, H, drops, h0, at(z, C + 1), width);
  const table = part(TABLE, workspace, B, T, C, H);
  fillTanhTable(table);
  for (let s = 0; s < T; s++) {
    const now = at(sums, s * B * P);
    const before = at(held, s * B * stride);
    const states = at(before, B * stride);
    const rows = at(z, s * B * width);
    if (norm) {
      const product = at(products, s * B * P);
      packLeft(B, H, at(rows, C + 1), width, false, left);
      multiplyPacked(B, P, H, left, right, product, P, true);
      normalise(B, 1, H, P, product, at(spreads, s * B), norm, now);
    } else {
      packLeft(B, K, rows, width, false, left);
      multiplyPacked(B, P, K, left, right, now, P, false);
    }
    for (let b = 0; b < B; b++) {
      const state = at(states, b * stride);
      if (isMasked(mask, T, b, s, reverse)) {
        memory.copy(state, at(before, b * stride), (<usize>P) << 2);
        continue;
      }
      if (activation == TANH) updateTanh(P, table, at(now, b * P), state);
      else update(activation, P, at(now, b * P), state);
    }
    if (keep) zoneOut(B, T, P, s, reverse, mask, keep, before, states, stride);
    if (drops) dropStates(B, P, drops, states, at(z, (s + 1) * B * width + C + 1), width);
    emitStep(B, T, H, s, reverse, states, stride, mask, y, yStride);
  }
  unpadRows(B, H, at(held, T * B * stride), stride, hLast, lastStride);
}

function updateTanh(P: i32, table: usize, row: usize, state: usize): void {
  const end = at(row, P);
  for (; row < end; row += 16, state += 16) v128.store(state, tanhFrom(table, v128.load(row)));
}

function update(activation: i32, P: i32, row: usize, state: usize): void {
  const end = at(row, P);
  for (; row < end; row += 16, state += 16) v128.store(state, activate(activation, v128.load(row)));
}

/** As `lstmBackward` (lstm.ts). Any function may be used here. */
export function rnnBackward(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  reverse: bool,
  activation: i32,
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
  const K = C + 1 + H;
  const width = C + 1 + P;
  const z = part(ROWS, workspace, B, T, C, H);
  const sums = part(GATES, workspace, B, T, C, H);
  const weights = part(WEIGHTS, workspace, B, T, C, H);
  const right = part(RIGHT, workspace, B, T, C, H);
  const ofInput = part(OTHER_RIGHT, workspace, B, T, C, H);
  const left = part(LEFT, workspace, B, T, C, H);
  const dh = part(CARRY, workspace, B, T, C, H);
  const aside = at(dh, B * P);
  const made = at(aside, B * P);
  const held = drops ? at(drops, B * P) : at(z, C + 1);
  const stride = drops ? P : width;
  packRight(P, H, at(weights, (C + 1) * P), P, true, right);
  if (dx) packRight(P, C, weights, P, true, ofInput);
  padRows(B, H, dhLast, lastStride, dh, P);
  if (drops) clear(aside, B * P);
  const products = normPart(PRODUCTS, norm, B, T, H, P, GAINS);
  const spreads = normPart(SPREADS, norm, B, T, H, P, GAINS);
  const dgain = at(norm, P);
  if (norm) clear(dgain, P);
  for (let s = T - 1; s >= 0; s--) {
    const now = at(sums, s * B * P);
    collectStep(B, T, H, s, reverse, mask, dy, yStride, dh);
    if (keep) {
      divideGradient(B, T, P, s, reverse, keep, dh, aside);
      // The slope is that of what the cell had made, before it was mixed.
      activateAll(activation, B * P, now, made);
    }
    for (let b = 0; b < B; b++) {
      const row = at(now, b * P);
      if (isMasked(mask, T, b, s, reverse)) {
        clear(row, P);
        continue;
      }
      const state = keep ? at(made, b * P) : at(held, ((s + 1) * B + b) * stride);
      if (activation == TANH) backTanh(P, row, state, at(dh, b * P));
      else back(activation, P, row, state, at(dh, b * P));
    }
    if (keep) joinGradient(B * P, 0, aside, dh);
    const product = norm ? at(products, s * B * P) : now;
    if (norm) normaliseGradient(B, 1, H, P, product, at(spreads, s * B), norm, dgain, now);
    const needsState = s > 0 || dh0 != 0;
    if (!needsState && !dx) continue;
    packLeft(B, P, product, P, false, left);
    if (needsState) {
      multiplyPacked(B, H, P, left, right, drops ? aside : dh, P, mask != 0 || keep != 0);
      if (drops) joinGradient(B * P, drops, aside, dh);
    }
    if (dx) {
      const t = reverse ? T - 1 - s : s;
      multiplyPacked(B, C, P, left, ofInput, at(dx, t * C), T * C, addInput);
    }
  }
  unpadRows(B, H, dh, P, dh0, H);
  const gradients = part(GRADIENTS, workspace, B, T, C, H);
  const scratch = part(SCRATCH, workspace, B, T, C, H);
  if (norm) weightGradients(B, T, C, H, P, z, products, sums, products, gradients, scratch);
  else gemm(K, P, T * B, z, width, true, sums, P, false, gradients, P, false, scratch);
  unpadRows(C, H, gradients, P, dkernel, H);
  unpadRows(1, H, at(gradients, C * P), P, dbias, H);
  unpadRows(H, H, at(gradients, (C + 1) * P), P, drecurrent, H);
}

/** The gradient by the sums of one row, in their place; dh becomes 0. */
function backTanh(P: i32, row: usize, state: usize, dh: usize): void {
  const end = at(row, P);
  for (; row < end; row += 16, state += 16, dh += 16) {
    const h = v128.load(state);
    const down = v128.load(dh);
    v128.store(row, f32x4.sub(down, f32x4.mul(f32x4.mul(down, h), h)));
    v128.store(dh, f32x4.splat(0));
  }
}

function back(activation: i32, P: i32, row: usize, state: usize, dh: usize): void {
  const end = at(row, P);
  for (; row < end; row += 16, state += 16, dh += 16) {
    const slope = derivative(activation, v128.load(row), v128.load(state));
    v128.store(row, f32x4.mul(v128.load(dh), slope));
    v128.store(dh, f32x4.splat(0));
  }
}
