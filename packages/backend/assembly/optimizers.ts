// Updates of all weights of a model at once: they stand in one block, and so do their gradients and slots. Each kernel
// keeps the old weights in `previous`, so that an update that is not finite can be undone, and says whether all new
// weights are finite. `scale` multiplies the gradients first (clipping by norm). Semantics are those of torch.optim.

import { at, laneSum, madd } from './simd';

/** Σ g² in float64. */
export function squaredNorm(count: i32, g: usize): f64 {
  const end = at(g, count);
  let low = f64x2.splat(0);
  let high = low;
  for (; g + 16 <= end; g += 16) {
    const x = v128.load(g);
    const a = f64x2.promote_low_f32x4(x);
    const b = f64x2.promote_low_f32x4(v128.shuffle<f32>(x, x, 2, 3, 2, 3));
    low = f64x2.add(low, f64x2.mul(a, a));
    high = f64x2.add(high, f64x2.mul(b, b));
  }
  low = f64x2.add(low, high);
  let total = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; g < end; g += 4) total += <f64>load<f32>(g) * <f64>load<f32>(g);
  return total;
}

/** Cuts every gradient at ±limit, in place; true where one was larger. */
export function clipValues(count: i32, g: usize, limit: f32): bool {
  let hit = false;
  for (let i = 0; i < count; i++) {
    const value = load<f32>(at(g, i));
    if (value > limit) store<f32>(at(g, i), limit);
    else if (value < -limit) store<f32>(at(g, i), -limit);
    else continue;
    hit = true;
  }
  return hit;
}

/** 0 where all lanes are finite, NaN otherwise. */
// @ts-ignore: decorator
@inline
function blemish(x: v128): v128 {
  return f32x4.mul(x, f32x4.splat(0));
}

/** Stores an updated vector and remembers the old one. */
// @ts-ignore: decorator
@inline
function replace(weight: usize, previous: usize, old: v128, updated: v128): v128 {
  v128.store(previous, old);
  v128.store(weight, updated);
  return blemish(updated);
}

/**
 * g ← g + λ·w; v ← μ·v + g; w ← w − η·v, or w − η·(g + μ·v) where `nesterov`. Without momentum `velocity` is 0 (none).
 * Blocks hold whole vectors: `count` is rounded up to a multiple of 4.
 */
export function sgd(
  count: i32,
  weight: usize,
  previous: usize,
  gradient: usize,
  scale: f32,
  velocity: usize,
  rate: f32,
  momentum: f32,
  nesterov: bool,
  decay: f32,
): bool {
  let bad = f32x4.splat(0);
  const s = f32x4.splat(scale);
  const lambda = f32x4.splat(decay);
  const mu = f32x4.splat(momentum);
  const eta = f32x4.splat(-rate);
  for (let i = 0; i < count; i += 4) {
    const w = v128.load(at(weight, i));
    const g = madd(lambda, w, f32x4.mul(s, v128.load(at(gradient, i))));
    let move = g;
    if (velocity) {
      const v = madd(mu, v128.load(at(velocity, i)), g);
      v128.store(at(velocity, i), v);
      move = nesterov ? madd(mu, v, g) : v;
    }
    bad = f32x4.add(bad, replace(at(weight, i), at(previous, i), w, madd(eta, move, w)));
  }
  return laneSum(bad) == 0;
}

/** s ← α·s + (1 − α)·g²; w ← w − η·g / (√s + ε), through a velocity as in {@link sgd} where there is one. */
export function rmsprop(
  count: i32,
  weight: usize,
  previous: usize,
  gradient: usize,
  scale: f32,
  square: usize,
  velocity: usize,
  rate: f32,
  smoothing: f32,
  rest: f32,
  epsilon: f32,
  momentum: f32,
  decay: f32,
): bool {
  let bad = f32x4.splat(0);
  const s = f32x4.splat(scale);
  for (let i = 0; i < count; i += 4) {
    const w = v128.load(at(weight, i));
    const g = madd(f32x4.splat(decay), w, f32x4.mul(s, v128.load(at(gradient, i))));
    const v = madd(f32x4.splat(smoothing), v128.load(at(square, i)), f32x4.mul(f32x4.splat(rest), f32x4.mul(g, g)));
    v128.store(at(square, i), v);
    let move = f32x4.div(g, f32x4.add(f32x4.sqrt(v), f32x4.splat(epsilon)));
    if (velocity) {
      move = madd(f32x4.splat(momentum), v128.load(at(velocity, i)), move);
      v128.store(at(velocity, i), move);
    }
    bad = f32x4.add(bad, replace(at(weight, i), at(previous, i), w, madd(f32x4.splat(-rate), move, w)));
  }
  return laneSum(bad) == 0;
}

/**
 * m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; w ← w − leak·w − rate·m / (√v·unbias + ε), where `rate` is η / (1 −
 * β₁ᵗ) and `unbias` 1 / √(1 − β₂ᵗ); g ← g + penalty·w first. `rest1`, `rest2`: 1 − β, computed in float64. (1 − leak as a
 * float would round a small leak away.)
 */
export function adam(
  count: i32,
  weight: usize,
  previous: usize,
  gradient: usize,
  scale: f32,
  mean: usize,
  square: usize,
  rate: f32,
  beta1: f32,
  rest1: f32,
  beta2: f32,
  rest2: f32,
  unbias: f32,
  epsilon: f32,
  leak: f32,
  penalty: f32,
): bool {
  let bad = f32x4.splat(0);
  const s = f32x4.splat(scale);
  const eta = f32x4.splat(-rate);
  for (let i = 0; i < count; i += 4) {
    const w = v128.load(at(weight, i));
    const g = madd(f32x4.splat(penalty), w, f32x4.mul(s, v128.load(at(gradient, i))));
    const m = madd(f32x4.splat(beta1), v128.load(at(mean, i)), f32x4.mul(f32x4.splat(rest1), g));
    const v = madd(f32x4.splat(beta2), v128.load(at(square, i)), f32x4.mul(f32x4.splat(rest2), f32x4.mul(g, g)));
    v128.store(at(mean, i), m);
    v128.store(at(square, i), v);
    const root = madd(f32x4.sqrt(v), f32x4.splat(unbias), f32x4.splat(epsilon));
    const updated = madd(f32x4.splat(-leak), w, madd(eta, f32x4.div(m, root), w));
    bad = f32x4.add(bad, replace(at(weight, i), at(previous, i), w, updated));
  }
  return laneSum(bad) == 0;
}
