// What every score of a classifier does first: leave out examples of which something is missing, and check the rest.

/** Examples that can be scored, by their position. */
export interface Scorable {
  /** Positions of the examples of which nothing is missing. */
  indices: number[];
  /** How many were left out. */
  missing: number;
  /** Weight of the example at a position: 1 without weights. */
  weightOf(index: number): number;
}

/** Options of every score of a classifier. */
export interface ClassScoreOptions {
  /** How much each example counts, 0 or more; default 1 each. */
  weights?: ArrayLike<number>;
}

/**
 * The examples whose label, values (`width` for each) and weight are all there. A NaN is missing.
 * @throws if lengths differ, a label is not a whole number from 0 to below `classes`, or a weight is negative.
 */
export function scorable(
  what: string,
  values: ArrayLike<number>,
  labels: ArrayLike<number>,
  { width = 1, classes, weights }: ClassScoreOptions & { width?: number; classes: number },
): Scorable {
  const N = labels.length;
  if (values.length !== N * width) {
    throw new Error(
      `${what}: expected ${width > 1 ? `${width} values` : 'one value'} for each of ${N} labels, got ${values.length}.`,
    );
  }
  if (weights && weights.length !== N) {
    throw new Error(`${what}: expected one weight for each of ${N} labels, got ${weights.length}.`);
  }
  const indices: number[] = [];
  for (let i = 0; i < N; i++) {
    const label = labels[i]!;
    const weight = weights ? weights[i]! : 1;
    let missing = Number.isNaN(label) || Number.isNaN(weight);
    for (let j = 0; j < width; j++) missing ||= Number.isNaN(values[i * width + j]!);
    if (missing) continue;
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new Error(`${what}: labels must be whole numbers from 0 to ${classes - 1}, got ${label}.`);
    }
    if (!(weight >= 0 && Number.isFinite(weight))) {
      throw new Error(`${what}: weights must be finite and 0 or more, got ${weight}.`);
    }
    indices.push(i);
  }
  return { indices, missing: N - indices.length, weightOf: (i) => (weights ? weights[i]! : 1) };
}

/** Checks a number of classes. */
export function checkClasses(what: string, classes: number): void {
  if (!(Number.isInteger(classes) && classes >= 2)) {
    throw new Error(`${what}: classes must be a whole number from 2, got ${classes}.`);
  }
}
