// What stands at the taps of pixels, anywhere, times packed values, summed over the pixels in the tiles that fit.

import { TILE_ROWS, tileRows } from '../gemm/pack';
import { at } from '../simd';
import { pixelTileNarrow } from './narrow-tiles';
import { pixelTile4, pixelTile6 } from './pixel-tiles';

/**
 * `c [taps, columns] (+)= Σ over pixels of x[pixel + tap] · panel [pixels][8]`; `ldc` floats between rows of c. The tables
 * are those of {@link pixelTile4}, with entries for all taps of the last tile.
 */
export function multiplyPixels(
  pixels: i32,
  pixelTable: usize,
  tapTable: usize,
  taps: i32,
  panel: usize,
  c: usize,
  ldc: i32,
  columns: i32,
  accumulate: bool,
): void {
  const stride = (<usize>ldc) << 2;
  for (let i = 0; i < taps; ) {
    const tile = columns <= 4 ? 4 : tileRows(taps - i);
    const valid = min(tile, taps - i);
    if (columns <= 4) {
      pixelTileNarrow(pixels, pixelTable, tapTable, panel, c, stride, valid, columns, accumulate);
    } else if (TILE_ROWS == 6 && tile == 6) {
      pixelTile6(pixels, pixelTable, tapTable, panel, c, stride, valid, columns, accumulate);
    } else {
      pixelTile4(pixels, pixelTable, tapTable, panel, c, stride, valid, columns, accumulate);
    }
    tapTable = at(tapTable, tile);
    c += stride * <usize>tile;
    i += tile;
  }
}
