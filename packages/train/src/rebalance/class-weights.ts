// Loss reweighting: how much an example of each class counts.

import { checkNumber, lookUp } from '../check.ts';
import { countLabels } from './labels-of.ts';

/** How to weigh classes. */
export interface ClassWeightOptions {
  /**
   * `'balanced'` (default): w = N / (K·n), so that all classes weigh the same in sum and examples 1 on average.
   * `'effectiveNumber'`: w ∝ (1 − β) / (1 − βⁿ), scaled to sum to K over the classes (Cui et al. 2019, CVPR): between
   * equal weights (β = 0) and balanced ones (β → 1), since the n-th example of a class tells less than its first.
   */
  scheme?: 'balanced' | 'effectiveNumber';
  /** β of `'effectiveNumber'`, in [0, 1); default 0.999. */
  beta?: number;
}

/** Weights by class, and the same for each label. */
export interface ClassWeights {
  /** `[K]` */
  byClass: Float64Array;
  /** One for each label; 0 where it is NaN. */
  byExample: Float64Array;
}

/**
 * Weights by which rare classes count as much as frequent ones: for {@link reweighted} or {@link weightedResampling}.
 * `labels` are whole numbers 0 … K − 1, for example `labelsOf(samples)`. N labels in K classes of n each.
 * @throws if a class has no example, or an option is out of bounds.
 */
export function classWeights(
  labels: ArrayLike<number>,
  { scheme = 'balanced', beta = 0.999 }: ClassWeightOptions = {},
): ClassWeights {
  checkNumber('classWeights: beta', beta, { min: 0, below: 1 });
  const counts = countLabels('classWeights', labels);
  const total = counts.reduce((sum, n) => sum + n, 0);
  const schemes = {
    balanced: () => counts.map((n) => total / (counts.length * n)),
    effectiveNumber: () => {
      const raw = counts.map((n) => (1 - beta) / (1 - beta ** n));
      const sum = raw.reduce((all, each) => all + each, 0);
      return raw.map((each) => (each * counts.length) / sum);
    },
  };
  const byClass = Float64Array.from(lookUp('classWeights: scheme', schemes, scheme)());
  return { byClass, byExample: Float64Array.from(labels, (label) => byClass[label] ?? 0) };
}
