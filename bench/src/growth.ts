// How the time of a step grows with the length of the window, the units and the batch: points off the grid, and a plot.

import { type ChartSpec, chartSvg } from '@tidecast/eval/report';
import type { PointResult } from './measure.ts';
import { GRID_CELLS, gridPoints, type Point, TIME_STEPS } from './points.ts';

/** Where the three lines cross, and what is varied from there. */
const CENTRE = { units: 50, batch: 32, T: TIME_STEPS };
const LENGTHS = [6, 12, 24, 48, 96, 200];
const UNITS = [5, 10, 20, 50, 100, 200];
const BATCHES = [8, 16, 32, 64, 128, 256];

export type GrowthResult = PointResult & { T?: number };

/** The points of the plot. */
export function growthPoints(): Point[] {
  const at = (change: Partial<typeof CENTRE>) => {
    const { units, batch, T } = { ...CENTRE, ...change };
    return gridPoints({ cells: GRID_CELLS, units: [units], batches: [batch], T });
  };
  return [
    ...LENGTHS.flatMap((T) => at({ T })),
    ...UNITS.filter((units) => units !== CENTRE.units).flatMap((units) => at({ units })),
    ...BATCHES.filter((batch) => batch !== CENTRE.batch).flatMap((batch) => at({ batch })),
  ];
}

/** Three plots side by side, both axes logarithmic: where a line climbs by one, the cost is proportional. */
export function growthChart(results: readonly GrowthResult[]): ChartSpec {
  const axes = [
    { key: 'T', title: 'T, time steps (50 units, batch 32)', sizes: LENGTHS },
    { key: 'units', title: 'Units or filters (T 24, batch 32)', sizes: UNITS },
    { key: 'batch', title: 'Batch (T 24, 50 units)', sizes: BATCHES },
  ] as const;
  return {
    description: 'Time of one training step against the length of the window, the units and the batch.',
    hconcat: axes.map(({ key, title, sizes }, i) => ({
      width: 230,
      height: 230,
      data: { values: lineThrough(results, key) },
      mark: { type: 'line', point: { size: 28 }, strokeWidth: 2 },
      encoding: {
        x: {
          field: 'size',
          type: 'quantitative',
          title,
          scale: { type: 'log', nice: false },
          axis: { values: sizes, grid: false },
        },
        y: {
          field: 'ms',
          type: 'quantitative',
          title: i === 0 ? 'One training step [ms]' : null,
          scale: { type: 'log' },
        },
        color: {
          field: 'cell',
          type: 'nominal',
          sort: null,
          scale: { domain: [...GRID_CELLS], range: ['#2f7ed8', '#e07b1a', '#1f9e6e', '#c2508f'] },
          legend: { title: null, orient: 'top' },
        },
      },
    })),
    // Sees the same on a dark page.
    config: { background: 'white' },
  };
}

/** Draws {@link growthChart}. */
export async function growthSvg(results: readonly GrowthResult[]): Promise<string> {
  return (await chartSvg(growthChart(results))).html;
}

function lineThrough(results: readonly GrowthResult[], key: keyof typeof CENTRE) {
  const sizes = results.map((each) => ({ ...CENTRE, ...each }));
  const others = (Object.keys(CENTRE) as (keyof typeof CENTRE)[]).filter((name) => name !== key);
  return sizes
    .filter((each) => others.every((name) => each[name] === CENTRE[name]))
    .map((each) => ({ cell: each.cell, size: each[key], ms: each.ms }));
}
