// The standard normal law in float64.

/** Chebyshev coefficients of (1 + 2x)·exp(x²)·erfc(x) in (x − 3.75) / (x + 3.75), the first one halved; from 40 digits. */
const COEFFICIENTS = [
  1.1775789345674017, -0.004590054580646478, -0.08424913336651792, 0.05920993999819189, -0.026658668435305753,
  0.009074997670705265, -0.002413163540417608, 0.0004907758365258086, -6.916973302501206e-5,
  4.139027986073013e-6, 7.740383066198512e-7, -2.1886401049234217e-7, 1.0764999465672356e-8,
  4.521959811219384e-9, -7.754400208823961e-10, -6.318088340849315e-11, 2.8687950109311478e-11,
  1.945586850936246e-13, -9.654696755728877e-13, 3.2525480393598805e-14, 3.347811804713363e-14,
  -1.8645646501534796e-15, -1.25079713974285e-15, 7.417996906184966e-17, 5.067883167835429e-17,
];

/** φ(z) = exp(−z²/2) / √(2π). */
export function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/**
 * Φ(z), the share of the standard normal law below z, to a few units in the last place for z ≤ 0 (both tails keep their
 * small numbers as they are: use Φ(−z) for the upper one). The form is that of Schonfelder 1978, Mathematics of
 * Computation 32, 1232–1240.
 */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  if (x > 28) return z < 0 ? 0 : 1;
  const t = (x - 3.75) / (x + 3.75);
  // Clenshaw's recurrence.
  let next = 0;
  let after = 0;
  for (let k = COEFFICIENTS.length - 1; k >= 1; k--) {
    const here = 2 * t * next - after + COEFFICIENTS[k]!;
    after = next;
    next = here;
  }
  const scaled = t * next - after + COEFFICIENTS[0]!;
  // exp(−z²/2) in two factors, the first of an exact square: rounding z² alone would cost digits in the tail.
  const size = Math.abs(z);
  const coarse = Math.floor(size * 16) / 16;
  const power = Math.exp(-0.5 * coarse * coarse) * Math.exp(-0.5 * (size - coarse) * (size + coarse));
  const tail = (0.5 * scaled * power) / (1 + 2 * x);
  return z < 0 ? tail : 1 - tail;
}

/**
 * Φ⁻¹(level) for a level between 0 and 1: a rational start (Hastings 1955, sheet 68; within 5e-4), then Halley's method,
 * which is cubic, twice.
 */
export function normalQuantile(level: number): number {
  const lower = Math.min(level, 1 - level);
  const t = Math.sqrt(-2 * Math.log(lower));
  let z =
    (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (let i = 0; i < 2; i++) {
    const step = (normalCdf(z) - lower) / normalDensity(z);
    z -= step / (1 + 0.5 * z * step);
  }
  return level <= 0.5 ? z : -z;
}
