// The axes of a grid, written as first, last and step.

import { deviation, failure, type Reader } from './reader.ts';

/** More points than this on one axis is no map: 0.05° around the Earth has 7,201. */
const MAX_POINTS = 10_000;

/**
 * The points of an axis from `first` to `last` by `step`; a step of 0 means one point.
 * @throws IonexError if the three do not fit together.
 */
export function readAxis(reader: Reader, numbers: readonly number[], label: string): number[] {
  const [first, last] = numbers as [number, number, number];
  let step = numbers[2]!;
  const got = `got ${first} … ${last} by ${step}`;
  if (first === last) {
    if (step !== 0 && reader.mode === 'strict' && label.startsWith('HGT')) {
      deviation(reader, `${label}: the step of a single point must be 0, ${got}`);
    }
    return [first + 0];
  }
  if (step === 0) throw failure(reader, `${label} must have a step that leads from first to last, ${got}.`);
  if ((last - first) / step < 0) {
    deviation(reader, `${label}: the sign of the step must lead from first to last, ${got}`);
    step = -step;
  }
  const steps = Math.round((last - first) / step);
  if (Math.abs((last - first) / step - steps) > 1e-3 * Math.max(1, steps / 100) || steps + 1 > MAX_POINTS) {
    throw failure(
      reader,
      `${label} must lead from first to last in whole steps, of at most ${MAX_POINTS} points, ${got}.`,
    );
  }
  return Array.from(
    { length: steps + 1 },
    (_, i) => Math.round((first + ((last - first) * i) / steps) * 1e6) / 1e6 + 0,
  );
}

/** Checks that `points` lie between `least` and `most`. @throws IonexError if not. */
export function checkRange(
  reader: Reader,
  points: readonly number[],
  bounds: { least: number; most: number; label: string },
): void {
  const { least, most, label } = bounds;
  if (points.some((point) => point < least || point > most)) {
    throw failure(
      reader,
      `${label} must lie between ${least} and ${most}, got ${points[0]} … ${points[points.length - 1]}.`,
    );
  }
}

/** Position of `value` on an axis, or −1. Written values are rounded to 0.1 at worst, steps are larger than that. */
export function positionOn(axis: readonly number[], value: number): number {
  const last = axis.length - 1;
  const guess = last === 0 ? 0 : Math.round(((value - axis[0]!) / (axis[last]! - axis[0]!)) * last);
  const point = axis[guess];
  return point !== undefined && Math.abs(point - value) < toleranceOf(axis) ? guess : -1;
}

function toleranceOf(axis: readonly number[]): number {
  return axis.length < 2 ? 0.06 : Math.min(0.06, Math.abs(axis[1]! - axis[0]!) * 0.49);
}
