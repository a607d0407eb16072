// The filter gradient of a depthwise 2D convolution; geometry and shapes as in depthwise.ts.

import { endInside, firstInside, loadLanes, storeLanes } from '../lanes';
import { at, clear, madd } from '../simd';
import { inputLanes } from './depthwise';

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
  clear(dFilter, filterHeight * filterWidth * outChannels);
  if (dBias) clear(dBias, outChannels);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < outHeight; i++) {
      const y0 = i * strideHeight - top;
      const r0 = firstInside(y0, dilationHeight);
      const r1 = endInside(y0, dilationHeight, height, filterHeight);
      let k = 0;
      for (; multiplier == 1 && k + 16 <= outChannels; k += 16) {
        if (dBias) {
          for (let c = k; c < k + 16; c += 4) addColumns(at(dy, c), outWidth, outChannels, at(dBias, c), 4);
        }
        for (let r = r0; r < r1; r++) {
          for (let s = 0; s < filterWidth; s++) {
            const x0 = s * dilationWidth - left;
            const j0 = firstInside(x0, strideWidth);
            const j1 = endInside(x0, strideWidth, width, outWidth);
            if (j0 >= j1) continue;
            const line = (b * height + y0 + r * dilationHeight) * width + j0 * strideWidth + x0;
            let pixel = at(x, line * channels + k);
            let from = at(dy, j0 * outChannels + k);
            let sum0 = f32x4.splat(0);
            let sum1 = sum0;
            let sum2 = sum0;
            let sum3 = sum0;
            for (let j = j0; j < j1; j++) {
              sum0 = madd(v128.load(pixel), v128.load(from), sum0);
              sum1 = madd(v128.load(pixel, 16), v128.load(from, 16), sum1);
              sum2 = madd(v128.load(pixel, 32), v128.load(from, 32), sum2);
              sum3 = madd(v128.load(pixel, 48), v128.load(from, 48), sum3);
              pixel += step;
              from += outStep;
            }
            const to = at(dFilter, (r * filterWidth + s) * outChannels + k);
            v128.store(to, f32x4.add(v128.load(to), sum0));
            v128.store(to, f32x4.add(v128.load(to, 16), sum1), 16);
            v128.store(to, f32x4.add(v128.load(to, 32), sum2), 32);
            v128.store(to, f32x4.add(v128.load(to, 48), sum3), 48);
          }
        }
      }
      for (; k < outChannels; k += 4) {
        const count = min(4, outChannels - k);
        if (dBias) addColumns(at(dy, k), outWidth, outChannels, at(dBias, k), count);
        for (let r = r0; r < r1; r++) {
          for (let s = 0; s < filterWidth; s++) {
            const x0 = s * dilationWidth - left;
            const j0 = firstInside(x0, strideWidth);
            const j1 = endInside(x0, strideWidth, width, outWidth);
            if (j0 >= j1) continue;
            const line = (b * height + y0 + r * dilationHeight) * width + j0 * strideWidth + x0;
            let pixel = at(x, line * channels);
            let from = at(dy, j0 * outChannels + k);
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
            // One sum for each row of the image: fewer terms of very unlike size are added.
            const to = at(dFilter, (r * filterWidth + s) * outChannels + k);
            storeLanes(to, f32x4.add(loadLanes(to, count), f32x4.add(even, odd)), count);
          }
        }
      }
      dy = at(dy, outWidth * outChannels);
    }
  }
}

/** Adds the sum of `count` columns of `rows` rows to the floats at `out`. */
function addColumns(from: usize, rows: i32, stride: i32, out: usize, count: i32): void {
  let sum = f32x4.splat(0);
  for (let row = 0; row < rows; row++) {
    sum = f32x4.add(sum, loadLanes(from, count));
    from = at(from, stride);
  }
  storeLanes(out, f32x4.add(loadLanes(out, count), sum), count);
}
