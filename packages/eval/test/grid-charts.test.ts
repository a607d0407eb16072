// Charts of grids and of numbers with a spread.

import { describe, expect, it } from 'vitest';
import { chartSvg, heatMap, spreadChart } from '../src/report.ts';

type Values = { values: Record<string, number>[] };
type Scale = { scale: { domain: number[] } };

describe('heatMap', () => {
  const grid = { rows: ['a', 'b'], columns: ['1', '2', '3'], value: 'w' };

  it('puts values into their cells, leaves missing ones out, and draws', async () => {
    const spec = heatMap({ ...grid, values: [0, 1, 2, 3, Number.NaN, 5], x: 'step' });
    expect((spec.data as Values).values).toEqual([
      { row: 0, column: 0, value: 0 },
      { row: 0, column: 1, value: 1 },
      { row: 0, column: 2, value: 2 },
      { row: 1, column: 0, value: 3 },
      { row: 1, column: 2, value: 5 },
    ]);
    const { html } = await chartSvg(spec);
    for (const text of ['>a<', '>b<', '>3<', '>step<']) expect(html).toContain(text);
  });

  it.each(['constructor', 'toString', '__proto__', '"q" [0]', '<b>', ''])('names a row %j', async (name) => {
    const { html } = await chartSvg(heatMap({ rows: [name], columns: ['1'], value: 'w', values: [1] }));
    expect(html).toContain(`>${name.replaceAll('<', '&lt;').replaceAll('>', '&gt;')}<`);
  });

  it.each([
    ['airplane', true],
    ['cat', false],
  ])('turns the names of columns that are too wide for their cells: %s', async (name, turned) => {
    const columns = Array.from({ length: 10 }, (_, i) => `${name} ${i}`);
    const spec = heatMap({ rows: ['a'], columns, value: 'w', values: columns.map((_, i) => i), width: 440 });
    const { html } = await chartSvg(spec);
    expect(html.includes('rotate(315)')).toBe(turned);
  });

  it('colours both ways from 0, equally far, where some are negative', () => {
    const domain = (values: number[]) =>
      (heatMap({ ...grid, values }).encoding as { color: Scale }).color.scale.domain;
    expect(domain([0, 1, 2, 3, 4, 5])).toEqual([0, 5]);
    expect(domain([0, 1, 2, 3, -9, 5])).toEqual([-9, 0, 9]);
  });

  it('refuses another number of values', () => {
    expect(() => heatMap({ ...grid, values: [1] })).toThrow(
      'heatMap: expected 2 × 3 values, row by row, got 1.',
    );
  });
});

describe('spreadChart', () => {
  it('draws bars with their spread, the largest first where asked', async () => {
    const rows = [
      { name: 'small', mean: 1, sd: 0.5 },
      { name: 'large', mean: 3, sd: 1 },
      { name: 'none', mean: Number.NaN, sd: 1 },
    ];
    const spec = spreadChart({ rows, x: 'importance', sorted: true });
    expect((spec.data as Values).values).toEqual([
      { name: 'small', group: '', mean: 1, from: 0.5, to: 1.5 },
      { name: 'large', group: '', mean: 3, from: 2, to: 4 },
    ]);
    const { html } = await chartSvg(spec);
    expect(html.indexOf('>large<')).toBeGreaterThan(0);
    expect(html.indexOf('>large<')).toBeLessThan(html.indexOf('>small<'));
  });

  it('puts groups side by side', async () => {
    const rows = ['a', 'b'].flatMap((name) => ['before', 'after'].map((group) => ({ name, group, mean: 1 })));
    const { html } = await chartSvg(spreadChart({ rows, x: 'recall' }));
    expect(html).toContain('>after<');
  });
});
