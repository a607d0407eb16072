// 2D convolution and its input gradient, NHWC; a 1D convolution is one of height 1. They, and the filter gradient beside
// them, are matrix products whose operands on the side of the input are read where they stand (see blocks.ts), so nothing
// is unfolded. Where it is faster, all three go through Winograd's minimal filtering instead (see winograd/choice.ts).
//
// The geometry is the same list everywhere: batch, height, width and channels of the input; height, width and channels
// of the output; height and width of the filter; stride, dilation, and padding at the top and on the left. Padding at the
// bottom and on the right follows from the size of the output. Shapes: x `[B, H, W, C]`, filter `[fh, fw, C, K]`, bias
// `[K]`, y `[B, OH, OW, K]`.

import { packedRightSize, packRight, PANEL } from '../gemm/pack';
import { at, clear, up8 } from '../simd';
import { blocksSize, createBlocks, PIXELS, TABLE_PADDING } from './blocks';
import { multiplyTiles } from './multiply-tiles';
import { chooseTiles, winogradWins } from './winograd/choice';
import { tilesSize } from './winograd/tiles';
import { winograd, winogradInputGradient } from './winograd/winograd';

/** Floats of scratch that the convolution or one of its gradients needs for this geometry, whichever is called. */
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
  const wins = winogradWins(
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
  const tiles = wins ? tilesSize(batch, channels, outHeight, outWidth, outChannels) : 0;
  const direct =
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
    ) + max(forward, max(PANEL + panels, filterGradient));
  return max(tiles, direct);
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
    winograd(tiles, x, filter, bias, y);
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
    winogradInputGradient(tiles, dy, filter, dx, batch);
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
