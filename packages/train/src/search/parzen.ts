// A density over one field from the values that some trials had there: kernels on them, and a flat part so that nothing
// is ever ruled out.

import type { Random } from '@tidecast/data';
import { normalCdf } from '@tidecast/eval';
import { coordinateOf, type Field, type FieldValue, sizeOf } from './space.ts';

/** A density over coordinates from 0 to 1. */
export interface Parzen {
  density(coordinate: number): number;
  draw(random: Random): number;
}

/** The density of a field's values: counts for a choice, truncated Gaussians for numbers. */
export function createParzen(field: Field, values: readonly FieldValue[]): Parzen {
  const coordinates = values.map((value) => coordinateOf(field, value));
  return field.type === 'choice' ? countsOf(coordinates, sizeOf(field)) : kernelsOn(coordinates);
}

/** Each of `size` values weighs its count, and all together one more. */
function countsOf(coordinates: readonly number[], size: number): Parzen {
  const weights = new Array<number>(size).fill(1 / size);
  const indexOf = (coordinate: number) => Math.min(size - 1, Math.floor(coordinate * size));
  for (const coordinate of coordinates) weights[indexOf(coordinate)]! += 1;
  const total = coordinates.length + 1;
  return {
    density: (coordinate) => (weights[indexOf(coordinate)]! * size) / total,
    draw(random) {
      let left = random.uniform() * total;
      let index = 0;
      while (index < size - 1 && left >= weights[index]!) left -= weights[index++]!;
      return (index + 0.5) / size;
    },
  };
}

/**
 * Equal Gaussians on the points, cut off at 0 and 1, and one of width 1 on the middle. Each is as wide as the farther of
 * its two neighbours is away, at least 1/(n + 2) and at most 1.
 */
function kernelsOn(coordinates: readonly number[]): Parzen {
  const points = [...coordinates, 0.5];
  const prior = points.length - 1;
  const sorted = points.map((at, index) => ({ at, index })).sort((a, b) => a.at - b.at);
  const floor = 1 / Math.min(100, points.length + 1);
  const kernels = sorted.map(({ at, index }, i) => {
    const below = at - (sorted[i - 1]?.at ?? 0);
    const above = (sorted[i + 1]?.at ?? 1) - at;
    const width = index === prior ? 1 : Math.min(1, Math.max(floor, below, above));
    return { at, width, mass: normalCdf((1 - at) / width) - normalCdf(-at / width) };
  });
  return {
    density(coordinate) {
      let sum = 0;
      for (const { at, width, mass } of kernels) {
        const z = (coordinate - at) / width;
        sum += Math.exp(-0.5 * z * z) / (width * Math.sqrt(2 * Math.PI) * mass);
      }
      return sum / kernels.length;
    },
    draw(random) {
      const { at, width } = kernels[random.integer(kernels.length)]!;
      for (;;) {
        const coordinate = at + width * random.normal();
        if (coordinate >= 0 && coordinate <= 1) return coordinate;
      }
    },
  };
}
