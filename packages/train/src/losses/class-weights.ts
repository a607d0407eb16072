import type { Batch } from '@tidecast/data';
import { shown } from '../check.ts';

/** The weights of classes as given in a config, checked. @throws if they are no list of positive numbers. */
export function checkClassWeights(what: string, weights: unknown): readonly number[] | undefined {
  if (weights === undefined) return undefined;
  if (
    Array.isArray(weights) &&
    weights.length > 0 &&
    weights.every((each) => Number.isFinite(each) && each > 0)
  ) {
    return [...(weights as number[])];
  }
  throw new Error(`${what} must be a list of positive numbers, one for each class, got ${shown(weights)}.`);
}

/** @throws if targets hold fewer than two classes, of which a softmax is always right, or `setting` not as many weights. */
export function checkClassCount(
  type: string,
  setting: string,
  weights: readonly number[] | undefined,
  classes: number,
): void {
  if (!(classes >= 2)) {
    throw new Error(
      `${type}: targets must be one-hot over at least 2 classes on their last axis, got ${classes}. ` +
        'For yes or no by one logit: binaryCrossEntropy() or binaryFocal().',
    );
  }
  if (!weights || weights.length === classes) return;
  throw new Error(
    `${type}: ${setting} must hold ${classes} numbers, one for each class, got ${weights.length}.`,
  );
}

/** Σ w·c·y of targets `[B, ..., K]`, c the weights of the classes: how much class probability a batch holds. */
export function classMass(
  { y, weight }: Pick<Batch, 'y' | 'weight'>,
  classWeights?: readonly number[],
): number {
  const classes = y.shape[y.shape.length - 1]!;
  let sum = 0;
  for (let i = 0; i < y.data.length; i++) {
    sum += y.data[i]! * (weight ? weight.data[i]! : 1) * (classWeights ? classWeights[i % classes]! : 1);
  }
  return sum;
}
