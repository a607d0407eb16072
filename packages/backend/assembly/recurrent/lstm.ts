// LSTM over a sequence: [i f g o] = x·W + h·U + b, c′ = σ(f)∘c + σ(i)∘φ(g), h′ = σ(o)∘φ(c′), and its gradient by
// backpropagation through time. Gates are stored activated; the backward run overwrites them with their gradients.

import { fillTanhTable, SIGMOID, TANH } from '../activations';
import { gemm, multiplyPacked } from '../gemm/gemm';
import { packLeft, packRight } from '../gemm/pack';
import { at, clear, up4 } from '../simd';
import {
  CELLS,
  INPUTS,
  normalise,
  normaliseGradient,
  normPart,
  PRODUCTS,
  projectInputs,
  SPREADS,
  weightGradients,
} from './layer-norm';
import { back, backNormed, backUsual, update, updateNormed, updateUsual } from './lstm-rows';
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
  SECOND,
  TABLE,
  unpadRows,
  WEIGHTS,
  workspaceSize,
} from './workspace';

// @ts-ignore: decorator
@inline
function part(which: i32, workspace: usize, B: i32, T: i32, C: i32, H: i32): usize {
  return at(workspace, offsetOf(which, B, T, C, H, 4 * up4(H), 2));
}

/** Rows of gains: of x·W four, of h·U four, of c one, and its shift. */
const GAINS: i32 = 10;

/** Floats of workspace for {@link lstmForward} and {@link lstmBackward}. */
export function lstmWorkspace(B: i32, T: i32, C: i32, H: i32): i32 {
  return workspaceSize(B, T, C, H, 4 * up4(H), 2);
}

/**
 * x `[B, T, C]`, kernel `[C, 4H]`, recurrent `[H, 4H]`, bias `[4H]` (0: none), h0 and c0 `[B, H]` (0: zeros), mask `[B, T]`
 * (0: none); norm as in layer-norm.ts, drops, keep and keepCell as in regularisers.ts (0: none). Gives y, rows of H values
 * `yStride` apart (0: not wanted), the last states hLast (rows `lastStride` apart) and cLast `[B, H]` (0: not wanted), and fills
 * `workspace` and the room in norm and drops. Codes of the gates' and the cell's functions as in activations.ts.
 */
export function lstmForward(
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
  c0: usize,
  mask: usize,
  norm: usize,
  drops: usize,
  keep: usize,
  keepCell: usize,
  workspace: usize,
  y: usize,
  yStride: i32,
  hLast: usize,
  lastStride: i32,
  cLast: usize,
): void {
  const P = up4(H);
  const N = 4 * P;
  const K = C + 1 + H;
  const width = C + 1 + P;
  const z = part(ROWS, workspace, B, T, C, H);
  const gates = part(GATES, workspace, B, T, C, H);
  const cells = part(FIRST, workspace, B, T, C, H);
  const shaped = part(SECOND, workspace, B, T, C, H);
  const weights = part(WEIGHTS, workspace, B, T, C, H);
  const right = part(RIGHT, workspace, B, T, C, H);
  const left = part(LEFT, workspace, B, T, C, H);
  for (let g = 0; g < 4; g++) {
    padRows(C, H, at(kernel, g * H), 4 * H, at(weights, g * P), N);
    padRows(1, H, bias ? at(bias, g * H) : 0, 4 * H, at(weights, C * N + g * P), N);
    padRows(H, H, at(recurrent, g * H), 4 * H, at(weights, (C + 1) * N + g * P), N);
  }
  fillRows(B, T, C, H, reverse, x, mask, h0, z);
  const inputs = normPart(INPUTS, norm, B, T, H, N, GAINS);
  const products = normPart(PRODUCTS, norm, B, T, H, N, GAINS);
  const standards = normPart(CELLS, norm, B, T, H, N, GAINS);
  const spreads = normPart(SPREADS, norm, B, T, H, N, GAINS);
  const gains = at(norm, 4 * P);
  if (norm) {
    packRight(H, N, at(weights, (C + 1) * N), N, false, right);
    projectInputs(B, T, C, H, N, z, weights, inputs, gates, part(SCRATCH, workspace, B, T, C, H));
    normalise(T * B, 4, H, N, inputs, spreads, norm, gates);
  } else packRight(K, N, weights, N, false, right);
  padRows(B, H, c0, H, cells, P);
  const held = drops ? at(drops, B * P) : at(z, C + 1);
  const stride = drops ? P : width;
  if (drops) startDropped(B, H, drops, h0, at(z, C + 1), width);
  const usual = gate == SIGMOID && cell == TANH;
  const table = part(TABLE, workspace, B, T, C, H);
  fillTanhTable(table);
  for (let s = 0; s < T; s++) {
    const now = at(gates, s * B * N);
    const before = at(cells, s * B * P);
    const statesBefore = at(held, s * B * stride);
    const states = at(statesBefore, B * stride);
    const rows = at(z, s * B * width);
    if (norm) {
      const product = at(products, s * B * N);
      packLeft(B, H, at(rows, C + 1), width, false, left);
      multiplyPacked(B, N, H, left, right, product, N, false);
      normalise(B, 4, H, N, product, at(spreads, (T + s) * B), gains, now);
    } else {
      packLeft(B, K, rows, width, false, left);
      multiplyPacked(B, N, K, left, right, now, N, false);
    }
    for (let b = 0; b < B; b++) {
      const cellRow = at(before, b * P);
      const next = at(cellRow, B * P);
      const state = at(states, b * stride);
      if (isMasked(mask, T, b, s, reverse)) {
        memory.copy(next, cellRow, (<usize>P) << 2);
        memory.copy(state, at(statesBefore, b * stride), (<usize>P) << 2);
        continue;
      }
      const row = at(now, b * N);
      const shapedRow = at(shaped, (s * B + b) * P);
      if (usual) updateUsual(P, table, row, cellRow, next, shapedRow, state);
      else update(gate, cell, P, row, cellRow, next, shapedRow, state);
      if (norm) {
        const standard = at(standards, (s * B + b) * P);
        const spread = at(spreads, (2 * T + s) * B + b);
        updateNormed(cell, H, at(row, 3 * P), next, standard, spread, at(norm, 8 * P), shapedRow, state);
      }
    }
    if (keep) zoneOut(B, T, P, s, reverse, mask, keep, statesBefore, states, stride);
    if (keepCell) zoneOut(B, T, P, s, reverse, mask, keepCell, before, at(before, B * P), P);
    if (drops) dropStates(B, P, drops, states, at(z, (s + 1) * B * width + C + 1), width);
    emitStep(B, T, H, s, reverse, states, stride, mask, y, yStride);
  }
  unpadRows(B, H, at(held, T * B * stride), stride, hLast, lastStride);
  unpadRows(B, H, at(cells, T * B * P), P, cLast, H);
}

/**
 * Gradients from those of y (`dy`, rows `yStride` apart) and of the last states (`dhLast`, rows `lastStride` apart, `dcLast`
 * `[B, H]`); 0: none. `workspace`, `norm` and `drops` are what {@link lstmForward} left, of the same sizes, `keep` and
 * `keepCell` what it was given; workspace and norm are used up. Gives the gradients of the gains in norm, dkernel, drecurrent and dbias in the shapes of the weights, dx `[B, T, C]` (added to
 * what is there where `addInput`), dh0 and dc0 `[B, H]`; 0: not wanted. The functions must take their derivative from their
 * value (not swish, not softplus).
 */
export function lstmBackward(
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
  keepCell: usize,
  workspace: usize,
  dy: usize,
  yStride: i32,
  dhLast: usize,
  lastStride: i32,
  dcLast: usize,
  dkernel: usize,
  drecurrent: usize,
  dbias: usize,
  dx: usize,
  addInput: bool,
  dh0: usize,
  dc0: usize,
): void {
  const P = up4(H);
  const N = 4 * P;
  const K = C + 1 + H;
  const width = C + 1 + P;
  const z = part(ROWS, workspace, B, T, C, H);
  const gates = part(GATES, workspace, B, T, C, H);
  const cells = part(FIRST, workspace, B, T, C, H);
  const shaped = part(SECOND, workspace, B, T, C, H);
  const weights = part(WEIGHTS, workspace, B, T, C, H);
  const right = part(RIGHT, workspace, B, T, C, H);
  const ofInput = part(OTHER_RIGHT, workspace, B, T, C, H);
  const left = part(LEFT, workspace, B, T, C, H);
  const dh = part(CARRY, workspace, B, T, C, H);
  const dc = at(dh, B * P);
  const aside = at(dh, 2 * B * P);
  const asideCell = at(dh, 3 * B * P);
  packRight(N, H, at(weights, (C + 1) * N), N, true, right);
  if (dx) packRight(N, C, weights, N, true, ofInput);
  padRows(B, H, dhLast, lastStride, dh, P);
  padRows(B, H, dcLast, H, dc, P);
  if (drops) clear(aside, B * P);
  const inputs = normPart(INPUTS, norm, B, T, H, N, GAINS);
  const products = normPart(PRODUCTS, norm, B, T, H, N, GAINS);
  const standards = normPart(CELLS, norm, B, T, H, N, GAINS);
  const spreads = normPart(SPREADS, norm, B, T, H, N, GAINS);
  const dgains = at(norm, GAINS * P);
  if (norm) clear(dgains, GAINS * P);
  const usual = gate == SIGMOID && cell == TANH;
  for (let s = T - 1; s >= 0; s--) {
    const now = at(gates, s * B * N);
    collectStep(B, T, H, s, reverse, mask, dy, yStride, dh);
    if (keep) divideGradient(B, T, P, s, reverse, keep, dh, aside);
    if (keepCell) divideGradient(B, T, P, s, reverse, keepCell, dc, asideCell);
    for (let b = 0; b < B; b++) {
      const row = at(now, b * N);
      if (isMasked(mask, T, b, s, reverse)) {
        clear(row, N);
        continue;
      }
      const before = at(cells, (s * B + b) * P);
      const shapedRow = at(shaped, (s * B + b) * P);
      const down = at(dh, b * P);
      const downCell = at(dc, b * P);
      if (norm) {
        const standard = at(standards, (s * B + b) * P);
        const spread = at(spreads, (2 * T + s) * B + b);
        const dgain = at(dgains, 8 * P);
        const o = at(row, 3 * P);
        backNormed(gate, cell, H, o, standard, spread, at(norm, 8 * P), dgain, shapedRow, down, downCell);
      }
      if (usual) backUsual(P, row, before, shapedRow, down, downCell);
      else back(gate, cell, P, row, before, at(before, B * P), shapedRow, down, downCell);
      if (norm) memory.copy(at(row, 3 * P), shapedRow, (<usize>P) << 2);
    }
    if (keep) joinGradient(B * P, 0, aside, dh);
    if (keepCell) joinGradient(B * P, 0, asideCell, dc);
    const input = norm ? at(inputs, s * B * N) : now;
    const product = norm ? at(products, s * B * N) : now;
    if (norm) {
      normaliseGradient(B, 4, H, N, input, at(spreads, s * B), norm, dgains, now);
      normaliseGradient(B, 4, H, N, product, at(spreads, (T + s) * B), at(norm, 4 * P), at(dgains, 4 * P), now);
    }
    const needsState = s > 0 || dh0 != 0;
    if (!needsState && !dx) continue;
    packLeft(B, N, product, N, false, left);
    if (needsState) {
      // Rows that are masked keep their gradient: their gates' gradients are 0, and dh was set to 0 in all others.
      multiplyPacked(B, H, N, left, right, drops ? aside : dh, P, mask != 0 || keep != 0);
      if (drops) joinGradient(B * P, drops, aside, dh);
    }
    if (dx) {
      const t = reverse ? T - 1 - s : s;
      if (norm) packLeft(B, N, input, N, false, left);
      multiplyPacked(B, C, N, left, ofInput, at(dx, t * C), T * C, addInput);
    }
  }
  unpadRows(B, H, dh, P, dh0, H);
  unpadRows(B, H, dc, P, dc0, H);
  const gradients = part(GRADIENTS, workspace, B, T, C, H);
  const scratch = part(SCRATCH, workspace, B, T, C, H);
  if (norm) weightGradients(B, T, C, H, N, z, inputs, gates, products, gradients, scratch);
  else gemm(K, N, T * B, z, width, true, gates, N, false, gradients, N, false, scratch);
  for (let g = 0; g < 4; g++) {
    if (dkernel) unpadRows(C, H, at(gradients, g * P), N, at(dkernel, g * H), 4 * H);
    if (dbias) unpadRows(1, H, at(gradients, C * N + g * P), N, at(dbias, g * H), 4 * H);
    if (drecurrent) unpadRows(H, H, at(gradients, (C + 1) * N + g * P), N, at(drecurrent, g * H), 4 * H);
  }
}
