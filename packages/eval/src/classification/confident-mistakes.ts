// The mistakes to look at first: those of which the classifier was most sure. Often the label is wrong, not the classifier.

import { checkedProbabilities, type ProbabilityOptions } from './probability-scores.ts';

/** An example whose likeliest class is not its label. */
export interface Mistake {
  /** Position of the example. */
  index: number;
  predicted: number;
  actual: number;
  /** What was said of the predicted class, and of the actual one. */
  probability: number;
  actualProbability: number;
}

/**
 * The `count` (default 10) wrong examples with the highest probability of their predicted class, the surest first. Of equal
 * probabilities the earlier example comes first. An example with a NaN is left out.
 * @throws if lengths differ, or values are no probabilities.
 */
export function mostConfidentMistakes(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  { count = 10, classes }: Pick<ProbabilityOptions, 'classes'> & { count?: number } = {},
): Mistake[] {
  if (!(Number.isInteger(count) && count >= 1)) {
    throw new Error(`mostConfidentMistakes: count must be a whole number from 1, got ${count}.`);
  }
  const { indices, width } = checkedProbabilities('mostConfidentMistakes', probabilities, labels, {
    classes,
  });
  const said = (index: number, k: number) => {
    if (width > 1) return probabilities[index * width + k]!;
    return k === 1 ? probabilities[index]! : 1 - probabilities[index]!;
  };
  const mistakes: Mistake[] = [];
  for (const index of indices) {
    let predicted = 0;
    for (let k = 1; k < (classes ?? 2); k++) if (said(index, k) > said(index, predicted)) predicted = k;
    const actual = labels[index]!;
    if (predicted === actual) continue;
    mistakes.push({
      ...{ index, predicted, actual },
      probability: said(index, predicted),
      actualProbability: said(index, actual),
    });
  }
  return mistakes.sort((a, b) => b.probability - a.probability || a.index - b.index).slice(0, count);
}
