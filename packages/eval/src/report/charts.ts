// The charts that a forecast report usually holds, as Vega-Lite specifications for `chartSvg`.

import type { ChartSpec } from './chart-svg.ts';

/** The colour of observations: the ink of the page. */
export const observedColor = 'currentColor';

// Told apart on white and on near-black, and by most colour-blind readers in this order.
const palette = ['#2f7ed8', '#e07b1a', '#1f9e6e', '#c2508f', '#8a6fd6', '#c79a00', '#d64541', '#1797a6'];

/** A colour for each name, by its place in the list: give all charts of a report the same list. */
export function modelColors(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name, i) => [name, palette[i % palette.length]!]));
}

/** Hours in 24, days by name of the month, and the year where a month begins; all in UTC. */
const timeLabel =
  "utcFormat(datum.value, utchours(datum.value) + utcminutes(datum.value) > 0 ? '%H:%M'" +
  " : utcdate(datum.value) > 1 ? '%d %b' : '%b %Y')";

/** The encoding of a horizontal axis of times. */
export const timeAxis = {
  type: 'temporal',
  scale: { type: 'utc' },
  axis: { title: 'Time [UTC]', grid: false, labelOverlap: true, labelExpr: timeLabel },
} as const;

/** A line of a line chart; a NaN value leaves a gap. */
export interface Line {
  name: string;
  /** Times [ms UTC] and the values at them, equally long. */
  times: ArrayLike<number>;
  values: ArrayLike<number>;
  /** Default: the colour of `modelColors`, by the line's place in the list. */
  color?: string;
  dashed?: boolean;
}

/** Lines over time, for example what was observed against what was forecast. */
export function lineChart(parts: {
  lines: readonly Line[];
  /** Title of the vertical axis with its unit, for example `VTEC [TECU]`. */
  y: string;
  title?: string;
  description?: string;
  /** Size of the plot [px]. */
  width?: number;
  height?: number;
}): ChartSpec {
  const { lines, y, title, description, width = 760, height = 240 } = parts;
  const names = lines.map((line) => line.name);
  const colors = modelColors(names);
  const legend = { title: null, orient: 'top', symbolSize: 180, symbolStrokeWidth: 2.5, columnPadding: 18 };
  return {
    title,
    description: description ?? `${y}: ${names.join(', ')}`,
    width,
    height,
    data: {
      values: lines.flatMap((line) =>
        Array.from(line.times, (time, i) => ({ name: line.name, time, value: finiteOrNull(line.values[i]) })),
      ),
    },
    mark: { type: 'line', strokeWidth: 2, strokeJoin: 'round' },
    encoding: {
      x: { field: 'time', ...timeAxis },
      y: { field: 'value', type: 'quantitative', title: y, scale: { zero: false, nice: true } },
      color: {
        field: 'name',
        type: 'nominal',
        scale: { domain: names, range: lines.map((line) => line.color ?? colors[line.name]!) },
        sort: null,
        legend,
      },
      strokeDash: {
        field: 'name',
        type: 'nominal',
        scale: { domain: names, range: lines.map((line) => (line.dashed ? [5, 3] : [1, 0])) },
        sort: null,
        legend,
      },
    },
  };
}

/** Bars in groups, for example the RMSE of each model at each latitude; the value stands on each bar. */
export function barChart(parts: {
  rows: readonly { group: string; name: string; value: number }[];
  /** Title of the vertical axis with its unit, for example `RMSE [TECU]`. */
  y: string;
  title?: string;
  description?: string;
  /** Colours by name; default `modelColors` of the names in their order. */
  colors?: Readonly<Record<string, string>>;
  decimals?: number;
  width?: number;
  height?: number;
}): ChartSpec {
  const { rows, y, title, description, decimals = 2, width = 760, height = 240 } = parts;
  const names = [...new Set(rows.map((row) => row.name))];
  const groups = [...new Set(rows.map((row) => row.group))];
  const colors = parts.colors ?? modelColors(names);
  const top = Math.max(0, ...rows.map((row) => (Number.isFinite(row.value) ? row.value : 0)));
  const place = {
    x: {
      field: 'group',
      type: 'nominal',
      sort: groups,
      axis: { title: null, labelAngle: 0, ticks: false, domain: true },
      scale: { paddingInner: 0.2, paddingOuter: 0.1 },
    },
    xOffset: { field: 'name', type: 'nominal', sort: names, scale: { paddingInner: 0.1 } },
    y: {
      field: 'value',
      type: 'quantitative',
      title: y,
      axis: { tickCount: 5 },
      // Room for the figures above the bars.
      scale: { domainMax: top > 0 ? top * 1.08 : 1, zero: true },
    },
  };
  const barWidth = width / Math.max(1, groups.length * names.length * 1.25);
  const layers: ChartSpec[] = [
    {
      mark: { type: 'bar' },
      encoding: {
        ...place,
        color: {
          field: 'name',
          type: 'nominal',
          sort: null,
          scale: { domain: names, range: names.map((name) => colors[name] ?? '#888') },
          legend: { title: null, orient: 'top', symbolType: 'square', columnPadding: 18 },
        },
      },
    },
  ];
  if (barWidth >= 8 + 6 * decimals) {
    layers.push({
      mark: { type: 'text', baseline: 'bottom', dy: -3, fontSize: 11 },
      encoding: { ...place, text: { field: 'label', type: 'nominal' } },
    });
  }
  return {
    title,
    description: description ?? `${y} of ${names.join(', ')} for ${groups.join(', ')}`,
    width,
    height,
    data: {
      values: rows.map((row) => ({
        ...row,
        value: finiteOrNull(row.value),
        label: Number.isFinite(row.value) ? row.value.toFixed(decimals) : '',
      })),
    },
    layer: layers,
  };
}

/** A histogram with equal bins over the range of the values; missing values are left out. */
export function histogramChart(parts: {
  values: ArrayLike<number>;
  /** Title of the horizontal axis with its unit, for example `VTEC [TECU]`. */
  x: string;
  /** Title of the vertical axis; default `Count`. */
  y?: string;
  bins?: number;
  color?: string;
  title?: string;
  description?: string;
  width?: number;
  height?: number;
}): ChartSpec {
  const { values, x, y = 'Count', bins = 30, color = palette[0], title, description } = parts;
  const { width = 760, height = 200 } = parts;
  return {
    title,
    description: description ?? `Histogram of ${x}`,
    width,
    height,
    data: { values: histogram(values, bins) },
    mark: { type: 'bar', color, binSpacing: 1 },
    encoding: {
      x: {
        field: 'from',
        type: 'quantitative',
        bin: { binned: true },
        title: x,
        axis: { grid: false },
        scale: { nice: true, zero: false },
      },
      x2: { field: 'to' },
      y: { field: 'count', type: 'quantitative', title: y, axis: { tickMinStep: 1, tickCount: 5 } },
    },
  };
}

/**
 * Counts of `values` in `bins` equal bins from the smallest to the largest; NaN and infinities are left out.
 * A value on an inner edge belongs to the bin above it, the largest to the last bin.
 */
export function histogram(
  values: ArrayLike<number>,
  bins: number,
): { from: number; to: number; count: number }[] {
  if (!(Number.isInteger(bins) && bins >= 1 && bins <= 10_000)) {
    throw new Error(`histogram: bins must be a whole number from 1 to 10000, got ${bins}.`);
  }
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [];
  if (low === high) {
    const half = Math.max(0.5, Math.abs(low) * 1e-6);
    low -= half;
    high += half;
  }
  const size = (high - low) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isFinite(value)) counts[Math.min(bins - 1, Math.floor((value - low) / size))]!++;
  }
  return counts.map((count, i) => ({ from: low + i * size, to: low + (i + 1) * size, count }));
}

/** JSON has no NaN; Vega-Lite leaves a gap at null. */
export function finiteOrNull(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
