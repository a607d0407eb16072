// Blocks of tiles through the transforms of both dimensions, four channels at a time.

import { PANEL } from '../../gemm/pack';
import { loadLanes, storeLanes } from '../../lanes';
import { at } from '../../simd';
import { GROUP, IN, IN_ROW, OUT, OUT_ROW, Tiles } from './tiles';
import { gatherInput, gatherOutput, spreadGradient, spreadInput } from './transforms';

/** Bᵀ x B of `count` tiles from `first` on, to the rows of the input's channels. */
export function spreadInputs(tiles: Tiles, first: i32, count: i32, x: usize): void {
  const pitch = (<usize>tiles.inputPitch) << 2;
  const half = tiles.half;
  for (let t = 0; t < count; t++) {
    tiles.place(first + t);
    tiles.seekInput(x);
    let from = tiles.pixels;
    let to = at(tiles.inputs, t * tiles.inputRow);
    for (let c = 0; c < tiles.channels; c += 4) {
      spreadInput(IN, from, tiles.rowStep, tiles.pixelStep, half, IN_ROW, GROUP);
      spreadInput(IN, half, GROUP, IN_ROW, to, pitch, 6 * pitch);
      from += GROUP;
      to += GROUP;
    }
  }
}

/** A dy Aᵀ of `count` tiles from `first` on, to the rows of the output's channels, or to panels of eight of them. */
export function spreadGradients(tiles: Tiles, first: i32, count: i32, dy: usize, panels: bool): void {
  const pitch = (<usize>tiles.outputPitch) << 2;
  const half = tiles.half;
  for (let t = 0; t < count; t++) {
    tiles.place(first + t);
    tiles.seekOutput(dy);
    const rows = at(tiles.outputs, t * tiles.outputRow);
    let from = tiles.pixels;
    for (let k = 0; k < tiles.outChannels; k += 4) {
      const to = panels ? at(tiles.outputs, (k & ~7) * tiles.block + t * PANEL + (k & 4)) : at(rows, k);
      spreadGradient(OUT, from, tiles.rowStep, tiles.pixelStep, half, OUT_ROW, GROUP);
      spreadGradient(IN, half, GROUP, OUT_ROW, to, pitch, 6 * pitch);
      from += GROUP;
    }
  }
}

/** `y = Aᵀ m A + bias` of `count` tiles from `first` on; `bias` 0: none. */
export function gatherOutputs(tiles: Tiles, first: i32, count: i32, bias: usize, y: usize): void {
  const pitch = (<usize>tiles.outputPitch) << 2;
  const half = tiles.half;
  const channels = tiles.outChannels;
  for (let t = 0; t < count; t++) {
    tiles.place(first + t);
    const rows = min(OUT, tiles.outHeight - tiles.row);
    const columns = min(OUT, tiles.outWidth - tiles.column);
    const from = at(tiles.outputs, t * tiles.outputRow);
    const corner = (tiles.image * tiles.outHeight + tiles.row) * tiles.outWidth + tiles.column;
    for (let k = 0; k < channels; k += 4) {
      const lanes = min(4, channels - k);
      const start = bias ? loadLanes(at(bias, k), lanes) : f32x4.splat(0);
      gatherOutput(IN, at(from, k), 6 * pitch, pitch, half, IN_ROW, GROUP);
      gatherOutput(rows, half, GROUP, IN_ROW, half, GROUP, IN_ROW);
      for (let i = 0; i < rows; i++) {
        const line = half + <usize>i * IN_ROW;
        let to = at(y, (corner + i * tiles.outWidth) * channels + k);
        for (let j = 0; j < columns; j++) {
          storeLanes(to, f32x4.add(start, v128.load(line + <usize>j * GROUP)), lanes);
          to = at(to, channels);
        }
      }
    }
  }
}

/** `dx += B m Bᵀ` of `count` tiles from `first` on; what falls into the padding is left out. */
export function addInputs(tiles: Tiles, first: i32, count: i32, dx: usize): void {
  const pitch = (<usize>tiles.inputPitch) << 2;
  const half = tiles.half;
  const channels = tiles.channels;
  for (let t = 0; t < count; t++) {
    tiles.place(first + t);
    const y = tiles.row - tiles.top;
    const x = tiles.column - tiles.left;
    const left = max(0, -x);
    const right = min(IN, tiles.width - x);
    const from = at(tiles.inputs, t * tiles.inputRow);
    const corner = (tiles.image * tiles.height + y) * tiles.width + x + left;
    for (let c = 0; c < channels; c += 4) {
      const lanes = min(4, channels - c);
      gatherInput(IN, at(from, c), 6 * pitch, pitch, half, IN_ROW, GROUP);
      gatherInput(IN, half, GROUP, IN_ROW, half, GROUP, IN_ROW);
      for (let i = max(0, -y); i < min(IN, tiles.height - y); i++) {
        const line = half + <usize>i * IN_ROW;
        let to = at(dx, (corner + i * tiles.width) * channels + c);
        for (let j = left; j < right; j++) {
          storeLanes(to, f32x4.add(loadLanes(to, lanes), v128.load(line + <usize>j * GROUP)), lanes);
          to = at(to, channels);
        }
      }
    }
  }
}
