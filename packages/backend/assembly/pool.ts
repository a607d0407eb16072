// Max and average pooling and their gradients, NHWC, four channels at a time; 1D pooling is one of height 1, global
// pooling one whose window is the image. Pixels outside the image do not count: a mean divides by those inside. No scratch.
//
// The geometry is the same list everywhere: batch, height, width and channels of the input, height and width of the
// output, of the window and of the stride, padding at the top and on the left.

import { loadLanes, storeLanes } from './lanes';
import { gradientOfSquares, isSquare, maxOfSquares } from './pool-squares';
import { at, clear } from './simd';

/** `y [B, OH, OW, C]`: the largest value of each window of `x [B, H, W, C]`; NaN where there is one. */
export function maxPool(
  x: usize,
  y: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
): void {
  const line = width * channels;
  const square = isSquare(
    height, width, channels, outHeight, outWidth, windowHeight, windowWidth, strideHeight, strideWidth, top, left,
  );
  for (let b = 0; b < batch; b++) {
    const image = at(x, b * height * line);
    for (let i = 0; i < outHeight; i++) {
      if (square) {
        maxOfSquares(at(image, i * strideHeight * line), y, line << 2, channels << 2, strideWidth, outWidth);
        y = at(y, outWidth * channels);
        continue;
      }
      const y0 = max(0, i * strideHeight - top);
      const y1 = min(height, i * strideHeight - top + windowHeight);
      for (let j = 0; j < outWidth; j++) {
        const x0 = max(0, j * strideWidth - left);
        const columns = min(width, j * strideWidth - left + windowWidth) - x0;
        for (let c = 0; c < channels; c += 4) {
          const count = min(4, channels - c);
          let from = at(image, y0 * line + x0 * channels + c);
          let best = f32x4.splat(-Infinity);
          // Where a lane has met NaN: pmax is one instruction and passes NaN over.
          let missing = f32x4.splat(0);
          for (let r = y0; r < y1; r++) {
            let pixel = from;
            let s = columns;
            for (; s >= 2; s -= 2) {
              const one = loadLanes(pixel, count);
              const two = loadLanes(at(pixel, channels), count);
              best = f32x4.pmax(f32x4.pmax(best, one), two);
              missing = v128.or(missing, v128.or(f32x4.ne(one, one), f32x4.ne(two, two)));
              pixel = at(pixel, 2 * channels);
            }
            if (s > 0) {
              const one = loadLanes(pixel, count);
              best = f32x4.pmax(best, one);
              missing = v128.or(missing, f32x4.ne(one, one));
            }
            from = at(from, line);
          }
          storeLanes(at(y, c), v128.or(best, missing), count);
        }
        y = at(y, channels);
      }
    }
  }
}

/**
 * `dx = dy` at the first maximum of each window (the first NaN, where there is one), summed over windows. `y`: what
 * {@link maxPool} gave.
 */
export function maxPoolGradient(
  x: usize,
  y: usize,
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
): void {
  const line = width * channels;
  const disjoint = strideHeight >= windowHeight && strideWidth >= windowWidth;
  const square =
    disjoint &&
    isSquare(
      height, width, channels, outHeight, outWidth, windowHeight, windowWidth, strideHeight, strideWidth, top, left,
    );
  const whole = square && outHeight * 2 == height && outWidth * 2 == width;
  for (let b = 0; b < batch; b++) {
    const image = b * height * line;
    if (!whole) clear(at(dx, image), height * line);
    for (let i = 0; i < outHeight; i++) {
      if (square) {
        const row = image + i * strideHeight * line;
        gradientOfSquares(at(x, row), at(dx, row), y, dy, line << 2, channels << 2, strideWidth, outWidth);
        y = at(y, outWidth * channels);
        dy = at(dy, outWidth * channels);
        continue;
      }
      const y0 = max(0, i * strideHeight - top);
      const y1 = min(height, i * strideHeight - top + windowHeight);
      for (let j = 0; j < outWidth; j++) {
        const x0 = max(0, j * strideWidth - left);
        const columns = min(width, j * strideWidth - left + windowWidth) - x0;
        for (let c = 0; c < channels; c += 4) {
          const count = min(4, channels - c);
          const best = loadLanes(at(y, c), count);
          const missing = f32x4.ne(best, best);
          let gradient = loadLanes(at(dy, c), count);
          let from = image + y0 * line + x0 * channels + c;
          if (disjoint && count == 4 && !v128.any_true(missing)) {
            for (let r = y0; r < y1; r++) {
              let pixel = at(x, from);
              let to = at(dx, from);
              let s = columns;
              for (; s >= 2; s -= 2) {
                const one = f32x4.eq(v128.load(pixel), best);
                const two = f32x4.eq(v128.load(at(pixel, channels)), best);
                v128.store(to, v128.and(one, gradient));
                gradient = v128.andnot(gradient, one);
                v128.store(at(to, channels), v128.and(two, gradient));
                gradient = v128.andnot(gradient, two);
                pixel = at(pixel, 2 * channels);
                to = at(to, 2 * channels);
              }
              if (s > 0) {
                const one = f32x4.eq(v128.load(pixel), best);
                v128.store(to, v128.and(one, gradient));
                gradient = v128.andnot(gradient, one);
              }
              from += line;
            }
          } else {
            for (let r = y0; r < y1; r++) {
              let pixel = from;
              for (let s = 0; s < columns; s++) {
                const value = loadLanes(at(x, pixel), count);
                const taken = v128.or(f32x4.eq(value, best), v128.and(missing, f32x4.ne(value, value)));
                const to = at(dx, pixel);
                storeLanes(to, f32x4.add(loadLanes(to, count), v128.and(taken, gradient)), count);
                gradient = v128.andnot(gradient, taken);
                pixel += channels;
              }
              from += line;
            }
          }
        }
        y = at(y, channels);
        dy = at(dy, channels);
      }
    }
  }
}

/** `y [B, OH, OW, C]`: the mean of each window of `x [B, H, W, C]`. */
export function averagePool(
  x: usize,
  y: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
): void {
  const line = width * channels;
  for (let b = 0; b < batch; b++) {
    const image = at(x, b * height * line);
    for (let i = 0; i < outHeight; i++) {
      const y0 = max(0, i * strideHeight - top);
      const y1 = min(height, i * strideHeight - top + windowHeight);
      for (let j = 0; j < outWidth; j++) {
        const x0 = max(0, j * strideWidth - left);
        const columns = min(width, j * strideWidth - left + windowWidth) - x0;
        const pixels = f32x4.splat(<f32>((y1 - y0) * columns));
        for (let c = 0; c < channels; c += 4) {
          const count = min(4, channels - c);
          let from = at(image, y0 * line + x0 * channels + c);
          let sum = f32x4.splat(0);
          for (let r = y0; r < y1; r++) {
            // A sum for each row: fewer terms of very unlike size are added.
            let part = f32x4.splat(0);
            let pixel = from;
            for (let s = 0; s < columns; s++) {
              part = f32x4.add(part, loadLanes(pixel, count));
              pixel = at(pixel, channels);
            }
            sum = f32x4.add(sum, part);
            from = at(from, line);
          }
          storeLanes(at(y, c), f32x4.div(sum, pixels), count);
        }
        y = at(y, channels);
      }
    }
  }
}

/** `dx = dy / n` over the n pixels of each window that are inside the image, summed over windows. */
export function averagePoolGradient(
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  outHeight: i32,
  outWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  strideHeight: i32,
  strideWidth: i32,
  top: i32,
  left: i32,
): void {
  const line = width * channels;
  for (let b = 0; b < batch; b++) {
    const image = at(dx, b * height * line);
    clear(image, height * line);
    for (let i = 0; i < outHeight; i++) {
      const y0 = max(0, i * strideHeight - top);
      const y1 = min(height, i * strideHeight - top + windowHeight);
      for (let j = 0; j < outWidth; j++) {
        const x0 = max(0, j * strideWidth - left);
        const columns = min(width, j * strideWidth - left + windowWidth) - x0;
        const pixels = f32x4.splat(<f32>((y1 - y0) * columns));
        for (let c = 0; c < channels; c += 4) {
          const count = min(4, channels - c);
          const share = f32x4.div(loadLanes(at(dy, c), count), pixels);
          let from = at(image, y0 * line + x0 * channels + c);
          for (let r = y0; r < y1; r++) {
            let pixel = from;
            for (let s = 0; s < columns; s++) {
              storeLanes(pixel, f32x4.add(loadLanes(pixel, count), share), count);
              pixel = at(pixel, channels);
            }
            from = at(from, line);
          }
        }
        dy = at(dy, channels);
      }
    }
  }
}
