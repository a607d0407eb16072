// A convolution is worked through in blocks of output pixels. For each block this file says where every pixel's first
// tap lies: in the input itself, or, where the block reaches into the padding, in a copy of the region with its border.
// So the inner loops know neither padding nor strides: they follow a table of addresses.

import { at, FLOAT } from '../simd';

/** Most pixels of one block. */
// @ts-ignore: decorator
@inline export const PIXELS: i32 = 256;
/** Entries behind the last one of every table: copies of it, which fill the last tile. */
// @ts-ignore: decorator
@inline export const TABLE_PADDING: i32 = 6;

/** Images of a block: several where they are small, so that the last tile of each is not left half empty. */
function blockImages(batch: i32, outHeight: i32, outWidth: i32): i32 {
  const whole = outHeight * outWidth;
  return whole > 0 && whole < PIXELS ? min(PIXELS / whole, max(batch, 1)) : 1;
}

function blockRows(outHeight: i32, outWidth: i32): i32 {
  if (outHeight * outWidth <= PIXELS) return outHeight;
  return max(1, min(PIXELS / outWidth, outHeight));
}

/** Length of input that `count` outputs touch along one axis. */
function extent(count: i32, stride: i32, filter: i32, dilation: i32): i32 {
  return count == 0 ? 0 : (count - 1) * stride + (filter - 1) * dilation + 1;
}

/** Floats that {@link Blocks} takes at the start of the scratch. */
const BLOCKS_SIZE: i32 = 64;

/** The geometry of a convolution and the block it is at. Lives in the scratch handed in. */
@unmanaged
export class Blocks {
  batch: i32;
  height: i32;
  width: i32;
  channels: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
  filterHeight: i32;
  filterWidth: i32;
  strideHeight: i32;
  strideWidth: i32;
  dilationHeight: i32;
  dilationWidth: i32;
  top: i32;
  left: i32;

  /** Images, rows and columns of output pixels in a full block. Only one of them is ever cut short. */
  private images: i32;
  private rows: i32;
  private columns: i32;

  /** First image, row and column of the block. */
  private image: i32;
  private row: i32;
  private column: i32;

  /** Pixels in the block; they follow one another in the output from pixel `first` on. */
  pixels: i32;
  first: i32;

  /** Bytes from a row of the filter to the next one, and from a tap to the next one, in the input of this block. */
  rowStep: i32;
  tapStep: i32;
  /** The filter as runs of floats without gaps: `runs` in each row, each `run` long. */
  runs: i32;
  run: i32;

  /** Whether this block has a copy of its region, where it is, and its size. */
  copied: bool;
  private regionHeight: i32;
  private regionWidth: i32;

  /** Addresses: of each pixel's first tap in the input, of each pixel in the output, and of the copied region. */
  inputTable: usize;
  outputTable: usize;
  private region: usize;
  /** Scratch behind all that. */
  free: usize;

  /** Floats of the filter for one output channel. */
  @inline get taps(): i32 {
    return this.filterHeight * this.filterWidth * this.channels;
  }

  /** Chooses the size of the blocks, lays out the tables and goes before the first block. */
  start(): void {
    this.images = blockImages(this.batch, this.outHeight, this.outWidth);
    this.rows = blockRows(this.outHeight, this.outWidth);
    this.columns = min(this.outWidth, PIXELS);
    this.image = 0;
    this.row = 0;
    this.column = 0;
    this.pixels = 0;
    const gapless = this.dilationWidth == 1 || this.filterWidth == 1;
    this.runs = gapless ? 1 : this.filterWidth;
    this.run = gapless ? this.filterWidth * this.channels : this.channels;
    this.tapStep = (gapless ? this.run : this.dilationWidth * this.channels) << 2;
    const entries = this.images * this.rows * this.columns + TABLE_PADDING;
    this.inputTable = changetype<usize>(this) + ((<usize>BLOCKS_SIZE) << 2);
    this.outputTable = at(this.inputTable, entries);
    this.region = at(this.outputTable, entries);
    const region = this.images * this.extentHeight(this.rows) * this.extentWidth(this.columns) * this.channels;
    this.free = at(this.region, region);
  }

  /** Rows of input that `rows` rows of output touch. */
  private extentHeight(rows: i32): i32 {
    return extent(rows, this.strideHeight, this.filterHeight, this.dilationHeight);
  }

  private extentWidth(columns: i32): i32 {
    return extent(columns, this.strideWidth, this.filterWidth, this.dilationWidth);
  }

  /** Goes to the next block and fills its tables for an input and an output at these addresses; false at the end. */
  next(input: usize, output: usize): bool {
    if (this.batch * this.outHeight * this.outWidth == 0) return false;
    if (this.pixels > 0) {
      this.column += this.columns;
      if (this.column >= this.outWidth) {
        this.column = 0;
        this.row += this.rows;
      }
      if (this.row >= this.outHeight) {
        this.row = 0;
        this.image += this.images;
      }
      if (this.image >= this.batch) return false;
    }
    const images = min(this.images, this.batch - this.image);
    const rows = min(this.rows, this.outHeight - this.row);
    const columns = min(this.columns, this.outWidth - this.column);
    this.pixels = images * rows * columns;
    this.first = (this.image * this.outHeight + this.row) * this.outWidth + this.column;
    const y = this.row * this.strideHeight - this.top;
    const x = this.column * this.strideWidth - this.left;
    this.regionHeight = this.extentHeight(rows);
    this.regionWidth = this.extentWidth(columns);
    this.copied = y < 0 || x < 0 || y + this.regionHeight > this.height || x + this.regionWidth > this.width;
    const pitch = (this.copied ? this.regionWidth : this.width) * this.channels;
    const imagePitch = (this.copied ? this.regionHeight : this.height) * pitch;
    this.rowStep = (this.dilationHeight * pitch) << 2;
    let image = this.copied ? this.region : at(input, ((this.image * this.height + y) * this.width + x) * this.channels);
    let to = this.inputTable;
    const step = (this.strideWidth * this.channels) << 2;
    for (let b = 0; b < images; b++) {
      let line = <i32>image;
      for (let i = 0; i < rows; i++) {
        let pixel = line;
        for (let j = 0; j < columns; j++) {
          store<i32>(to, pixel);
          to += 4;
          pixel += step;
        }
        line += (this.strideHeight * pitch) << 2;
      }
      image = at(image, imagePitch);
    }
    padTable(to);
    to = this.outputTable;
    let pixel = <i32>at(output, this.first * this.outChannels);
    for (let p = 0; p < this.pixels; p++) {
      store<i32>(to, pixel);
      to += 4;
      pixel += this.outChannels << 2;
    }
    padTable(to);
    return true;
  }

  /** Copies the region of this block from the input, 0 in the padding. */
  copyRegion(input: usize): void {
    if (!this.copied) return;
    const y0 = this.row * this.strideHeight - this.top;
    const x0 = this.column * this.strideWidth - this.left;
    const line = (<usize>(this.regionWidth * this.channels)) << 2;
    // Columns of the region before the image, and inside it.
    const before = min(max(0, -x0), this.regionWidth);
    const inside = max(0, min(this.regionWidth, this.width - x0) - before);
    const first = (<usize>(before * this.channels)) << 2;
    const bytes = (<usize>(inside * this.channels)) << 2;
    let to = this.region;
    for (let b = this.image; b < min(this.image + this.images, this.batch); b++) {
      for (let y = y0; y < y0 + this.regionHeight; y++) {
        if (y < 0 || y >= this.height || inside == 0) {
          memory.fill(to, 0, line);
        } else {
          memory.fill(to, 0, first);
          memory.copy(to + first, at(input, ((b * this.height + y) * this.width + x0 + before) * this.channels), bytes);
          memory.fill(to + first + bytes, 0, line - first - bytes);
        }
        to += line;
      }
    }
  }

  /** Sets the region of this block to 0. */
  clearRegion(): void {
    if (!this.copied) return;
    const images = min(this.images, this.batch - this.image);
    const count = images * this.regionHeight * this.regionWidth * this.channels;
    memory.fill(this.region, 0, (<usize>count) << 2);
  }

  /** Adds the region of this block to the input's gradient; what fell into the padding is left out. */
  addRegion(gradient: usize): void {
    if (!this.copied) return;
    const y0 = this.row * this.strideHeight - this.top;
    const x0 = this.column * this.strideWidth - this.left;
    const line = (<usize>(this.regionWidth * this.channels)) << 2;
    const before = min(max(0, -x0), this.regionWidth);
    const inside = max(0, min(this.regionWidth, this.width - x0) - before);
    let from = at(this.region, before * this.channels);
    for (let b = this.image; b < min(this.image + this.images, this.batch); b++) {
      for (let y = y0; y < y0 + this.regionHeight; y++) {
        if (y >= 0 && y < this.height) {
          const to = at(gradient, ((b * this.height + y) * this.width + x0 + before) * this.channels);
          addAll(from, to, inside * this.channels);
        }
        from += line;
      }
    }
  }
}

function padTable(to: usize): void {
  const last = load<i32>(to - FLOAT);
  for (let i = 0; i < TABLE_PADDING; i++) store<i32>(at(to, i), last);
}

function addAll(from: usize, to: usize, count: i32): void {
  const end = at(to, count);
  for (; to + 16 <= end; to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  for (; to < end; to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
}

/** Blocks of a convolution at the start of `scratch`, before the first one. */
export function createBlocks(
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
): Blocks {
  const blocks = changetype<Blocks>(scratch);
  blocks.batch = batch;
  blocks.height = height;
  blocks.width = width;
  blocks.channels = channels;
  blocks.outHeight = outHeight;
  blocks.outWidth = outWidth;
  blocks.outChannels = outChannels;
  blocks.filterHeight = filterHeight;
  blocks.filterWidth = filterWidth;
  blocks.strideHeight = strideHeight;
  blocks.strideWidth = strideWidth;
  blocks.dilationHeight = dilationHeight;
  blocks.dilationWidth = dilationWidth;
  blocks.top = top;
  blocks.left = left;
  blocks.start();
  return blocks;
}

/** Floats of scratch in front of {@link Blocks.free}. */
export function blocksSize(
  batch: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
): i32 {
  const images = blockImages(batch, outHeight, outWidth);
  const rows = blockRows(outHeight, outWidth);
  const columns = min(outWidth, PIXELS);
  const region =
    extent(rows, strideHeight, filterHeight, dilationHeight) *
    extent(columns, strideWidth, filterWidth, dilationWidth);
  return BLOCKS_SIZE + 2 * (images * rows * columns + TABLE_PADDING) + images * region * channels;
}
