// The filter through its transforms: to the packed right operand of each of the 36 products, and its gradient back.

import { PANEL, transposeInto } from '../../gemm/pack';
import { loadLanes, storeLanes } from '../../lanes';
import { at, clear, up4 } from '../../simd';
import { GROUP, IN, IN_ROW, POINTS, Tiles } from './tiles';
import { gatherFilter, spreadFilter } from './transforms';

const TAPS: i32 = 3;
/** Bytes of a row of taps, and of all taps, with four filters each. */
const TAP_ROW: usize = 48;
const ALL_TAPS: usize = 144;

/** G g Gᵀ: four filters of one channel, `lanes` of which exist, to the 36 places from `to` on, `toStep` bytes apart. */
function spread(tiles: Tiles, filter: usize, lanes: i32, to: usize, toStep: usize): void {
  const step = tiles.channels * tiles.outChannels;
  const taps = tiles.half;
  const half = taps + ALL_TAPS;
  for (let i = 0; i < TAPS * TAPS; i++) v128.store(taps + <usize>i * GROUP, loadLanes(at(filter, i * step), lanes));
  spreadFilter(TAPS, taps, TAP_ROW, GROUP, half, TAP_ROW, GROUP);
  spreadFilter(IN, half, GROUP, TAP_ROW, to, toStep, 6 * toStep);
}

/** The right operands `[C, K]` of the convolution. */
export function spreadFilters(tiles: Tiles, filter: usize): void {
  const channels = tiles.channels;
  const outChannels = tiles.outChannels;
  const pitch = (<usize>tiles.filterPitch) << 2;
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k < outChannels; k += 4) {
      const to = at(tiles.filter, (k & ~7) * channels + c * PANEL + (k & 4));
      spread(tiles, at(filter, c * outChannels + k), min(4, outChannels - k), to, pitch);
    }
  }
}

/** The right operands `[K, C]` of its input gradient, four channels at a time: what is missing in the last four is 0. */
export function spreadFiltersTransposed(tiles: Tiles, filter: usize): void {
  const channels = tiles.channels;
  const outChannels = tiles.outChannels;
  // The rows of the output's channels are not in use yet.
  const spreads = tiles.outputs;
  for (let c = 0; c < channels; c += 4) {
    const valid = min(4, channels - c);
    if (valid < 4) clear(spreads, 4 * POINTS * 4);
    for (let k = 0; k < outChannels; k += 4) {
      const lanes = min(4, outChannels - k);
      for (let i = 0; i < valid; i++) {
        spread(tiles, at(filter, (c + i) * outChannels + k), lanes, spreads + <usize>i * GROUP, 4 * GROUP);
      }
      const to = at(tiles.filter, (c & ~7) * outChannels + k * PANEL + (c & 4));
      for (let p = 0; p < POINTS; p++) {
        transpose(spreads + <usize>p * 4 * GROUP, at(to, p * tiles.filterPitch), lanes);
      }
    }
  }
}

/** Four rows of four from `from` on to the first `rows` columns, which become rows of a panel. */
function transpose(from: usize, to: usize, rows: i32): void {
  if (rows == 4) {
    transposeInto(v128.load(from), v128.load(from, 16), v128.load(from, 32), v128.load(from, 48), to, PANEL << 2);
    return;
  }
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < 4; i++) store<f32>(at(to, row * PANEL + i), load<f32>(at(from, i * 4 + row)));
  }
}

/** `dFilter = Gᵀ u G` from the 36 sums of products `[C, K]`, whose rows are padded to a multiple of 4. */
export function gatherFilters(tiles: Tiles, dFilter: usize): void {
  const channels = tiles.channels;
  const outChannels = tiles.outChannels;
  const pitch = (<usize>tiles.filterPitch) << 2;
  const taps = tiles.half;
  const half = taps + ALL_TAPS;
  const step = channels * outChannels;
  for (let c = 0; c < channels; c++) {
    for (let k = 0; k < outChannels; k += 4) {
      const from = at(tiles.filter, c * up4(outChannels) + k);
      const lanes = min(4, outChannels - k);
      gatherFilter(IN, from, 6 * pitch, pitch, half, IN_ROW, GROUP);
      gatherFilter(TAPS, half, GROUP, IN_ROW, taps, GROUP, TAP_ROW);
      let to = at(dFilter, c * outChannels + k);
      for (let i = 0; i < TAPS * TAPS; i++) {
        storeLanes(to, v128.load(taps + <usize>i * GROUP), lanes);
        to = at(to, step);
      }
    }
  }
}
