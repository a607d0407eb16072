// The standard Student-t law in float64, and the special functions it is made of.

import { normalQuantile } from './normal.ts';

/** ln Γ(x) for x > 0: Stirling's series from x = 10 on, the recurrence below. Source: DLMF 5.11.1, 5.5.1. */
export function logGamma(x: number): number {
  let product = 1;
  let y = x;
  for (; y < 10; y++) product *= y;
  const r = 1 / (y * y);
  const series =
    (1 / 12 -
      r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * (691 / 360360 - r / 156)))))) /
    y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/** ln B(a, b). */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b);
}

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22) with the modified method
 * of Lentz. `y` is 1 − x, given apart so that neither end loses digits.
 */
function incompleteBeta(a: number, b: number, x: number, y: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, y, x);
  const front = Math.exp(a * Math.log(x) + b * Math.log(y) - logBeta(a, b)) / a;
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / (Math.abs(1 - ((a + b) * x) / (a + 1)) < tiny ? tiny : 1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d || tiny);
    c = 1 + even / c || tiny;
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d || tiny);
    c = 1 + odd / c || tiny;
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-15) break;
  }
  return front * fraction;
}

/** Density of the Student-t law with ν degrees of freedom. */
export function studentTDensity(t: number, nu: number): number {
  return Math.exp(-0.5 * Math.log(nu) - logBeta(0.5, nu / 2) - ((nu + 1) / 2) * Math.log1p((t * t) / nu));
}

/** P(T ≤ t) of the Student-t law with ν degrees of freedom. The lower tail keeps its digits. */
export function studentTCdf(t: number, nu: number): number {
  if (Number.isNaN(t) || Number.isNaN(nu)) return Number.NaN;
  const square = t * t;
  const tail =
    square === Number.POSITIVE_INFINITY
      ? 0
      : 0.5 * incompleteBeta(nu / 2, 0.5, nu / (nu + square), square / (nu + square));
  return t < 0 ? tail : 1 - tail;
}

/** The value below which the share `level`, between 0 and 1, lies: Newton's method in a bracket. */
export function studentTQuantile(level: number, nu: number): number {
  if (Number.isNaN(nu)) return Number.NaN;
  if (level === 0.5) return 0;
  const lower = Math.min(level, 1 - level);
  let low = -1;
  while (studentTCdf(low, nu) > lower) low *= 2;
  let high = low === -1 ? 0 : low / 2;
  let t = Math.min(high, Math.max(low, normalQuantile(lower)));
  for (let i = 0; i < 200; i++) {
    const error = studentTCdf(t, nu) - lower;
    if (error > 0) high = t;
    else low = t;
    const newton = t - error / studentTDensity(t, nu);
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - t) <= 1e-15 * Math.abs(t)) break;
    t = next;
  }
  return level < 0.5 ? t : -t;
}
