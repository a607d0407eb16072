// Charts of forecasts that say how sure they are: bands over time, calibration, and coverage along the year.

import type { PitBin } from '../probabilistic/pit-histogram.ts';
import type { ChartSpec } from './chart-svg.ts';
import { finiteOrNull, modelColors, observedColor, timeAxis } from './charts.ts';

/** A band of a fan chart; a NaN at either end leaves a gap. */
export interface Band {
  /** For example `90 %`. */
  name: string;
  lower: ArrayLike<number>;
  upper: ArrayLike<number>;
}

interface Look {
  title?: string;
  description?: string;
  /** Size of the plot [px]. */
  width?: number;
  height?: number;
}

/** Bands over time, the widest first, with the median as a line and what was observed as dots. */
export function bandChart(
  parts: Look & {
    times: ArrayLike<number>;
    bands: readonly Band[];
    median?: ArrayLike<number>;
    observed?: ArrayLike<number>;
    /** Title of the vertical axis with its unit, for example `VTEC [TECU]`. */
    y: string;
    /** Default: time in UTC. */
    x?: string;
    color?: string;
  },
): ChartSpec {
  const { times, bands, median, observed, y, x, title, description, width = 760, height = 260 } = parts;
  const color = parts.color ?? modelColors(['band']).band!;
  const horizontal = x
    ? { field: 'time', type: 'quantitative', title: x, axis: { grid: false } }
    : { field: 'time', ...timeAxis };
  const vertical = { type: 'quantitative', title: y, scale: { zero: false, nice: true } };
  const line = (values: ArrayLike<number>) =>
    Array.from(times, (time, i) => ({ time, value: finiteOrNull(values[i]) }));
  const layers: ChartSpec[] = bands.map(({ lower, upper }) => ({
    // Each band in its own layer, so that a gap is not closed by the next one.
    data: { values: piecesOf(times, lower, upper) },
    mark: { type: 'area', color, opacity: 0.75 / (bands.length + 1), line: false },
    encoding: {
      x: horizontal,
      y: { field: 'lower', ...vertical },
      y2: { field: 'upper' },
      detail: { field: 'piece', type: 'nominal' },
    },
  }));
  if (median) {
    layers.push({
      data: { values: line(median) },
      mark: { type: 'line', color, strokeWidth: 2 },
      encoding: { x: horizontal, y: { field: 'value', ...vertical } },
    });
  }
  if (observed) {
    layers.push({
      data: { values: line(observed) },
      mark: { type: 'point', filled: true, size: 14, color: observedColor, opacity: 0.8 },
      encoding: { x: horizontal, y: { field: 'value', ...vertical } },
    });
  }
  const names = bands.map(({ name }) => name).join(', ');
  return { title, description: description ?? `${y}: bands of ${names}`, width, height, layer: layers };
}

/** A PIT histogram as densities; a calibrated forecast has all bars at the dashed line, 1. */
export function pitChart(parts: Look & { bins: readonly PitBin[]; color?: string }): ChartSpec {
  const { bins, title, description, width = 360, height = 220 } = parts;
  return {
    title,
    description: description ?? 'PIT histogram',
    width,
    height,
    layer: [
      {
        data: {
          values: bins.map(({ from, to, density }) => ({
            from,
            to,
            density: finiteOrNull(density),
            zero: 0,
          })),
        },
        mark: { type: 'rect', color: parts.color ?? modelColors(['band']).band! },
        encoding: {
          x: {
            field: 'from',
            type: 'quantitative',
            title: 'Level of the observation',
            scale: { domain: [0, 1] },
          },
          x2: { field: 'to' },
          y: { field: 'density', type: 'quantitative', title: 'Density' },
          y2: { field: 'zero' },
        },
      },
      {
        data: { values: [{ density: 1 }] },
        mark: { type: 'rule', strokeDash: [5, 3] },
        encoding: { y: { field: 'density', type: 'quantitative' } },
      },
    ],
  };
}

/** Reliability curves: how often something came true against how probable it was said to be; the diagonal is ideal. */
export function reliabilityChart(
  parts: Look & {
    /** For quantiles their levels and `frequency`; for classes the `probability` and `frequency` of each bin. */
    curves: readonly { name: string; said: ArrayLike<number>; happened: ArrayLike<number> }[];
    x?: string;
    y?: string;
    colors?: Readonly<Record<string, string>>;
  },
): ChartSpec {
  const { curves, x = 'Level', y = 'Share observed at or below', title, description } = parts;
  const { width = 320, height = 320 } = parts;
  const names = curves.map(({ name }) => name);
  const colors = parts.colors ?? modelColors(names);
  const place = {
    x: { field: 'said', type: 'quantitative', title: x, scale: { domain: [0, 1] } },
    y: { field: 'happened', type: 'quantitative', title: y, scale: { domain: [0, 1] } },
  };
  return {
    title,
    description: description ?? `Reliability of ${names.join(', ')}`,
    width,
    height,
    layer: [
      {
        data: { values: [0, 1].map((value) => ({ said: value, happened: value })) },
        mark: { type: 'line', strokeDash: [5, 3], color: observedColor, opacity: 0.6 },
        encoding: place,
      },
      {
        data: {
          values: curves.flatMap(({ name, said, happened }) =>
            Array.from(said, (value, i) => ({ name, said: value, happened: happened[i]! })).filter(
              (point) => Number.isFinite(point.said) && Number.isFinite(point.happened),
            ),
          ),
        },
        mark: { type: 'line', point: true, strokeWidth: 2 },
        encoding: {
          ...place,
          color: {
            field: 'name',
            type: 'nominal',
            sort: null,
            scale: { domain: names, range: names.map((name) => colors[name] ?? '#888') },
            legend: { title: null, orient: 'top' },
          },
        },
      },
    ],
  };
}

/** Coverage of a band over time, one line for each method; the dashed line is what the band promises. */
export function coverageChart(
  parts: Look & {
    /** The share promised, for example 0.9. */
    nominal: number;
    /** `x` are times [ms], or anything else where `x` of the chart names it. */
    lines: readonly { name: string; x: ArrayLike<number>; coverage: ArrayLike<number> }[];
    x?: string;
    colors?: Readonly<Record<string, string>>;
  },
): ChartSpec {
  const { nominal, lines, x, title, description, width = 760, height = 240 } = parts;
  const names = lines.map(({ name }) => name);
  const colors = parts.colors ?? modelColors(names);
  const horizontal = x
    ? { field: 'x', type: 'quantitative', title: x, axis: { grid: false } }
    : { field: 'x', ...timeAxis };
  const vertical = { type: 'quantitative', title: 'Coverage', axis: { format: '%' }, scale: { zero: false } };
  return {
    title,
    description: description ?? `Coverage of the ${Math.round(100 * nominal)} % band: ${names.join(', ')}`,
    width,
    height,
    layer: [
      {
        data: {
          values: lines.flatMap(({ name, x: at, coverage }) =>
            Array.from(at, (value, i) => ({ name, x: value, coverage: finiteOrNull(coverage[i]) })),
          ),
        },
        mark: { type: 'line', strokeWidth: 2, point: lines.every((each) => each.x.length <= 40) },
        encoding: {
          x: horizontal,
          y: { field: 'coverage', ...vertical },
          color: {
            field: 'name',
            type: 'nominal',
            sort: null,
            scale: { domain: names, range: names.map((name) => colors[name] ?? '#888') },
            legend: { title: null, orient: 'top' },
          },
        },
      },
      {
        data: { values: [{ coverage: nominal }] },
        mark: { type: 'rule', strokeDash: [5, 3] },
        encoding: { y: { field: 'coverage', ...vertical } },
      },
    ],
  };
}

/** Points of a band with a number for each stretch without a gap. */
function piecesOf(times: ArrayLike<number>, lower: ArrayLike<number>, upper: ArrayLike<number>) {
  const points: { time: number; lower: number; upper: number; piece: number }[] = [];
  let piece = 0;
  for (let i = 0; i < times.length; i++) {
    if (Number.isFinite(lower[i]) && Number.isFinite(upper[i])) {
      points.push({ time: times[i]!, lower: lower[i]!, upper: upper[i]!, piece });
    } else piece++;
  }
  return points;
}
