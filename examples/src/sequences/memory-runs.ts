// What the examples on memory report: which runs solved their task, and how the loss went.

import type { ChartSpec } from '@tidecast/eval/report';
import type { ExampleResult } from '../example.ts';
import type { Solved } from './train-until-solved.ts';

/** One training of one cell at one length T. */
export interface MemoryRun {
  cell: string;
  /** T. */
  steps: number;
  seed: number;
  solved: boolean;
  updates: number;
  /** Loss on the test examples. */
  error: number;
  losses: Solved['losses'];
}

/** `T 50: 5 of 5, T 150: 3 of 5`, by length. */
export function solvedText(runs: readonly MemoryRun[]): string {
  return [...new Set(runs.map(({ steps }) => steps))]
    .map((steps) => {
      const all = runs.filter((run) => run.steps === steps);
      return `T ${steps}: ${all.filter(({ solved }) => solved).length} of ${all.length}`;
    })
    .join(', ');
}

/** The runs as rows; `error` names the loss on the test examples. */
export function memoryRows(runs: readonly MemoryRun[], error: string): ExampleResult['rows'] {
  return runs.map((run) => ({
    cell: run.cell,
    steps: run.steps,
    seed: run.seed,
    solved: run.solved,
    updates: run.updates,
    [error]: Number(run.error.toPrecision(4)),
  }));
}

/** How many times the loss of guessing the plots show: single runs explode, by 20 orders of magnitude. */
const CEILING = 10;

/** What the plots leave out, for their captions. */
export const memoryCeiling = `Losses above ${CEILING} times the dashed one lie on the upper edge.`;

/** Loss by updates, a plot for each length and a line for each run, with the loss of guessing. */
export function memoryChart(
  runs: readonly MemoryRun[],
  {
    y,
    baselines,
    colors,
  }: { y: string; baselines: ReadonlyMap<number, number>; colors: Record<string, string> },
): ChartSpec {
  const lengths = [...baselines.keys()];
  const names = Object.keys(colors);
  return {
    data: { values: [] },
    spacing: 24,
    hconcat: lengths.map((steps, place) => {
      const lines = runs
        .filter((run) => run.steps === steps)
        .flatMap(({ cell, seed, losses }) =>
          losses.map(({ updates, loss }) => ({ cell, seed, updates, loss: Math.max(loss, 1e-4) })),
        );
      return {
        title: `T = ${steps}`,
        width: 250,
        height: 260,
        layer: [
          {
            data: { values: lines },
            mark: { type: 'line', strokeWidth: 1.4, opacity: 0.8 },
            encoding: {
              x: {
                field: 'updates',
                type: 'quantitative',
                title: 'Updates',
                axis: { grid: false, tickCount: 4 },
              },
              y: {
                field: 'loss',
                type: 'quantitative',
                scale: { type: 'log', domainMax: CEILING * baselines.get(steps)!, clamp: true, nice: false },
                title: place === 0 ? y : null,
              },
              color: {
                field: 'cell',
                type: 'nominal',
                scale: { domain: names, range: names.map((name) => colors[name]) },
                legend: { title: null, orient: 'top', symbolType: 'stroke' },
              },
              detail: { field: 'seed' },
            },
          },
          {
            data: { values: [{ baseline: baselines.get(steps) }] },
            mark: { type: 'rule', strokeDash: [5, 4] },
            encoding: { y: { field: 'baseline', type: 'quantitative' } },
          },
        ],
      };
    }),
  };
}
