// The states of a recurrent layer in the middle of its sequence: what the next run goes on from where it begins before this
// one's end.

import { at, up4 } from '../simd';
import { FIRST, offsetOf, ROWS, unpadRows } from './workspace';

/**
 * The states after the first `steps` steps of a forward run, h and (0: none) c, `[B, H]` each, for a cell with `gates` columns
 * per unit and `extra` extra states, of which the first is c. The workspace stays as it is, and `drops` of the run (0: none).
 */
export function recurrentStates(
  B: i32,
  T: i32,
  C: i32,
  H: i32,
  gates: i32,
  extra: i32,
  steps: i32,
  drops: usize,
  workspace: usize,
  h: usize,
  c: usize,
): void {
  const P = up4(H);
  const N = gates * P;
  const width = C + 1 + P;
  const rows = at(workspace, offsetOf(ROWS, B, T, C, H, N, extra) + steps * B * width + C + 1);
  if (drops) unpadRows(B, H, at(drops, (steps + 1) * B * P), P, h, H);
  else unpadRows(B, H, rows, width, h, H);
  unpadRows(B, H, at(workspace, offsetOf(FIRST, B, T, C, H, N, extra) + steps * B * P), P, c, H);
}
