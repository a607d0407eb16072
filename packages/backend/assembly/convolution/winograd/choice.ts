// Which convolutions go through Winograd's minimal filtering: those that it makes faster.

import { up4 } from '../../simd';
import { countTiles, createTiles, POINTS, Tiles } from './tiles';

// Costs in products, measured. What the transforms of a tile cost for each channel, and those of the filter for each pair of
// channels: more of them where the 36 right operands (here 9 MB) leave the caches.
const TILE_COST: f64 = 320;
const FILTER_COST: f64 = 300;
const LARGE_FILTER_COST: f64 = 900;
const LARGE: i32 = 256 * 256;
/** Most pairs of channels: the right operands of so many take 38 MB. */
const MOST_PAIRS: i32 = 512 * 512;
/** How many times the products that are left the plain ones have to be. */
const MARGIN: f64 = 1.1;

/**
 * True where a convolution and its gradients go through tiles: its geometry is one that they can do, and they are faster than
 * plain sums. Where that is so for a batch, it is so for larger ones.
 */
export function winogradWins(
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
): bool {
  if (filterHeight != 3 || filterWidth != 3 || strideHeight != 1 || strideWidth != 1) return false;
  if (dilationHeight != 1 || dilationWidth != 1 || channels * outChannels > MOST_PAIRS) return false;
  const pairs = <f64>(channels * outChannels);
  const tiles = <f64>countTiles(batch, outHeight, outWidth);
  const sums = <f64>(9 * batch * outHeight * outWidth) * pairs;
  const filters = pairs * (pairs > LARGE ? LARGE_FILTER_COST : FILTER_COST);
  const transforms = TILE_COST * tiles * <f64>(up4(channels) + up4(outChannels));
  return sums > MARGIN * (<f64>POINTS * tiles * pairs + transforms + filters);
}

/** Tiles at the start of `scratch` where they are faster; null elsewhere. */
export function chooseTiles(
  scratch: usize,
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
): Tiles | null {
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
  if (!wins) return null;
  return createTiles(scratch, batch, height, width, channels, outHeight, outWidth, outChannels, top, left);
}
