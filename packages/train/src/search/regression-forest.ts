// A random forest of regression trees on coordinates from 0 to 1, kept as boxes, so that means over any part of the space
// can be taken exactly.

import type { Random } from '@tidecast/data';

/** A part of the unit cube on which a tree is constant. */
export interface Box {
  /** Bounds by field. */
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly value: number;
}

/** How trees grow. */
interface GrowOptions {
  /** A leaf with fewer points is not split. */
  minSplit: number;
  /** Fields to look at for each split. */
  tried: number;
  random: Random;
}

/**
 * A forest of `trees` trees (Breiman 2001), each grown on a bootstrap sample of the points; every split lowers the sum of
 * squares most, among a random two thirds of the fields. Each tree is the list of its leaves, which fill the cube.
 */
export function growForest(
  points: readonly (readonly number[])[],
  targets: readonly number[],
  options: { trees: number; random: Random },
): Box[][] {
  const { trees, random } = options;
  const fields = points[0]!.length;
  const grow: GrowOptions = { minSplit: 4, tried: Math.max(1, Math.ceil((2 * fields) / 3)), random };
  const cube = { low: new Array<number>(fields).fill(0), high: new Array<number>(fields).fill(1) };
  return Array.from({ length: trees }, () => {
    const drawn = points.map(() => random.integer(points.length));
    return growTree(points, targets, drawn, cube, grow);
  });
}

function growTree(
  points: readonly (readonly number[])[],
  targets: readonly number[],
  chosen: readonly number[],
  { low, high }: Pick<Box, 'low' | 'high'>,
  options: GrowOptions,
): Box[] {
  const split = chosen.length >= options.minSplit ? bestSplit(points, targets, chosen, options) : undefined;
  if (!split) {
    const value = chosen.reduce((sum, index) => sum + targets[index]!, 0) / chosen.length;
    return [{ low, high, value }];
  }
  const { field, at } = split;
  const isBelow = (index: number) => points[index]![field]! < at;
  const below = { low, high: high.with(field, at) };
  const above = { low: low.with(field, at), high };
  return [
    ...growTree(points, targets, chosen.filter(isBelow), below, options),
    ...growTree(
      points,
      targets,
      chosen.filter((index) => !isBelow(index)),
      above,
      options,
    ),
  ];
}

/** The split that lowers the sum of squares most; undefined where none does. */
function bestSplit(
  points: readonly (readonly number[])[],
  targets: readonly number[],
  chosen: readonly number[],
  { tried, random }: GrowOptions,
): { field: number; at: number } | undefined {
  const fields = Array.from(points[0]!, (_, field) => field);
  for (let i = 0; i < tried; i++) {
    const j = i + random.integer(fields.length - i);
    [fields[i], fields[j]] = [fields[j]!, fields[i]!];
  }
  const total = chosen.reduce((sum, index) => sum + targets[index]!, 0);
  let best: { field: number; at: number } | undefined;
  // What a split gains is Σ² / n of both sides less that of the whole.
  let highest = total ** 2 / chosen.length + 1e-12 * (1 + total ** 2);
  for (const field of fields.slice(0, tried)) {
    const sorted = [...chosen].sort((a, b) => points[a]![field]! - points[b]![field]!);
    let sum = 0;
    for (let n = 1; n < sorted.length; n++) {
      sum += targets[sorted[n - 1]!]!;
      const [from, to] = [points[sorted[n - 1]!]![field]!, points[sorted[n]!]![field]!];
      if (from === to) continue;
      const score = sum ** 2 / n + (total - sum) ** 2 / (sorted.length - n);
      if (score > highest) {
        highest = score;
        best = { field, at: (from + to) / 2 };
      }
    }
  }
  return best;
}

/** Share of the unit cube's volume that a box has, without the fields of `without`. */
function volume({ low, high }: Box, without = -1): number {
  return low.reduce(
    (product, from, field) => (field === without ? product : product * (high[field]! - from)),
    1,
  );
}

/**
 * Exact variance of a tree over the unit cube, and the part of it that each field alone explains: the variance of the
 * mean over all other fields.
 */
export function treeVariances(boxes: readonly Box[]): { total: number; fields: number[] } {
  const mean = boxes.reduce((sum, box) => sum + volume(box) * box.value, 0);
  const total = boxes.reduce((sum, box) => sum + volume(box) * (box.value - mean) ** 2, 0);
  const fields = boxes[0]!.low.map((_, field) => {
    const edges = [...new Set(boxes.flatMap(({ low, high }) => [low[field]!, high[field]!]))].sort(
      (a, b) => a - b,
    );
    let variance = 0;
    for (let i = 1; i < edges.length; i++) {
      const [from, to] = [edges[i - 1]!, edges[i]!];
      const middle = (from + to) / 2;
      const here = boxes.filter(({ low, high }) => low[field]! <= middle && middle < high[field]!);
      const marginal = here.reduce((sum, box) => sum + volume(box, field) * box.value, 0);
      variance += (to - from) * (marginal - mean) ** 2;
    }
    return variance;
  });
  return { total, fields };
}
