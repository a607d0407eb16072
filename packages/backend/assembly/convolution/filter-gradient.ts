// The filter gradient of a 2D convolution; geometry and shapes as in convolution.ts.

import { PANEL, packRight } from '../gemm/pack';
import { storeRow } from '../gemm/tiles';
import { at, clear } from '../simd';
import { Blocks, createBlocks, TABLE_PADDING } from './blocks';
import { multiplyPixels } from './multiply-pixels';
import { chooseTiles } from './winograd/choice';
import { winogradFilterGradient } from './winograd/winograd';

/** `dFilter` and `dBias` (0: not wanted), the gradients by filter and bias, from `x` and `dy`. */
export function convolutionFilterGradient(
  x: usize,
  dy: usize,
  dFilter: usize,
  dBias: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  top: i32,
  left: i32,
  scratch: usize,
): void {
  const tiles = chooseTiles(
    scratch,
    batch,
    height,
    width,
    channels,
    outHeight,
    outWidth,
    outChannels,
    filterHeight,
    filterWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    top,
    left,
  );
  if (tiles) {
    winogradFilterGradient(tiles, x, dy, dFilter, dBias, batch);
    return;
  }
  const blocks = createBlocks(
    scratch,
    batch,
    height,
    width,
    channels,
    outHeight,
    outWidth,
    outChannels,
    filterHeight,
    filterWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    top,
    left,
  );
  const taps = filterHeight * filterWidth * channels;
  const tapTable = blocks.free;
  const panels = at(tapTable, taps + TABLE_PADDING);
  clear(dFilter, taps * outChannels);
  if (dBias) clear(dBias, outChannels);
  let rowStep = -1;
  while (blocks.next(x, dy)) {
    blocks.copyRegion(x);
    if (blocks.rowStep != rowStep) fillTapTable(blocks, tapTable);
    rowStep = blocks.rowStep;
    const pixels = blocks.pixels;
    packRight(pixels, outChannels, load<u32>(blocks.outputTable), outChannels, false, panels);
    for (let j = 0; j < outChannels; j += PANEL) {
      const panel = at(panels, j * pixels);
      const columns = min(PANEL, outChannels - j);
      if (dBias) addColumns(pixels, panel, at(dBias, j), columns);
      multiplyPixels(pixels, blocks.inputTable, tapTable, taps, panel, at(dFilter, j), outChannels, columns, true);
    }
  }
}

/** Bytes from a pixel's first tap to each of its taps. */
function fillTapTable(blocks: Blocks, table: usize): void {
  let to = table;
  for (let r = 0; r < blocks.filterHeight; r++) {
    for (let s = 0; s < blocks.runs; s++) {
      const offset = r * blocks.rowStep + s * blocks.tapStep;
      for (let p = 0; p < blocks.run; p++) {
        store<i32>(to, offset + (p << 2));
        to += 4;
      }
    }
  }
  const last = to > table ? load<i32>(to - 4) : 0;
  for (let i = 0; i < TABLE_PADDING; i++) store<i32>(at(to, i), last);
}

/** Adds the sum of a panel's rows to the first `columns` floats at `out`. */
function addColumns(rows: i32, panel: usize, out: usize, columns: i32): void {
  let low = f32x4.splat(0);
  let high = low;
  for (let p = 0; p < rows; p++) {
    low = f32x4.add(low, v128.load(panel));
    high = f32x4.add(high, v128.load(panel, 16));
    panel += 32;
  }
  storeRow(out, low, high, columns, true);
}
