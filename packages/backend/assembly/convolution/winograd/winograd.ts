// Convolutions of 3 × 3 taps, stride 1, and their gradients by Winograd's minimal filtering (see transforms.ts): a quarter of
// the multiplications, for transforms that cost a fixed time for each channel of a tile. The input's gradient is the
// transpose of the convolution, step by step, so it needs no more tiles than that, whatever the padding. So is the
// filter's. Geometry and shapes as in convolution.ts.

import { sumRows } from '../../dense';
import { PANEL } from '../../gemm/pack';
import { at, clear, up4 } from '../../simd';
import { addProducts } from '../add-products';
import { multiplyTiles } from '../multiply-tiles';
import { addInputs, gatherOutputs, spreadGradients, spreadInputs } from './blocks';
import { gatherFilters, spreadFilters, spreadFiltersTransposed } from './filters';
import { POINTS, Tiles } from './tiles';

/** For every point: `count` rows of `from`, `k` floats each, times the filter `[k, n]` to the rows of `to`. */
function multiplyPoints(tiles: Tiles, count: i32, from: usize, k: i32, to: usize, n: i32): void {
  for (let p = 0; p < POINTS; p++) {
    const panels = at(tiles.filter, p * tiles.filterPitch);
    const rows = tiles.rows(from, p);
    const results = tiles.rows(to, p);
    for (let j = 0; j < n; j += PANEL) {
      const columns = min(PANEL, up4(n) - j);
      multiplyTiles(1, 0, 1, 0, k, rows, at(panels, j * k), tiles.zeros, results, j << 2, count, columns, false);
    }
  }
}

/** `y = x ∗ filter + bias`; `bias` 0: none. */
export function winograd(tiles: Tiles, x: usize, filter: usize, bias: usize, y: usize): void {
  spreadFilters(tiles, filter);
  for (let first = 0; first < tiles.count; first += tiles.block) {
    const count = min(tiles.block, tiles.count - first);
    spreadInputs(tiles, first, count, x);
    multiplyPoints(tiles, count, tiles.inputTable, tiles.channels, tiles.outputTable, tiles.outChannels);
    gatherOutputs(tiles, first, count, bias, y);
  }
}

/** `dx` from `dy` and the filter. */
export function winogradInputGradient(tiles: Tiles, dy: usize, filter: usize, dx: usize, batch: i32): void {
  clear(dx, batch * tiles.height * tiles.width * tiles.channels);
  spreadFiltersTransposed(tiles, filter);
  for (let first = 0; first < tiles.count; first += tiles.block) {
    const count = min(tiles.block, tiles.count - first);
    spreadGradients(tiles, first, count, dy, false);
    multiplyPoints(tiles, count, tiles.outputTable, tiles.outChannels, tiles.inputTable, tiles.channels);
    addInputs(tiles, first, count, dx);
  }
}

/** `dFilter` and `dBias` (0: not wanted) from `x` and `dy`. */
export function winogradFilterGradient(
  tiles: Tiles,
  x: usize,
  dy: usize,
  dFilter: usize,
  dBias: usize,
  batch: i32,
): void {
  const channels = tiles.channels;
  const outChannels = tiles.outChannels;
  const width = up4(outChannels);
  clear(tiles.filter, POINTS * tiles.filterPitch);
  for (let first = 0; first < tiles.count; first += tiles.block) {
    const count = min(tiles.block, tiles.count - first);
    spreadInputs(tiles, first, count, x);
    spreadGradients(tiles, first, count, dy, true);
    for (let p = 0; p < POINTS; p++) {
      const sums = at(tiles.filter, p * tiles.filterPitch);
      const panels = at(tiles.outputs, p * tiles.outputPitch);
      const rows = tiles.rows(tiles.inputTable, p);
      for (let j = 0; j < width; j += PANEL) {
        const panel = at(panels, j * tiles.block);
        addProducts(count, rows, tiles.channelTable, channels, panel, at(sums, j), width, min(PANEL, width - j));
      }
    }
  }
  gatherFilters(tiles, dFilter);
  if (dBias) sumRows(batch * tiles.outHeight * tiles.outWidth, outChannels, dy, dBias);
}
