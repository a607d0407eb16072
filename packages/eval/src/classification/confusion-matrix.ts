// Which classes are taken for which. Accuracy alone hides a rare class; recall and precision of each class do not.

import { type ClassScoreOptions, checkClasses, scorable } from './examples.ts';

/** How often each class was taken for each. */
export interface ConfusionMatrix {
  /** K. */
  classes: number;
  /** Row-major `[actual, predicted]`: the examples, or their weights. */
  counts: Float64Array;
  /** Examples scored. */
  n: number;
  /** Examples left out because a side was missing. */
  missing: number;
}

/** Scores of one class. NaN where nothing stands behind one: precision of a class that was never predicted. */
export interface ClassScores {
  /** Of the examples said to be of the class, the share that was. */
  precision: number;
  /** Of the examples of the class, the share that was found. */
  recall: number;
  /** Harmonic mean of the two: 2·TP / (2·TP + FP + FN). */
  f1: number;
  /** The examples of the class, or their weight. */
  support: number;
}

/**
 * Counts `predicted` against `actual` classes, both whole numbers from 0 to `classes` − 1; NaN is missing.
 * @throws if lengths differ or a class is out of range.
 */
export function confusionMatrix(
  predicted: ArrayLike<number>,
  actual: ArrayLike<number>,
  { classes, weights }: ClassScoreOptions & { classes: number },
): ConfusionMatrix {
  checkClasses('confusionMatrix', classes);
  const { indices, missing, weightOf } = scorable('confusionMatrix', predicted, actual, { classes, weights });
  const counts = new Float64Array(classes * classes);
  for (const i of indices) {
    const said = predicted[i]!;
    if (!(Number.isInteger(said) && said >= 0 && said < classes)) {
      throw new Error(
        `confusionMatrix: predicted classes must be whole numbers from 0 to ${classes - 1}, got ${said}. ` +
          'Take mostLikely of probabilities first.',
      );
    }
    counts[actual[i]! * classes + said]! += weightOf(i);
  }
  return { classes, counts, n: indices.length, missing };
}

/** Precision, recall and F1 of each class, their accuracy over all examples, and the mean of the recalls. */
export function classScores({ classes, counts }: ConfusionMatrix): {
  perClass: ClassScores[];
  /** Share of all examples (or weights) that were right. */
  accuracy: number;
  /** Mean recall of the classes that have examples: what accuracy would be if classes were equally frequent. */
  balancedAccuracy: number;
} {
  let total = 0;
  let right = 0;
  const perClass = Array.from({ length: classes }, (_, c): ClassScores => {
    let support = 0;
    let said = 0;
    for (let other = 0; other < classes; other++) {
      support += counts[c * classes + other]!;
      said += counts[other * classes + c]!;
    }
    const hits = counts[c * classes + c]!;
    total += support;
    right += hits;
    return { precision: hits / said, recall: hits / support, f1: (2 * hits) / (said + support), support };
  });
  const recalls = perClass.filter(({ support }) => support > 0).map(({ recall }) => recall);
  return {
    perClass,
    accuracy: right / total,
    balancedAccuracy: recalls.reduce((sum, recall) => sum + recall, 0) / recalls.length,
  };
}

/** The class with the largest of `classes` values (logits or probabilities) of each example; NaN where one is missing. */
export function mostLikely(values: ArrayLike<number>, classes: number): Float64Array {
  checkClasses('mostLikely', classes);
  if (values.length % classes !== 0) {
    throw new Error(`mostLikely: expected ${classes} values for each example, got ${values.length} in all.`);
  }
  return Float64Array.from({ length: values.length / classes }, (_, i) => {
    let best = 0;
    for (let c = 0; c < classes; c++) {
      const value = values[i * classes + c]!;
      if (Number.isNaN(value)) return Number.NaN;
      if (value > values[i * classes + best]!) best = c;
    }
    return best;
  });
}
