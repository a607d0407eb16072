// A band's level that learns from every miss, so that over time the band misses as often as it should, whatever happens.

/** The level α at which to take the next band, from how the last ones did. */
export interface AdaptiveLevel {
  /** May leave [0, 1]: at 0 and below the band holds everything, at 1 and above nothing. */
  readonly value: number;
  /**
   * Learns from one observation: `coveredUpTo` is the largest level at which its band would still have held it, one minus
   * the share of scores below its own.
   */
  update(coveredUpTo: number): void;
}

/** How an {@link AdaptiveLevel} learns. */
export interface AdaptiveLevelOptions {
  /** The share α that may be missed, for example 0.1. */
  alpha: number;
  /**
   * Step γ: the level changes by γ·(α − missed). After T observations the share missed differs from α by at most
   * (max(α, 1 − α) + γ)/(γ·T), whatever came: a large γ follows quickly and wavers.
   * Several: one level for each, averaged with weights by how each would have done lately.
   */
  gamma: number | readonly number[];
  /** With several γ: over how many observations their weights are learned; default 500. */
  interval?: number;
}

/** Steps to choose from where a series drifts at an unknown speed. */
export const adaptiveSteps: readonly number[] = [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128];

/**
 * Adaptive conformal inference: α_{t+1} = α_t + γ·(α − err_t), err_t = 1 if the band at α_t missed (Gibbs and Candès 2021,
 * NeurIPS). With several γ the dynamically tuned form: experts weighted by exponential weights on the pinball loss of
 * their levels (Gibbs and Candès 2024, J. Mach. Learn. Res. 25, 1–36).
 * @throws if alpha is not between 0 and 1, or a step is not positive.
 */
export function createAdaptiveLevel({ alpha, gamma, interval = 500 }: AdaptiveLevelOptions): AdaptiveLevel {
  const steps = typeof gamma === 'number' ? [gamma] : [...gamma];
  if (!(alpha > 0 && alpha < 1)) throw new Error(`adaptive: alpha must be between 0 and 1, got ${alpha}.`);
  if (steps.length === 0 || !steps.every((step) => step > 0 && Number.isFinite(step))) {
    throw new Error(`adaptive: gamma must be one or more positive numbers, got [${steps.join(', ')}].`);
  }
  if (!(interval >= 1)) throw new Error(`adaptive: interval must be at least 1, got ${interval}.`);
  const k = steps.length;
  const levels = steps.map(() => alpha);
  const weights = steps.map(() => 1 / k);
  const share = 1 / (2 * interval);
  const rate = Math.sqrt(
    ((3 / interval) * (Math.log(k * interval) + 2)) /
      ((1 - alpha) ** 2 * alpha ** 3 + alpha ** 2 * (1 - alpha) ** 3),
  );
  return {
    get value() {
      return levels.reduce((sum, level, i) => sum + weights[i]! * level, 0);
    },
    update(coveredUpTo) {
      let total = 0;
      for (const [i, level] of levels.entries()) {
        const loss = alpha * (coveredUpTo - level) - Math.min(0, coveredUpTo - level);
        weights[i]! *= Math.exp(-rate * loss);
        total += weights[i]!;
        levels[i]! += steps[i]! * (alpha - (level >= coveredUpTo ? 1 : 0));
      }
      for (let i = 0; i < k; i++) weights[i] = (1 - share) * (weights[i]! / total) + share / k;
    },
  };
}
