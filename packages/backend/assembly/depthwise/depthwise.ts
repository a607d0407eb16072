// Depthwise 2D convolution and its input gradient, NHWC: every channel has M filters of its own. Whole vectors of channels
// at a time; taps outside the image are left out, so nothing is padded. No scratch.
//
// The geometry is that of a convolution (../convolution/convolution.ts) with the multiplier M in the place of the output
// channels. Shapes: x `[B, H, W, C]`, filter `[fh, fw, C, M]`, bias `[C·M]`, y `[B, OH, OW, C·M]`.

import { endInside, firstInside, loadLanes, storeLanes } from '../lanes';
import { at, clear, madd } from '../simd';

/**
 * The input channels of `count` (1 to 4) output channels from `k` on, each `k / M`: a load where M is 1.
 * `pixel`: address of channel 0.
 */
// @ts-ignore: decorator
@inline
export function inputLanes(pixel: usize, k: i32, count: i32, multiplier: i32): v128 {
  if (multiplier == 1) return loadLanes(at(pixel, k), count);
  const last = k + count - 1;
  let x = v128.load_splat<f32>(at(pixel, k / multiplier));
  x = f32x4.replace_lane(x, 1, load<f32>(at(pixel, min(k + 1, last) / multiplier)));
  x = f32x4.replace_lane(x, 2, load<f32>(at(pixel, min(k + 2, last) / multiplier)));
  return f32x4.replace_lane(x, 3, load<f32>(at(pixel, last / multiplier)));
}

/** `y[…, c·M + m] = Σ over taps of x[…, c] · filter[…, c, m] + bias[c·M + m]`; `bias` 0: none. */
export function depthwise(
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
  multiplier: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  top: i32,
  left: i32,
): void {
  convolve(
    x,
    filter,
    false,
    bias,
    y,
    batch,
    height,
    width,
    channels,
    outHeight,
    outWidth,
    multiplier,
    filterHeight,
    filterWidth,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    top,
    left,
  );
}

/** The convolution by the filter as it is, or with its taps in reverse. */
function convolve(
  x: usize,
  filter: usize,
  reverse: bool,
  bias: usize,
  y: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  multiplier: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  top: i32,
  left: i32,
): void {
  const outChannels = channels * multiplier;
  const step = (<usize>(dilationWidth * channels)) << 2;
  const rowStep = (<usize>(dilationHeight * width * channels)) << 2;
  if (reverse) filter = at(filter, (filterHeight * filterWidth - 1) * outChannels);
  const tapStep = (reverse ? -outChannels : outChannels) << 2;
  const filterRow = filterWidth * tapStep;
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < outHeight; i++) {
      const y0 = i * strideHeight - top;
      const r0 = firstInside(y0, dilationHeight);
      const r1 = endInside(y0, dilationHeight, height, filterHeight);
      for (let j = 0; j < outWidth; j++) {
        const x0 = j * strideWidth - left;
        const s0 = firstInside(x0, dilationWidth);
        const s1 = endInside(x0, dilationWidth, width, filterWidth);
        const line = (b * height + y0 + r0 * dilationHeight) * width + x0 + s0 * dilationWidth;
        const first = at(x, line * channels);
        const firstTap = filter + r0 * filterRow + s0 * tapStep;
        let k = 0;
        // Sixteen channels at a time fill a line of the cache.
        for (; multiplier == 1 && k + 16 <= outChannels; k += 16) {
          let from = at(first, k);
          let w = at(firstTap, k);
          const start = at(bias, k);
          let sum0 = bias ? v128.load(start) : f32x4.splat(0);
          let sum1 = bias ? v128.load(start, 16) : f32x4.splat(0);
          let sum2 = bias ? v128.load(start, 32) : f32x4.splat(0);
          let sum3 = bias ? v128.load(start, 48) : f32x4.splat(0);
          for (let r = r0; r < r1; r++) {
            let pixel = from;
            let tap = w;
            for (let s = s0; s < s1; s++) {
              sum0 = madd(v128.load(pixel), v128.load(tap), sum0);
              sum1 = madd(v128.load(pixel, 16), v128.load(tap, 16), sum1);
              sum2 = madd(v128.load(pixel, 32), v128.load(tap, 32), sum2);
              sum3 = madd(v128.load(pixel, 48), v128.load(tap, 48), sum3);
              pixel += step;
              tap += tapStep;
            }
            from += rowStep;
            w += filterRow;
          }
          const to = at(y, k);
          v128.store(to, sum0);
          v128.store(to, sum1, 16);
          v128.store(to, sum2, 32);
          v128.store(to, sum3, 48);
        }
        for (; k < outChannels; k += 4) {
          const count = min(4, outChannels - k);
          let from = first;
          let w = at(firstTap, k);
          let sum = bias ? loadLanes(at(bias, k), count) : f32x4.splat(0);
          for (let r = r0; r < r1; r++) {
            let pixel = from;
            let tap = w;
            for (let s = s0; s < s1; s++) {
              sum = madd(inputLanes(pixel, k, count, multiplier), loadLanes(tap, count), sum);
              pixel += step;
              tap += tapStep;
            }
            from += rowStep;
            w += filterRow;
          }
          storeLanes(at(y, k), sum, count);
        }
        y = at(y, outChannels);
      }
    }
  }
}

/** `dx`, the gradient by the input, from `dy` and the filter. */
export function depthwiseInputGradient(
  dy: usize,
  filter: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  multiplier: i32,
  filterHeight: i32,
  filterWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  dilationHeight: i32,
  dilationWidth: i32,
  top: i32,
  left: i32,
): void {
  if (multiplier == 1 && strideHeight == 1 && strideWidth == 1) {
    convolve(
      dy,
      filter,
      true,
      0,
      dx,
      batch,
      outHeight,
      outWidth,
      channels,
      height,
      width,
      1,
      filterHeight,
      filterWidth,
      1,
      1,
      dilationHeight,
      dilationWidth,
      (filterHeight - 1) * dilationHeight - top,
      (filterWidth - 1) * dilationWidth - left,
    );
    return;
  }
  const outChannels = channels * multiplier;
  const step = (<usize>(strideWidth * channels)) << 2;
  clear(dx, batch * height * width * channels);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < outHeight; i++) {
      const y0 = i * strideHeight - top;
      const r0 = firstInside(y0, dilationHeight);
      const r1 = endInside(y0, dilationHeight, height, filterHeight);
      for (let r = r0; r < r1; r++) {
        for (let c = 0; c < channels; c += 4) {
          const count = min(4, channels - c);
          for (let s = 0; s < filterWidth; s++) {
            const x0 = s * dilationWidth - left;
            const j0 = firstInside(x0, strideWidth);
            const j1 = endInside(x0, strideWidth, width, outWidth);
            const line = (b * height + y0 + r * dilationHeight) * width + j0 * strideWidth + x0;
            for (let m = 0; m < multiplier; m++) {
              const k = c * multiplier + m;
              const weights = stridedLanes(at(filter, (r * filterWidth + s) * outChannels + k), multiplier, count);
              let to = at(dx, line * channels + c);
              let from = at(dy, j0 * outChannels + k);
              for (let j = j0; j < j1; j++) {
                storeLanes(to, madd(stridedLanes(from, multiplier, count), weights, loadLanes(to, count)), count);
                to += step;
                from = at(from, outChannels);
              }
            }
          }
        }
      }
      dy = at(dy, outWidth * outChannels);
    }
  }
}

/** `count` (1 to 4) floats, each `stride` floats after the one before; the other lanes are of no meaning. */
// @ts-ignore: decorator
@inline
function stridedLanes(address: usize, stride: i32, count: i32): v128 {
  if (stride == 1) return loadLanes(address, count);
  let x = v128.load_splat<f32>(address);
  if (count > 1) x = f32x4.replace_lane(x, 1, load<f32>(at(address, stride)));
  if (count > 2) x = f32x4.replace_lane(x, 2, load<f32>(at(address, 2 * stride)));
  if (count > 3) x = f32x4.replace_lane(x, 3, load<f32>(at(address, 3 * stride)));
  return x;
}
