// A table of numbers as coloured cells: what each step and channel of an input contributed, or any other grid.

import type { ChartSpec } from './chart-svg.ts';

/** About how wide a letter of a label is [px]. */
const LETTER = 7;

/**
 * Cells in rows, coloured by their value. Where some are negative the colours go both ways from 0, and equally far;
 * else from 0 up to the largest. A NaN leaves its cell empty.
 * @throws if the number of values is not rows × columns.
 */
export function heatMap(parts: {
  /** Row-major, `[rows, columns]`. */
  values: ArrayLike<number>;
  rows: readonly string[];
  columns: readonly string[];
  /** Title of the colours with their unit. */
  value: string;
  /** Titles of the axes. */
  x?: string;
  y?: string;
  title?: string;
  description?: string;
  /** Size of the plot [px]; default as many as the cells need. */
  width?: number;
  height?: number;
}): ChartSpec {
  const { values, rows, columns, value, x, y, title, description } = parts;
  if (values.length !== rows.length * columns.length) {
    throw new Error(
      `heatMap: expected ${rows.length} × ${columns.length} values, row by row, got ${values.length}.`,
    );
  }
  const finite = Array.from(values).filter(Number.isFinite);
  const most = finite.reduce((largest, each) => Math.max(largest, Math.abs(each)), 0) || 1;
  const both = finite.some((each) => each < 0);
  const scale = both
    ? { domain: [-most, 0, most], range: ['#2f7ed8', '#f4f4f4', '#d64541'] }
    : { domain: [0, most], range: ['#f4f4f4', '#2f7ed8'] };
  const {
    width = Math.min(760, Math.max(160, columns.length * 28)),
    height = Math.max(60, rows.length * 24),
  } = parts;
  // Places are numbered, so that two rows or columns may have one name.
  const axis = (names: readonly string[], axisTitle: string | undefined, room: number, labelAngle = 0) => ({
    type: 'ordinal',
    title: axisTitle ?? null,
    scale: { domain: names.map((_, i) => i) },
    axis: {
      // Behind a sign: Vega takes texts such as 'constructor' for signals of its own.
      labelExpr: `substring(${JSON.stringify(names.map((name) => `:${name}`))}[datum.value], 1)`,
      labelAngle,
      ticks: false,
      domain: false,
      grid: false,
      ...(names.length > room && {
        values: names.map((_, i) => i).filter((i) => i % Math.ceil(names.length / room) === 0),
      }),
    },
  });
  // Names under each other's feet are turned.
  const letters = Math.max(0, ...columns.map((name) => name.length));
  const slant = letters * LETTER > width / Math.min(columns.length, width / 24) ? -45 : 0;
  return {
    title,
    description: description ?? `${value} of ${rows.length} × ${columns.length} cells`,
    width,
    height,
    data: {
      values: Array.from(values, (each, i) => ({
        row: Math.floor(i / columns.length),
        column: i % columns.length,
        value: Number.isFinite(each) ? each : null,
      })).filter((cell) => cell.value !== null),
    },
    mark: { type: 'rect' },
    encoding: {
      x: { field: 'column', ...axis(columns, x, width / 24, slant) },
      y: { field: 'row', ...axis(rows, y, height / 12) },
      color: {
        field: 'value',
        type: 'quantitative',
        scale: { ...scale, interpolate: 'lab' },
        legend: { title: value, titleLimit: 0 },
      },
    },
  };
}
