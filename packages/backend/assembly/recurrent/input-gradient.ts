// The gradient of a recurrent layer by its input, as a run of its own: from the gates' gradients that the backward run has left.

import { multiplyPacked } from '../gemm/gemm';
import { packLeft, packRight } from '../gemm/pack';
import { at, up4 } from '../simd';
import { GATES, LEFT, offsetOf, OTHER_RIGHT, WEIGHTS } from './workspace';

/**
 * dx `[B, T, C]` = dgates·Wᵀ after the backward run of a cell with `gates` columns per unit and `extra` extra states; the
 * workspace stays as it is. The same numbers as the backward run gives for its `dx`.
 */
export function recurrentInputGradient(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  gates: i32,
  extra: i32,
  reverse: bool,
  workspace: usize,
  dx: usize,
): void {
  const N = gates * up4(H);
  const dgates = at(workspace, offsetOf(GATES, B, T, C, H, N, extra));
  const weights = at(workspace, offsetOf(WEIGHTS, B, T, C, H, N, extra));
  const ofInput = at(workspace, offsetOf(OTHER_RIGHT, B, T, C, H, N, extra));
  const left = at(workspace, offsetOf(LEFT, B, T, C, H, N, extra));
  packRight(N, C, weights, N, true, ofInput);
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    packLeft(B, N, at(dgates, s * B * N), N, false, left);
    multiplyPacked(B, C, N, left, ofInput, at(dx, t * C), T * C, false);
  }
}
