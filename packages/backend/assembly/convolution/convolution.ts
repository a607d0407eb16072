// 2D convolution and its two gradients, NHWC; a 1D convolution is one of height 1. All three are matrix products whose
// operands on the side of the input are read where they stand (see blocks.ts), so nothing is unfolded.
//
// The geometry is the same list everywhere: batch, height, width and channels of the input; height, width and channels
// of the output; height and width of the filter; stride, dilation, and padding at the top and on the left. Padding at the
// bottom and on the right follows from the size of the output. Shapes: x `[B, H, W, C]`, filter `[fh, fw, C, K]`, bias
// `[K]`, y `[B, OH, OW, K]`.

import { packedRightSize, packRight, PANEL, TILE_ROWS, tileRows } from '../gemm/pack';
import { storeRow } from '../gemm/tiles';
import { at, clear, up8 } from '../simd';
import { Blocks, blocksSize, createBlocks, PIXELS, TABLE_PADDING } from './blocks';
import { pixelTile4, pixelTile6, pixelTileNarrow } from './pixel-tiles';
import { tapTile4, tapTile6, tapTileNarrow } from './tap-tiles';

/** Floats of scratch that the functions of this file need for this geometry, whichever is called. */
export function convolutionScratch(
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
): i32 {
  const taps = filterHeight * filterWidth * channels;
  const forward = up8(outChannels) + packedRightSize(taps, outChannels);
  const panels = filterHeight * filterWidth * packedRightSize(outChannels, channels);
  const filterGradient = taps + TABLE_PADDING + packedRightSize(PIXELS, outChannels);
  return (
    blocksSize(
      batch,
      channels,
      outHeight,
      outWidth,
      filterHeight,
      filterWidth,
      strideHeight,
      strideWidth,
      dilationHeight,
      dilationWidth,
    ) + max(forward, max(PANEL + panels, filterGradient))
  );
}

/** `y = x ∗ filter + bias`; `bias` 0: none. */
export function convolution(
  x: usize,
  filter: usize,
  bias: usize,
  y: usize,
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
  const starts = blocks.free;
  const panels = at(starts, up8(outChannels));
  clear(starts, up8(outChannels));
  if (bias) memory.copy(starts, bias, (<usize>outChannels) << 2);
  const taps = filterHeight * filterWidth * channels;
  packRight(taps, outChannels, filter, outChannels, false, panels);
  const runs = blocks.runs;
  const run = blocks.run;
  while (blocks.next(x, y)) {
    blocks.copyRegion(x);
    const innerSkip = blocks.tapStep - (run << 2);
    const outerSkip = blocks.rowStep - runs * blocks.tapStep;
    for (let j = 0; j < outChannels; j += PANEL) {
      multiplyTiles(
        filterHeight,
        outerSkip,
        runs,
        innerSkip,
        run,
        blocks.inputTable,
        at(panels, j * taps),
        at(starts, j),
        blocks.outputTable,
        j << 2,
        blocks.pixels,
        min(PANEL, outChannels - j),
        false,
      );
    }
  }
}

/** All tiles of a block for one panel of the right operand; the arguments are those of {@link tapTile4}. */
function multiplyTiles(
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
  while (rows > 0) {
    const narrow = columns <= 4;
    const tile = narrow ? 4 : tileRows(rows);
    const valid = min(tile, rows);
    if (narrow) {
      tapTileNarrow(outer, outerSkip, inner, innerSkip, run, aTable, b, start, cTable, cOffset, valid, columns, accumulate);
    } else if (TILE_ROWS == 6 && tile == 6) {
      tapTile6(outer, outerSkip, inner, innerSkip, run, aTable, b, start, cTable, cOffset, valid, columns, accumulate);
    } else {
      tapTile4(outer, outerSkip, inner, innerSkip, run, aTable, b, start, cTable, cOffset, valid, columns, accumulate);
    }
    aTable = at(aTable, tile);
    cTable = at(cTable, tile);
    rows -= tile;
  }
}

/** `dx`, the gradient by the input, from `dy` and the filter. */
export function convolutionInputGradient(
  dy: usize,
  filter: usize,
  dx: usize,
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
  const zeros = blocks.free;
  const panels = at(zeros, PANEL);
  clear(zeros, PANEL);
  clear(dx, batch * height * width * channels);
  const runs = blocks.runs;
  const run = blocks.run;
  const size = packedRightSize(outChannels, run);
  for (let r = 0; r < filterHeight * runs; r++) {
    packRight(outChannels, run, at(filter, r * run * outChannels), outChannels, true, at(panels, r * size));
  }
  while (blocks.next(dx, dy)) {
    blocks.clearRegion();
    for (let r = 0; r < filterHeight; r++) {
      for (let s = 0; s < runs; s++) {
        const offset = r * blocks.rowStep + s * blocks.tapStep;
        const panel = at(panels, (r * runs + s) * size);
        for (let j = 0; j < run; j += PANEL) {
          multiplyTiles(
            1,
            0,
            1,
            0,
            outChannels,
            blocks.outputTable,
            at(panel, j * outChannels),
            zeros,
            blocks.inputTable,
            offset + (j << 2),
            blocks.pixels,
            min(PANEL, run - j),
            true,
          );
        }
      }
    }
    blocks.addRegion(dx);
  }
}

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
  const ldc = (<usize>outChannels) << 2;
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
      let to = at(dFilter, j);
      let table = tapTable;
      for (let i = 0; i < taps; ) {
        const tile = columns <= 4 ? 4 : tileRows(taps - i);
        const valid = min(tile, taps - i);
        if (columns <= 4) {
          pixelTileNarrow(pixels, blocks.inputTable, table, panel, to, ldc, valid, columns, true);
        } else if (TILE_ROWS == 6 && tile == 6) {
          pixelTile6(pixels, blocks.inputTable, table, panel, to, ldc, valid, columns, true);
        } else {
          pixelTile4(pixels, blocks.inputTable, table, panel, to, ldc, valid, columns, true);
        }
        table = at(table, tile);
        to += ldc * <usize>tile;
        i += tile;
      }
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
