// What every kernel shares: four lanes at a time, and one multiply-add that fuses where the build may.

/** Bytes of a float. */
// @ts-ignore: decorator
@inline export const FLOAT: usize = 4;

/** `a·b + c` on four lanes; fused (one rounding) in the relaxed build. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** Address of element `index` of an array of floats. */
// @ts-ignore: decorator
@inline
export function at(base: usize, index: i32): usize {
  return base + ((<usize>index) << 2);
}

/** `count` rounded up to a multiple of 4. */
// @ts-ignore: decorator
@inline
export function up4(count: i32): i32 {
  return (count + 3) & ~3;
}

/** `count` rounded up to a multiple of 8. */
// @ts-ignore: decorator
@inline
export function up8(count: i32): i32 {
  return (count + 7) & ~7;
}

/** Sum of the four lanes. */
// @ts-ignore: decorator
@inline
export function laneSum(x: v128): f32 {
  return (
    f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3))
  );
}

/** Sets `count` floats to 0. */
// @ts-ignore: decorator
@inline
export function clear(out: usize, count: i32): void {
  memory.fill(out, 0, (<usize>count) << 2);
}
