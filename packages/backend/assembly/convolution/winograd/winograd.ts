// Convolutions of 3 × 3 taps, stride 1, and their gradients by Winograd's minimal filtering (see transforms.ts): a quarter of
// the multiplications, for transforms that cost a fixed time for each channel of a tile. The input's gradient is the
// transpose of the convolution, step by step, so it needs no more tiles than that, whatever the padding. So is the
// filter's. Geometry and shapes as in convolution.ts.

import { add, sumRows } from '../../dense';
import { PANEL } from '../../gemm/pack';
import { at, clear, up4 } from '../../simd';
import { multiplyPixels } from '../multiply-pixels';
import { multiplyTiles } from '../multiply-tiles';
import { addInputs, gatherOutputs, spreadGradients, spreadInputs } from './blocks';
import { gatherFilters, spreadFilters, spreadFiltersTransposed } from './filters';
import { POINTS, Tiles } from './tiles';

/**
 * Longest sum of products in one go. What a product loses by rounding is several times as much in the outputs, so that long
 * sums are put together from shorter ones.
 */
const DEPTH: i32 = 48;

/**
 * For every point: `count` rows `[k]` of `from` times the filter `[k, n]` to the rows of `to`. `fromPitch` and `toPitch`:
 * floats from one point to the next one.
 */
function multiplyPoints(
  tiles: Tiles,
  count: i32,
  from: usize,
  fromPitch: i32,
  k: i32,
  to: usize,
  toPitch: i32,
  n: i32,
): void {
  const parts = (k + DEPTH - 1) / DEPTH;
  const depth = (k + parts - 1) / parts;
  const left = tiles.leftTable;
  const product = tiles.productTable;
  for (let p = 0; p < POINTS; p++) {
    tiles.fillTable(product, at(to, p * toPitch), up4(n));
    for (let first = 0; first < k; first += depth) {
      tiles.fillTable(left, at(from, p * fromPitch + first), up4(k));
      const run = min(depth, k - first);
      for (let j = 0; j < n; j += PANEL) {
        const panel = at(tiles.filter, p * tiles.filterPitch + j * k + first * PANEL);
        const columns = min(PANEL, up4(n) - j);
        multiplyTiles(1, 0, 1, 0, run, left, panel, tiles.zeros, product, j << 2, count, columns, first > 0);
      }
    }
  }
}

/** `y = x ∗ filter + bias`; `bias` 0: none. */
export function winograd(tiles: Tiles, x: usize, filter: usize, bias: usize, y: usize): void {
  spreadFilters(tiles, filter);
  for (let first = 0; first < tiles.count; first += tiles.block) {
    const count = min(tiles.block, tiles.count - first);
    spreadInputs(tiles, first, count, x);
    multiplyPoints(
      tiles,
      count,
      tiles.inputs,
      tiles.inputPitch,
      tiles.channels,
      tiles.outputs,
      tiles.outputPitch,
      tiles.outChannels,
    );
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
    multiplyPoints(
      tiles,
      count,
      tiles.outputs,
      tiles.outputPitch,
      tiles.outChannels,
      tiles.inputs,
      tiles.inputPitch,
      tiles.channels,
    );
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
  for (let first = 0; first < tiles.count; first += tiles.block) {
    const count = min(tiles.block, tiles.count - first);
    spreadInputs(tiles, first, count, x);
    spreadGradients(tiles, first, count, dy, true);
    for (let p = 0; p < POINTS; p++) {
      const sums = at(tiles.filter, p * tiles.filterPitch);
      const panels = at(tiles.outputs, p * tiles.outputPitch);
      const left = tiles.leftTable;
      tiles.fillTable(left, at(tiles.inputs, p * tiles.inputPitch), tiles.inputRow);
      for (let j = 0; j < width; j += PANEL) {
        const panel = at(panels, j * tiles.block);
        const columns = min(PANEL, width - j);
        const table = tiles.channelTable;
        multiplyPixels(count, left, table, channels, panel, at(sums, j), width, columns, first > 0);
      }
    }
  }
  gatherFilters(tiles, dFilter);
  if (dBias) sumPixels(tiles, batch * tiles.outHeight * tiles.outWidth, dy, dBias);
}

/** Pixels whose gradients are summed in one go. */
const SUM: i32 = 64;

/** The sum of `pixels` outputs, put together from shorter ones. */
function sumPixels(tiles: Tiles, pixels: i32, dy: usize, out: usize): void {
  const channels = tiles.outChannels;
  sumRows(min(pixels, SUM), channels, dy, out);
  for (let first = SUM; first < pixels; first += SUM) {
    sumRows(min(pixels - first, SUM), channels, at(dy, first * channels), tiles.patch);
    add(channels, out, tiles.patch, out);
  }
}
