// Sequences side by side, as a Vega-Lite chart: a small plot each, several lines in one.

import type { NdArray } from '@tidecast/data';
import { type ChartSpec, modelColors } from '@tidecast/eval/report';

/** Rows of small plots; plot i of a row holds sequence i of each of its lines, `[N, T, 1]`. */
export function waveGrid(parts: {
  rows: Readonly<Record<string, readonly { name: string; waves: NdArray }[]>>;
  title: string;
  /** Plots in a row. */
  count: number;
}): ChartSpec {
  const { rows, title, count } = parts;
  const names = [...new Set(Object.values(rows).flatMap((lines) => lines.map(({ name }) => name)))];
  const colors = modelColors(names);
  const values = Object.entries(rows).flatMap(([row, lines]) =>
    lines.flatMap(({ name, waves: { data, shape } }) => {
      const steps = shape[1]!;
      return Array.from(data.subarray(0, count * steps), (value, i) => {
        return { row, name, column: Math.floor(i / steps), step: i % steps, value: Number(value.toFixed(3)) };
      });
    }),
  );
  return {
    title,
    description: `${title}: ${names.join(', ')}`,
    data: { values },
    facet: {
      row: { field: 'row', type: 'nominal', title: null, sort: Object.keys(rows) },
      column: { field: 'column', type: 'ordinal', title: null, header: { labels: false } },
    },
    spacing: 8,
    spec: {
      width: 105,
      height: 80,
      mark: { type: 'line', strokeWidth: 1.5 },
      encoding: {
        x: {
          field: 'step',
          type: 'quantitative',
          axis: { title: null, labels: false, ticks: false, grid: false },
        },
        y: { field: 'value', type: 'quantitative', axis: { title: null, tickCount: 3 } },
        color: {
          field: 'name',
          type: 'nominal',
          sort: null,
          scale: { domain: names, range: names.map((name) => colors[name]!) },
          legend: { title: null, orient: 'top' },
        },
      },
    },
  };
}
