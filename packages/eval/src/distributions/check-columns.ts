// What the makers of distributions check: columns of N numbers, taken over as float64.

/** A copy of a column in float64. @throws if it does not hold `count` numbers. */
export function toColumn(what: string, values: ArrayLike<number>, count: number): Float64Array {
  if (values.length !== count) {
    throw new Error(`${what} must hold ${count} numbers, one for each distribution, got ${values.length}.`);
  }
  return Float64Array.from(values);
}

/** @throws if a number of a column is not as `fits` says; NaN passes: it makes one distribution NaN. */
export function checkColumn(
  what: string,
  values: Float64Array,
  expected: string,
  fits: (value: number) => boolean,
): Float64Array {
  const bad = values.findIndex((value) => !Number.isNaN(value) && !fits(value));
  if (bad >= 0) throw new Error(`${what} must be ${expected}, got ${values[bad]} at ${bad}.`);
  return values;
}

/** @throws if `level` is not a number between 0 and 1, both excluded. */
export function checkLevel(level: number): number {
  if (level > 0 && level < 1) return level;
  throw new Error(`quantile: level must be between 0 and 1, both excluded, got ${level}.`);
}

/** The numbers at `indices`. @throws if an index is out of range. */
export function pick(values: Float64Array, indices: ArrayLike<number>): Float64Array {
  return Float64Array.from(indices, (index) => {
    if (Number.isInteger(index) && index >= 0 && index < values.length) return values[index]!;
    throw new Error(`select: expected indices from 0 to ${values.length - 1}, got ${index}.`);
  });
}

/** Scales and offsets of `count` distributions. @throws if a scale is not above 0. */
export function toAffine(
  scale: ArrayLike<number>,
  offset: ArrayLike<number>,
  count: number,
): { scale: Float64Array; offset: Float64Array } {
  return {
    scale: checkColumn('affine: scale', toColumn('affine: scale', scale, count), 'above 0', (a) => a > 0),
    offset: toColumn('affine: offset', offset, count),
  };
}
