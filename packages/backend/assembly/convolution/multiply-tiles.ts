// Rows that stand anywhere times packed columns, in the tiles that fit.

import { TILE_ROWS, tileRows } from '../gemm/pack';
import { at } from '../simd';
import { tapTileNarrow } from './narrow-tiles';
import { tapTile4, tapTile6 } from './tap-tiles';

/** Rows times one panel of the right operand; the arguments are those of {@link tapTile4}. */
export function multiplyTiles(
  outer: i32,
  outerSkip: usize,
  inner: i32,
  innerSkip: usize,
  run: i32,
  aTable: usize,
  b: usize,
  start: usize,
  cTable: usize,
  cOffset: usize,
  rows: i32,
  columns: i32,
  accumulate: bool,
): void {
  if (columns <= 4) {
    tapTileNarrow(outer, outerSkip, inner, innerSkip, run, aTable, b, start, cTable, cOffset, rows, columns, accumulate);
    return;
  }
  let first = 0;
  if (TILE_ROWS == 6) {
    while (first < rows && tileRows(rows - first) == 6) first += 6;
    first = min(first, rows);
  }
  if (first > 0) {
    tapTile6(outer, outerSkip, inner, innerSkip, run, aTable, b, start, cTable, cOffset, first, columns, accumulate);
  }
  if (first < rows) {
    aTable = at(aTable, first);
    cTable = at(cTable, first);
    tapTile4(outer, outerSkip, inner, innerSkip, run, aTable, b, start, cTable, cOffset, rows - first, columns, accumulate);
  }
}
