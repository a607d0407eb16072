// Maxima over windows of 2 × 2, the ones of most networks, without a loop over the window.

/** True for windows of 2 × 2 inside the image and whole vectors of channels: the windows of most networks. */
export function isSquare(
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
): bool {
  return (
    windowHeight == 2 &&
    windowWidth == 2 &&
    (channels & 3) == 0 &&
    top == 0 &&
    left == 0 &&
    (outHeight - 1) * strideHeight + 2 <= height &&
    (outWidth - 1) * strideWidth + 2 <= width
  );
}

/** One row of outputs of 2 × 2 windows. `line`, `pixel`: bytes of a row and of a pixel of the input. */
export function maxOfSquares(x: usize, y: usize, line: usize, pixel: usize, stride: i32, outWidth: i32): void {
  const skip = <usize>(stride - 1) * pixel;
  for (let j = 0; j < outWidth; j++) {
    for (const end = x + pixel; x < end; x += 16, y += 16) {
      const a = v128.load(x);
      const b = v128.load(x + pixel);
      const c = v128.load(x + line);
      const d = v128.load(x + line + pixel);
      const best = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
      const missing = v128.or(v128.or(f32x4.ne(a, a), f32x4.ne(b, b)), v128.or(f32x4.ne(c, c), f32x4.ne(d, d)));
      v128.store(y, v128.or(best, missing));
    }
    x += skip;
  }
}

/** The gradient of one row of outputs of 2 × 2 windows that do not overlap. */
export function gradientOfSquares(
  x: usize,
  dx: usize,
  y: usize,
  dy: usize,
  line: usize,
  pixel: usize,
  stride: i32,
  outWidth: i32,
): void {
  const skip = <usize>(stride - 1) * pixel;
  for (let j = 0; j < outWidth; j++) {
    for (const end = x + pixel; x < end; x += 16, dx += 16, y += 16, dy += 16) {
      const best = v128.load(y);
      let gradient = v128.load(dy);
      // Where the maximum is NaN, the first NaN takes the gradient.
      const missing = f32x4.ne(best, best);
      let taken = takes(v128.load(x), best, missing);
      v128.store(dx, v128.and(taken, gradient));
      gradient = v128.andnot(gradient, taken);
      taken = takes(v128.load(x + pixel), best, missing);
      v128.store(dx + pixel, v128.and(taken, gradient));
      gradient = v128.andnot(gradient, taken);
      taken = takes(v128.load(x + line), best, missing);
      v128.store(dx + line, v128.and(taken, gradient));
      gradient = v128.andnot(gradient, taken);
      taken = takes(v128.load(x + line + pixel), best, missing);
      v128.store(dx + line + pixel, v128.and(taken, gradient));
    }
    x += skip;
    dx += skip;
  }
}

/** Where `value` is the maximum, or NaN as the maximum is. */
// @ts-ignore: decorator
@inline
function takes(value: v128, best: v128, missing: v128): v128 {
  return v128.or(f32x4.eq(value, best), v128.and(missing, f32x4.ne(value, value)));
}
