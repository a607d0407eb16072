// The table of a search: one row for each trial and budget.

import type { FieldValue, Values } from './space.ts';
import { labelOf } from './space.ts';
import type { EndedStep } from './strategy.ts';

/** A line of the table. */
export interface SearchRow {
  readonly trial: number;
  readonly values: Values;
  readonly budget: number;
  /** Validation loss; null where the trial failed. */
  readonly loss: number | null;
  /** Why it failed. */
  readonly error?: string;
}

/** The rows of all steps, the lowest loss first, then the smaller budget, then the earlier trial. */
export function rowsOf(ended: readonly EndedStep[]): SearchRow[] {
  const rows = new Map<string, SearchRow>();
  for (const { trial, values, budget, losses, error } of ended) {
    for (const each of losses) {
      rows.set(`${trial} ${each.budget}`, { trial, values, budget: each.budget, loss: each.loss });
    }
    if (error) {
      const text = `${error.name}: ${error.message}`;
      rows.set(`${trial} ${budget}`, { trial, values, budget, loss: null, error: text });
    }
  }
  const rank = ({ loss }: SearchRow) => loss ?? Number.POSITIVE_INFINITY;
  return [...rows.values()].sort((a, b) => {
    const difference = rank(a) === rank(b) ? 0 : rank(a) - rank(b);
    return difference || a.budget - b.budget || a.trial - b.trial;
  });
}

/** The row with the lowest loss. @throws where all failed, with the reason of the first. */
export function bestOf(rows: readonly SearchRow[]): SearchRow {
  const best = rows[0];
  if (best && best.loss !== null) return best;
  throw new Error(
    `search: expected at least one trial that succeeds, got none: ${best?.error ?? 'no trial'}`,
  );
}

/** The table as text, a line a row; `top`: only so many. */
export function formatSearch(rows: readonly SearchRow[], options: { top?: number } = {}): string {
  const shownRows = rows.slice(0, options.top ?? rows.length);
  const fields = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const text = (value: FieldValue | undefined) => (value === undefined ? '–' : labelOf(value));
  const number = (value: number) => String(Number(value.toPrecision(5)));
  const cells = [
    ['loss', 'budget', ...fields, 'trial'],
    ...shownRows.map(({ loss, budget, values, trial }) => [
      loss === null ? 'failed' : number(loss),
      String(budget),
      ...fields.map((field) => {
        const value = values[field];
        return typeof value === 'number' ? number(value) : text(value);
      }),
      String(trial),
    ]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) => row.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n');
}
