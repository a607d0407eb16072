// Depthwise 2D convolution and its gradients, NHWC: every channel has M filters of its own. Four output channels at a
// time; taps outside the image are left out, so nothing is padded. No scratch.
//
// The geometry is that of a convolution (convolution/convolution.ts) with the multiplier M in the place of the output
// channels. Shapes: x `[B, H, W, C]`, filter `[fh, fw, C, M]`, bias `[C·M]`, y `[B, OH, OW, C·M]`.

import { endInside, firstInside, loadLanes, storeLanes } from './lanes';
import { at, clear, madd } from './simd';

/**
 * The input channels of `count` (1 to 4) output channels from `k` on, each `k / M`: a load where M is 1.
 * `pixel`: address of channel 0.
 */
// @ts-ignore: decorator
@inline
function inputLanes(pixel: usize, k: i32, count: i32, multiplier: i32): v128 {
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
  const outChannels = channels * multiplier;
  const step = (<usize>(dilationWidth * channels)) << 2;
  for (let k = 0; k < outChannels; k += 4) {
    const count = min(4, outChannels - k);
    const start = bias ? loadLanes(at(bias, k), count) : f32x4.splat(0);
    let to = at(y, k);
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < outHeight; i++) {
        const y0 = i * strideHeight - top;
        const r0 = firstInside(y0, dilationHeight);
        const r1 = endInside(y0, dilationHeight, height, filterHeight);
        for (let j = 0; j < outWidth; j++) {
          const x0 = j * strideWidth - left;
          const s0 = firstInside(x0, dilationWidth);
          const s1 = endInside(x0, dilationWidth, width, filterWidth);
          let sum = start;
          for (let r = r0; r < r1; r++) {
            const line = (b * height + y0 + r * dilationHeight) * width + x0 + s0 * dilationWidth;
            let pixel = at(x, line * channels);
            let tap = at(filter, (r * filterWidth + s0) * outChannels + k);
            for (let s = s0; s < s1; s++) {
              sum = madd(inputLanes(pixel, k, count, multiplier), loadLanes(tap, count), sum);
              pixel += step;
              tap = at(tap, outChannels);
            }
          }
          storeLanes(to, sum, count);
          to = at(to, outChannels);
        }
      }
    }
  }
}

/** `dFilter` and `dBias` (0: not wanted), the gradients by filter and bias, from `x` and `dy`. */
export function depthwiseFilterGradient(
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
  const step = (<usize>(strideWidth * channels)) << 2;
  const outStep = (<usize>outChannels) << 2;
  for (let k = 0; k < outChannels; k += 4) {
    const count = min(4, outChannels - k);
    if (dBias) storeLanes(at(dBias, k), columnSums(at(dy, k), batch * outHeight * outWidth, outChannels, count), count);
    for (let r = 0; r < filterHeight; r++) {
      const y0 = r * dilationHeight - top;
      const i0 = firstInside(y0, strideHeight);
      const i1 = endInside(y0, strideHeight, height, outHeight);
      for (let s = 0; s < filterWidth; s++) {
        const x0 = s * dilationWidth - left;
        const j0 = firstInside(x0, strideWidth);
        const j1 = endInside(x0, strideWidth, width, outWidth);
        let sum = f32x4.splat(0);
        if (j0 < j1) {
          for (let b = 0; b < batch; b++) {
            for (let i = i0; i < i1; i++) {
              const line = (b * height + i * strideHeight + y0) * width + j0 * strideWidth + x0;
              let pixel = at(x, line * channels);
              let from = at(dy, ((b * outHeight + i) * outWidth + j0) * outChannels + k);
              // A sum for each row: fewer terms of very unlike size are added.
              let even = f32x4.splat(0);
              let odd = even;
              let j = j0;
              for (; j + 1 < j1; j += 2) {
                even = madd(inputLanes(pixel, k, count, multiplier), loadLanes(from, count), even);
                odd = madd(inputLanes(pixel + step, k, count, multiplier), loadLanes(from + outStep, count), odd);
                pixel += 2 * step;
                from += 2 * outStep;
              }
              if (j < j1) even = madd(inputLanes(pixel, k, count, multiplier), loadLanes(from, count), even);
              sum = f32x4.add(sum, f32x4.add(even, odd));
            }
          }
        }
        storeLanes(at(dFilter, (r * filterWidth + s) * outChannels + k), sum, count);
      }
    }
  }
}

/** Sums of `count` columns of `rows` rows, in groups of 64 rows. */
function columnSums(from: usize, rows: i32, stride: i32, count: i32): v128 {
  let sum = f32x4.splat(0);
  for (let row = 0; row < rows; ) {
    let part = f32x4.splat(0);
    for (const end = min(rows, row + 64); row < end; row++) {
      part = f32x4.add(part, loadLanes(from, count));
      from = at(from, stride);
    }
    sum = f32x4.add(sum, part);
  }
  return sum;
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
  const outChannels = channels * multiplier;
  const step = (<usize>(strideWidth * channels)) << 2;
  clear(dx, batch * height * width * channels);
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c += 4) {
      const count = min(4, channels - c);
      for (let r = 0; r < filterHeight; r++) {
        const y0 = r * dilationHeight - top;
        const i0 = firstInside(y0, strideHeight);
        const i1 = endInside(y0, strideHeight, height, outHeight);
        for (let s = 0; s < filterWidth; s++) {
          const x0 = s * dilationWidth - left;
          const j0 = firstInside(x0, strideWidth);
          const j1 = endInside(x0, strideWidth, width, outWidth);
          const tap = at(filter, (r * filterWidth + s) * outChannels + c * multiplier);
          for (let m = 0; m < multiplier; m++) {
            const weights = stridedLanes(at(tap, m), multiplier, count);
            for (let i = i0; i < i1; i++) {
              const line = (b * height + i * strideHeight + y0) * width + j0 * strideWidth + x0;
              let to = at(dx, line * channels + c);
              let from = at(dy, ((b * outHeight + i) * outWidth + j0) * outChannels + c * multiplier + m);
              for (let j = j0; j < j1; j++) {
                const product = madd(stridedLanes(from, multiplier, count), weights, loadLanes(to, count));
                storeLanes(to, product, count);
                to += step;
                from = at(from, outChannels);
              }
            }
          }
        }
      }
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
