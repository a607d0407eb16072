import type { Random } from '@tidecast/data';

/** A draw from Beta(α, α), α > 0: G₁ / (G₁ + G₂) of two gamma variates, by logarithms, so that a small α does not underflow. */
export function randomBeta(random: Random, alpha: number): number {
  return 1 / (1 + Math.exp(logGamma(random, alpha) - logGamma(random, alpha)));
}

/** The logarithm of a draw from Gamma(shape, 1) (Marsaglia and Tsang 2000, ACM TOMS 26). */
function logGamma(random: Random, shape: number): number {
  if (shape < 1) return logGamma(random, shape + 1) + Math.log(1 - random.uniform()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = random.normal();
    const v = (1 + c * normal) ** 3;
    if (v <= 0) continue;
    const log = Math.log(v);
    if (Math.log(1 - random.uniform()) < 0.5 * normal * normal + d - d * v + d * log)
      return Math.log(d) + log;
  }
}
