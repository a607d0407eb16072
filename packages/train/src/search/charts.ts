// A search as Vega-Lite specifications, for `chartSvg` of @tidecast/eval/report.

import type { ChartSpec } from '@tidecast/eval/report';
import type { Importance } from './importance.ts';
import { coordinateOf, labelOf, type Space } from './space.ts';
import type { SearchRow } from './table.ts';

/** How much each field mattered, as bars. */
export function importanceChart({ fields, together, method }: Importance, title?: string): ChartSpec {
  const bars = [
    ...fields.map(({ field, alone }) => ({ field, share: 100 * alone, kind: 'alone' })),
    ...(fields.length > 1 ? [{ field: 'together', share: 100 * together, kind: 'together' }] : []),
  ];
  return {
    title,
    description: `Share of the variance of the loss by field (${method})`,
    width: 560,
    height: { step: 26 },
    data: { values: bars },
    layer: [
      {
        mark: { type: 'bar' },
        encoding: {
          x: {
            field: 'share',
            type: 'quantitative',
            title: 'Share of the variance of the loss [%]',
            scale: { domain: [0, 1.12 * Math.max(...bars.map(({ share }) => share))], nice: false },
          },
          color: {
            field: 'kind',
            type: 'nominal',
            scale: { domain: ['alone', 'together'], range: ['#2f7ed8', '#9aa5b1'] },
            legend: null,
          },
        },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4 },
        encoding: {
          x: { field: 'share', type: 'quantitative' },
          text: { field: 'share', type: 'quantitative', format: '.1f' },
        },
      },
    ],
    encoding: { y: { field: 'field', type: 'nominal', sort: bars.map((bar) => bar.field), title: null } },
  };
}

/**
 * Parallel coordinates: one line for each row, through its values; the colour is the rank of its loss, the best darkest.
 * Failed rows are left out.
 */
export function parallelChart(rows: readonly SearchRow[], space: Space, title?: string): ChartSpec {
  const good = rows.filter((row) => row.loss !== null);
  const names = Object.keys(space);
  const lines = good.flatMap(({ trial, budget, values, loss }, rank) =>
    names.flatMap((name) => {
      const value = values[name];
      if (value === undefined) return [];
      const place = coordinateOf(space[name]!, value);
      return [
        { line: `${trial} ${budget}`, name, place, loss, best: 1 - rank / Math.max(1, good.length - 1) },
      ];
    }),
  );
  const labels = names.flatMap((name) => axisLabels(space, name));
  return {
    title,
    description: `Values and losses of ${good.length} trials`,
    width: 640,
    height: 260,
    encoding: {
      x: { field: 'name', type: 'nominal', sort: names, title: null, axis: { labelAngle: 0, orient: 'top' } },
    },
    layer: [
      {
        data: { values: lines },
        mark: { type: 'line', opacity: 0.55, interpolate: 'monotone' },
        encoding: {
          y: { field: 'place', type: 'quantitative', axis: null, scale: { domain: [0, 1] } },
          detail: { field: 'line', type: 'nominal' },
          color: {
            field: 'best',
            type: 'quantitative',
            title: 'Rank of the loss',
            scale: { scheme: 'viridis', reverse: true, domain: [0, 1] },
            legend: {
              type: 'gradient',
              orient: 'bottom',
              values: [0, 1],
              labelExpr: "datum.value == 1 ? 'best' : datum.value == 0 ? 'worst' : ''",
            },
          },
          strokeWidth: {
            field: 'best',
            type: 'quantitative',
            scale: { domain: [0, 1], range: [0.5, 2.5] },
            legend: null,
          },
        },
      },
      {
        data: { values: names.map((name) => ({ name, from: 0, to: 1 })) },
        mark: { type: 'rule', color: '#888' },
        encoding: { y: { field: 'from', type: 'quantitative', axis: null }, y2: { field: 'to' } },
      },
      // Twice: first as a halo in the colour of the page, so that lines do not run through the letters.
      ...[{ stroke: 'Canvas', strokeWidth: 4, strokeJoin: 'round' }, {}].map((halo) => ({
        data: { values: labels },
        mark: { type: 'text', align: 'left', dx: 7, fontSize: 11, ...halo },
        encoding: {
          y: { field: 'place', type: 'quantitative', axis: null },
          text: { field: 'label', type: 'nominal' },
        },
      })),
    ],
  };
}

/** Labels of an axis: every value of a choice, the ends of a range. */
function axisLabels(space: Space, name: string): { name: string; place: number; label: string }[] {
  const field = space[name]!;
  const values = field.type === 'choice' ? field.values : [field.min, field.max];
  return values.map((value) => ({ name, place: coordinateOf(field, value), label: labelOf(value) }));
}
