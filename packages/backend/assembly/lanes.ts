// Groups of four channels, of which the last may be incomplete: nothing is read or written beside them.

import { FLOAT } from './simd';

/** The first `count` (1 to 4) floats at `address`; the other lanes are 0. */
// @ts-ignore: decorator
@inline
export function loadLanes(address: usize, count: i32): v128 {
  return count == 4 ? v128.load(address) : loadPart(address, count);
}

function loadPart(address: usize, count: i32): v128 {
  let x = f32x4.replace_lane(f32x4.splat(0), 0, load<f32>(address));
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(address, 4));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(address, 8));
  return x;
}

/** Writes the first `count` (1 to 4) lanes to `address`. */
// @ts-ignore: decorator
@inline
export function storeLanes(address: usize, x: v128, count: i32): void {
  if (count == 4) v128.store(address, x);
  else storePart(address, x, count);
}

function storePart(address: usize, x: v128, count: i32): void {
  store<f32>(address, f32x4.extract_lane(x, 0));
  if (count > 1) store<f32>(address + FLOAT, f32x4.extract_lane(x, 1));
  if (count > 2) store<f32>(address + 2 * FLOAT, f32x4.extract_lane(x, 2));
}

/** The smallest `i ≥ 0` with `i · stride + offset ≥ 0`: the first output whose tap lies inside the image. */
// @ts-ignore: decorator
@inline
export function firstInside(offset: i32, stride: i32): i32 {
  return offset >= 0 ? 0 : (stride - 1 - offset) / stride;
}

/** One more than the largest `i < count` with `i · stride + offset < size`; 0 where there is none. */
// @ts-ignore: decorator
@inline
export function endInside(offset: i32, stride: i32, size: i32, count: i32): i32 {
  if (offset + (count - 1) * stride < size) return count;
  return offset >= size ? 0 : (size - 1 - offset) / stride + 1;
}
