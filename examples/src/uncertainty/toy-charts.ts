// The plots of the examples of uncertainty: bands over one input, beside those of the law that the data is from.

import type { Distributions, VarianceParts } from '@tidecast/eval';
import type { ChartSpec } from '@tidecast/eval/report';
import type { Points } from './toy.ts';

const Z90 = 1.6448536269514722;
const BAND = '#2f7ed8';
const X = { field: 'x', type: 'quantitative', title: 'x' };

/** 90 % bands of several methods side by side, less the mean of the true law, with its own band dashed in each. */
export function bandsChart({
  title,
  x,
  bands,
  truth,
  domain,
}: {
  title: string;
  x: Float32Array;
  bands: ReadonlyMap<string, Distributions>;
  truth: Distributions;
  /** Range of the vertical axis; what is beyond is cut. */
  domain: [number, number];
}): ChartSpec {
  const curve = truth.mean();
  const [trueLow, trueHigh] = [truth.quantile(0.05), truth.quantile(0.95)];
  const rows = [...bands].flatMap(([name, said]) => {
    const [low, middle, high] = [said.quantile(0.05), said.quantile(0.5), said.quantile(0.95)];
    return Array.from(x, (value, i) => ({
      name,
      x: value,
      low: low[i]! - curve[i]!,
      middle: middle[i]! - curve[i]!,
      high: high[i]! - curve[i]!,
      trueLow: trueLow[i]! - curve[i]!,
      trueHigh: trueHigh[i]! - curve[i]!,
    }));
  });
  const y = (field: string) => ({ field, type: 'quantitative', title: 'y − true mean', scale: { domain } });
  const line = (field: string, mark: object) => ({
    mark: { type: 'line', clip: true, ...mark },
    encoding: { x: X, y: y(field) },
  });
  return {
    title,
    data: { values: rows },
    facet: { field: 'name', type: 'nominal', title: null, sort: [...bands.keys()] },
    columns: 3,
    spec: {
      width: 230,
      height: 170,
      layer: [
        {
          mark: { type: 'area', opacity: 0.4, color: BAND, clip: true },
          encoding: { x: X, y: y('low'), y2: { field: 'high' } },
        },
        line('middle', { strokeWidth: 1.5, color: '#1b4f8f' }),
        line('trueLow', { strokeWidth: 1, strokeDash: [4, 3], color: 'currentColor' }),
        line('trueHigh', { strokeWidth: 1, strokeDash: [4, 3], color: 'currentColor' }),
      ],
    },
  };
}

/** The 90 % band of an ensemble in its two parts over training points and the true law; and its standard deviations. */
export function partsChart({
  x,
  parts: { mean, aleatoric, epistemic, total },
  truth,
  points,
}: {
  x: Float32Array;
  parts: VarianceParts;
  truth: Distributions;
  points: Points;
}): ChartSpec {
  const band = (name: string, variance: Float64Array) =>
    Array.from(x, (value, i) => ({
      name,
      x: value,
      low: mean[i]! - Z90 * Math.sqrt(variance[i]!),
      high: mean[i]! + Z90 * Math.sqrt(variance[i]!),
    }));
  const names = ['noise and disagreement', 'noise alone'];
  const lines = Object.entries({
    mean,
    curve: truth.mean(),
    low: truth.quantile(0.05),
    high: truth.quantile(0.95),
  });
  const deviations = [
    { name: 'true noise', color: 'currentColor', variance: truth.variance() },
    { name: 'aleatoric', color: BAND, variance: aleatoric },
    { name: 'epistemic', color: '#e07b1a', variance: epistemic },
  ];
  const color = (domain: readonly string[], range: readonly string[], symbolType: string) => ({
    field: 'name',
    type: 'nominal',
    sort: null,
    scale: { domain, range },
    legend: { title: null, orient: 'top', symbolType, labelLimit: 300 },
  });
  const y = { field: 'y', type: 'quantitative' };
  return {
    title: 'What the members know, and what they do not',
    resolve: { scale: { color: 'independent' } },
    vconcat: [
      {
        width: 760,
        height: 280,
        layer: [
          {
            data: { values: [...band(names[0]!, total), ...band(names[1]!, aleatoric)] },
            mark: { type: 'area', opacity: 0.5 },
            encoding: {
              x: X,
              y: { field: 'low', type: 'quantitative', title: 'y' },
              y2: { field: 'high' },
              color: color(names, ['#e07b1a', BAND], 'square'),
            },
          },
          {
            data: { values: Array.from(points.x.subarray(0, 400), (at, i) => ({ x: at, y: points.y[i]! })) },
            mark: { type: 'point', filled: true, size: 7, opacity: 0.5, color: 'currentColor' },
            encoding: { x: X, y },
          },
          {
            data: {
              values: lines.flatMap(([line, values]) =>
                Array.from(x, (at, i) => ({ line, x: at, y: values[i]! })),
              ),
            },
            mark: { type: 'line', strokeWidth: 1.2 },
            encoding: {
              x: X,
              y,
              detail: { field: 'line' },
              strokeDash: { condition: { test: "datum.line === 'mean'", value: [1, 0] }, value: [5, 4] },
              stroke: {
                condition: { test: "datum.line === 'mean'", value: '#1b4f8f' },
                value: 'currentColor',
              },
            },
          },
        ],
      },
      {
        width: 760,
        height: 170,
        data: {
          values: deviations.flatMap(({ name, variance }) =>
            Array.from(x, (at, i) => ({ name, x: at, sd: Math.sqrt(variance[i]!) })),
          ),
        },
        mark: { type: 'line', strokeWidth: 2 },
        encoding: {
          x: X,
          y: { field: 'sd', type: 'quantitative', title: 'standard deviation', scale: { type: 'log' } },
          color: color(
            deviations.map(({ name }) => name),
            deviations.map((each) => each.color),
            'stroke',
          ),
          strokeDash: { condition: { test: "datum.name === 'true noise'", value: [5, 4] }, value: [1, 0] },
        },
      },
    ],
  };
}
