// The tiles of a convolution by Winograd's minimal filtering: 4 × 4 outputs each, from 6 × 6 inputs that overlap by two. They
// are worked through in blocks whose 36 left operands and 36 products stay in the second cache. This file says where
// everything lies in the scratch, and where the pixels of a tile are.

import { PANEL } from '../../gemm/pack';
import { loadLanes } from '../../lanes';
import { at, clear, up4, up8 } from '../../simd';
import { TABLE_PADDING } from '../blocks';

/** Outputs, and inputs, of a tile along each axis. */
// @ts-ignore: decorator
@inline export const OUT: i32 = 4;
// @ts-ignore: decorator
@inline export const IN: i32 = 6;
/** Products of a tile for each channel and filter. */
// @ts-ignore: decorator
@inline export const POINTS: i32 = 36;
/** Bytes of four channels, and of a row of outputs or of inputs with four channels each. */
// @ts-ignore: decorator
@inline export const GROUP: usize = 16;
// @ts-ignore: decorator
@inline export const OUT_ROW: usize = 64;
// @ts-ignore: decorator
@inline export const IN_ROW: usize = 96;

/** Floats that the operands of one block may take (384 kB), and the fewest and most tiles in it. */
const BLOCK_FLOATS: i32 = 98_304;
const FEWEST: i32 = 24;
const MOST: i32 = 96;

/** Floats that {@link Tiles} takes at the start of the scratch. */
const TILES_SIZE: i32 = 64;

/** Floats of a line of the cache. */
const LINE: i32 = 16;

/** `count` floats as an odd number of lines of the cache, so that the 36 places of a tile do not share a set of it. */
function oddLines(count: i32): i32 {
  return ((count + LINE - 1) & -LINE) | LINE;
}

/** Where the next line of the cache begins. */
function nextLine(address: usize): usize {
  return (address + 63) & ~63;
}

/** Tiles of a block: a multiple of 12, which fills tiles of 4 and of 6 rows; all of them where they are few. */
function blockTiles(count: i32, channels: i32, outChannels: i32): i32 {
  const fit = BLOCK_FLOATS / (POINTS * (up8(channels) + up8(outChannels)));
  return min(count, min(MOST, max(FEWEST, fit - (fit % 12))));
}

function tilesAlong(outputs: i32): i32 {
  return (outputs + OUT - 1) / OUT;
}

/** Tiles of a batch. */
export function countTiles(batch: i32, outHeight: i32, outWidth: i32): i32 {
  return batch * tilesAlong(outHeight) * tilesAlong(outWidth);
}

/** Floats of scratch. */
export function tilesSize(batch: i32, channels: i32, outHeight: i32, outWidth: i32, outChannels: i32): i32 {
  const block = blockTiles(countTiles(batch, outHeight, outWidth), channels, outChannels);
  const wide = max(channels, outChannels);
  return (
    TILES_SIZE +
    PANEL +
    POINTS * 4 +
    POINTS * up4(wide) +
    2 * (block + TABLE_PADDING) +
    channels +
    TABLE_PADDING +
    LINE +
    POINTS * oddLines(block * up8(channels)) +
    POINTS * oddLines(block * up8(outChannels)) +
    POINTS * oddLines(max(channels * up8(outChannels), outChannels * up8(channels)))
  );
}

/** The geometry, where things lie, and the tile it is at. Lives in the scratch handed in. */
@unmanaged
export class Tiles {
  height: i32;
  width: i32;
  channels: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
  top: i32;
  left: i32;

  /** Tiles of the batch, of an image along each axis, and of a full block. */
  count: i32;
  private down: i32;
  private across: i32;
  block: i32;

  /** Image of the tile, and its first output. */
  image: i32;
  row: i32;
  column: i32;

  /** The pixels that {@link seek} has found: the first one, and bytes to the next one and to the next row. */
  pixels: usize;
  pixelStep: usize;
  rowStep: usize;

  /** A panel of zeros. */
  zeros: usize;
  /** Room for four channels of a tile between the two dimensions of a transform. */
  half: usize;
  /** A copy of the pixels of a tile. */
  patch: usize;
  /** Addresses of the rows of the left operand under way, and of those of its product. */
  leftTable: usize;
  productTable: usize;
  /** Bytes from a pixel to each of its channels. */
  channelTable: usize;
  /** For each point: the tiles of a block by the input's channels and by the output's channels, and the filter. */
  inputs: usize;
  outputs: usize;
  filter: usize;
  /** Floats from one point to the next one in them, and from one tile to the next one. */
  inputPitch: i32;
  outputPitch: i32;
  filterPitch: i32;
  inputRow: i32;
  outputRow: i32;

  /** Lays everything out. */
  start(batch: i32): void {
    this.count = countTiles(batch, this.outHeight, this.outWidth);
    this.down = tilesAlong(this.outHeight);
    this.across = tilesAlong(this.outWidth);
    const channels = this.channels;
    const outChannels = this.outChannels;
    this.block = blockTiles(this.count, channels, outChannels);
    this.inputRow = up4(channels);
    this.outputRow = up4(outChannels);
    this.inputPitch = oddLines(this.block * up8(channels));
    this.outputPitch = oddLines(this.block * up8(outChannels));
    this.filterPitch = oddLines(max(channels * up8(outChannels), outChannels * up8(channels)));
    this.zeros = changetype<usize>(this) + ((<usize>TILES_SIZE) << 2);
    clear(this.zeros, PANEL);
    this.half = at(this.zeros, PANEL);
    this.patch = at(this.half, POINTS * 4);
    this.leftTable = at(this.patch, POINTS * up4(max(channels, outChannels)));
    this.productTable = at(this.leftTable, this.block + TABLE_PADDING);
    this.channelTable = at(this.productTable, this.block + TABLE_PADDING);
    this.inputs = nextLine(at(this.channelTable, channels + TABLE_PADDING));
    this.outputs = at(this.inputs, POINTS * this.inputPitch);
    this.filter = at(this.outputs, POINTS * this.outputPitch);
    for (let c = 0; c < channels + TABLE_PADDING; c++) {
      store<u32>(at(this.channelTable, c), min(c, channels - 1) << 2);
    }
  }

  /** Fills a table with the addresses of the rows of a block, `row` floats apart. */
  fillTable(table: usize, first: usize, row: i32): void {
    const step = (<usize>row) << 2;
    const last = first + step * <usize>(this.block - 1);
    for (let t = 0; t < this.block; t++) {
      store<u32>(at(table, t), <u32>first);
      first += step;
    }
    for (let t = 0; t < TABLE_PADDING; t++) store<u32>(at(table, this.block + t), <u32>last);
  }

  /** Goes to tile `index`. */
  place(index: i32): void {
    const tiles = this.down * this.across;
    this.image = index / tiles;
    const rest = index - this.image * tiles;
    const y = rest / this.across;
    this.row = y * OUT;
    this.column = (rest - y * this.across) * OUT;
  }

  /** Finds the 6 × 6 inputs of the tile. */
  seekInput(x: usize): void {
    const image = at(x, this.image * this.height * this.width * this.channels);
    this.seek(image, this.height, this.width, this.channels, this.row - this.top, this.column - this.left, IN);
  }

  /** Finds the 4 × 4 outputs of the tile. */
  seekOutput(y: usize): void {
    const image = at(y, this.image * this.outHeight * this.outWidth * this.outChannels);
    this.seek(image, this.outHeight, this.outWidth, this.outChannels, this.row, this.column, OUT);
  }

  /**
   * Finds `size` × `size` pixels of an image from (y, x) on: where they stand, or in a copy with 0 around the image where they
   * reach out of it, or where the last group of channels is incomplete.
   */
  private seek(image: usize, height: i32, width: i32, channels: i32, y: i32, x: i32, size: i32): void {
    const inside = y >= 0 && x >= 0 && y + size <= height && x + size <= width;
    if (inside && (channels & 3) == 0) {
      this.pixels = at(image, (y * width + x) * channels);
      this.pixelStep = (<usize>channels) << 2;
      this.rowStep = this.pixelStep * width;
      return;
    }
    this.pixels = this.patch;
    this.pixelStep = (<usize>up4(channels)) << 2;
    this.rowStep = this.pixelStep * size;
    let to = this.patch;
    for (let i = y; i < y + size; i++) {
      for (let j = x; j < x + size; j++) {
        if (i >= 0 && i < height && j >= 0 && j < width) copyPixel(at(image, (i * width + j) * channels), to, channels);
        else clearPixel(to, channels);
        to += this.pixelStep;
      }
    }
  }
}

function copyPixel(from: usize, to: usize, channels: i32): void {
  for (let c = 0; c < channels; c += 4) v128.store(at(to, c), loadLanes(at(from, c), min(4, channels - c)));
}

function clearPixel(to: usize, channels: i32): void {
  const zero = f32x4.splat(0);
  for (let c = 0; c < channels; c += 4) v128.store(at(to, c), zero);
}

/** Tiles at the start of `scratch`, laid out. */
export function createTiles(
  scratch: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  outChannels: i32,
  top: i32,
  left: i32,
): Tiles {
  const tiles = changetype<Tiles>(scratch);
  tiles.height = height;
  tiles.width = width;
  tiles.channels = channels;
  tiles.outHeight = outHeight;
  tiles.outWidth = outWidth;
  tiles.outChannels = outChannels;
  tiles.top = top;
  tiles.left = left;
  tiles.start(batch);
  return tiles;
}
