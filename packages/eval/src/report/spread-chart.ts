// Numbers that come with a spread, one below the other: importances, scores over seeds.

import type { ChartSpec } from './chart-svg.ts';
import { modelColors } from './charts.ts';

/**
 * A bar for each name, with a line of one standard deviation to either side where `sd` is given. Rows of one name and
 * different `group`s stand side by side in their colours. Rows whose mean is not finite are left out.
 */
export function spreadChart(parts: {
  rows: readonly { name: string; mean: number; sd?: number; group?: string }[];
  /** Title of the horizontal axis with its unit. */
  x: string;
  title?: string;
  description?: string;
  /** The largest first; default: in the order given. */
  sorted?: boolean;
  /** Colours by group; default `modelColors` in their order. */
  colors?: Readonly<Record<string, string>>;
  width?: number;
  /** Height of the plot [px]; default as the bars need. */
  height?: number;
}): ChartSpec {
  const { x, title, description, sorted = false, width = 560 } = parts;
  const rows = parts.rows
    .filter((row) => Number.isFinite(row.mean))
    .map((row) => ({ ...row, group: row.group ?? '' }));
  const groups = [...new Set(rows.map((row) => row.group))];
  const names = [
    ...new Set((sorted ? [...rows].sort((a, b) => b.mean - a.mean) : rows).map((row) => row.name)),
  ];
  const colors = parts.colors ?? modelColors(groups);
  const { height = names.length * (10 + 14 * groups.length) } = parts;
  // Long lists of groups take two lines above the plot.
  const columns = groups.length > 3 ? Math.ceil(groups.length / 2) : groups.length;
  const place = {
    y: { field: 'name', type: 'nominal', sort: names, axis: { title: null, ticks: false, labelLimit: 0 } },
    ...(groups.length > 1 && { yOffset: { field: 'group', type: 'nominal', sort: groups } }),
  };
  const layers: ChartSpec[] = [
    {
      mark: { type: 'bar' },
      encoding: {
        ...place,
        x: { field: 'mean', type: 'quantitative', title: x, axis: { tickCount: 6 } },
        color: {
          field: 'group',
          type: 'nominal',
          sort: null,
          scale: { domain: groups, range: groups.map((group) => colors[group] ?? '#888') },
          legend:
            groups.length > 1
              ? {
                  title: null,
                  orient: 'top',
                  symbolType: 'square',
                  columnPadding: 18,
                  columns,
                  labelLimit: 0,
                }
              : null,
        },
      },
    },
  ];
  if (rows.some((row) => row.sd !== undefined)) {
    layers.push({
      mark: { type: 'rule', color: 'currentColor', strokeWidth: 1.5 },
      encoding: { ...place, x: { field: 'from', type: 'quantitative' }, x2: { field: 'to' } },
    });
  }
  return {
    title,
    description: description ?? `${x} of ${names.join(', ')}`,
    width,
    height,
    data: {
      values: rows.map(({ sd = 0, ...row }) => ({ ...row, from: row.mean - sd, to: row.mean + sd })),
    },
    layer: layers,
  };
}
