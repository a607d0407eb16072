// What mattered: how much of the spread of the loss each field explains.

import { createRandom } from '@tidecast/data';
import { checkNumber } from '../check.ts';
import { growForest, treeVariances } from './regression-forest.ts';
import { coordinateOf, type Field, labelOf, type Space } from './space.ts';
import type { SearchRow } from './table.ts';

/** How much the choice of one field mattered. */
export interface FieldImportance {
  field: string;
  /** Share of the variance of the loss that the field explains alone, from 0 to 1. */
  alone: number;
}

/** What {@link importance} finds. */
export interface Importance {
  /** The most important one first. */
  fields: FieldImportance[];
  /** The rest: what only fields together explain. */
  together: number;
  /** `'grid'`: exact, over all combinations; `'forest'`: over a fitted model of the loss. */
  method: 'grid' | 'forest';
}

/** The budget as a field, where the table has rows of several. */
const BUDGET = 'budget';

/**
 * Functional analysis of variance of the loss (Hutter, Hoos and Leyton-Brown 2014, ICML): for each field, the variance of
 * the mean loss over all others, as a share of the whole. Over a complete grid it is exact; otherwise over a random
 * forest fitted to the rows, exact for each tree, and averaged. A table with several budgets has `budget` as a field.
 * Failed rows are left out. A field that does not apply in a row counts as lying in the middle there.
 * `logarithm`: of the logarithm of the loss, where some losses are so large that they hide all else.
 * @throws if fewer than two rows are left.
 */
export function importance(
  rows: readonly SearchRow[],
  space: Space,
  options: { logarithm?: boolean; trees?: number; seed?: number } = {},
): Importance {
  const { logarithm = false, seed = 0 } = options;
  const trees = checkNumber('importance: trees', options.trees ?? 64, { min: 1, integer: true });
  const good = rows.filter((row) => row.loss !== null);
  if (good.length < 2)
    throw new Error(`importance: expected at least 2 rows with a loss, got ${good.length}.`);
  const losses = good.map(({ loss }) =>
    logarithm ? Math.log(checkNumber('importance: a loss with logarithm', loss, { above: 0 })) : loss!,
  );
  // From the first one on, so that equal losses have exactly no variance.
  const targets = losses.map((loss) => loss - losses[0]!);
  const varies = targets.some((target) => target !== 0);
  const fields = { ...space, ...budgetField(good) };
  const names = Object.keys(fields);
  const cellOf = (row: SearchRow, name: string) =>
    name === BUDGET && !space[BUDGET] ? row.budget : row.values[name];
  const points = good.map((row) =>
    names.map((name) => {
      const value = cellOf(row, name);
      return value === undefined ? 0.5 : coordinateOf(fields[name]!, value);
    }),
  );
  const exact = gridShares(points, targets);
  const shares = exact ?? forestShares(points, targets, { trees, seed });
  const found = names.map((field, i) => ({ field, alone: shares[i]! }));
  return {
    fields: found.sort((a, b) => b.alone - a.alone),
    together: varies ? Math.max(0, 1 - shares.reduce((sum, share) => sum + share, 0)) : 0,
    method: exact ? 'grid' : 'forest',
  };
}

function budgetField(rows: readonly SearchRow[]): Record<string, Field> {
  const budgets = [...new Set(rows.map(({ budget }) => budget))].sort((a, b) => a - b);
  return budgets.length > 1 ? { [BUDGET]: { type: 'choice', values: budgets } } : {};
}

/** Shares of variance of main effects, where the points are every combination of their levels, each once. */
function gridShares(points: readonly number[][], targets: readonly number[]): number[] | undefined {
  const levels = points[0]!.map((_, field) => new Set(points.map((point) => point[field]!)));
  const combinations = levels.reduce((product, { size }) => product * size, 1);
  const distinct = new Set(points.map(String)).size;
  if (combinations !== points.length || distinct !== points.length) return undefined;
  const mean = average(targets);
  const total = average(targets.map((target) => (target - mean) ** 2));
  return levels.map((values, field) => {
    const effects = [...values].map((value) => {
      const here = targets.filter((_, i) => points[i]![field] === value);
      return (average(here) - mean) ** 2;
    });
    return total > 0 ? average(effects) / total : 0;
  });
}

function forestShares(
  points: readonly number[][],
  targets: readonly number[],
  { trees, seed }: { trees: number; seed: number },
): number[] {
  const forest = growForest(points, targets, { trees, random: createRandom(seed, 'importance') });
  const varying = forest.map(treeVariances).filter(({ total }) => total > 0);
  return points[0]!.map((_, field) =>
    varying.length > 0 ? average(varying.map(({ total, fields }) => fields[field]! / total)) : 0,
  );
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The mean loss at each value of a field, over all rows that have it: what the importance is the spread of. */
export function marginalMeans(
  rows: readonly SearchRow[],
  field: string,
): { value: string; loss: number; count: number }[] {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const value = field === BUDGET && row.values[field] === undefined ? row.budget : row.values[field];
    if (value === undefined || row.loss === null) continue;
    groups.set(labelOf(value), [...(groups.get(labelOf(value)) ?? []), row.loss]);
  }
  return [...groups].map(([value, losses]) => ({ value, loss: average(losses), count: losses.length }));
}
