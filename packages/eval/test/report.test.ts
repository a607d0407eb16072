import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bandChart,
  barChart,
  chartSvg,
  columns,
  coverageChart,
  details,
  escapeHtml,
  figure,
  formatNumber,
  formatTime,
  histogram,
  histogramChart,
  html,
  keyFigures,
  lineChart,
  modelColors,
  notice,
  page,
  paragraph,
  pitChart,
  reliabilityChart,
  render,
  section,
  table,
} from '../src/report.ts';

const evil = `<script>alert("1")</script>'&<img src=x onerror=alert(1)>`;

describe('escaping', () => {
  it('leaves no markup and no quote of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const escaped = escapeHtml(text);
        expect(escaped).not.toMatch(/[<>"']/);
        expect(escaped).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });

  it('escapes every place of a page that takes text', () => {
    const text = page({
      title: evil,
      subtitle: evil,
      language: evil,
      sections: [
        section(evil, [paragraph(evil), notice(evil), details(evil, evil), columns([evil, evil])]),
        keyFigures([{ label: evil, value: evil, note: evil }]),
        table({ columns: [evil, { header: evil }], rows: [[evil, evil]], caption: evil }),
        figure(html`<b>${evil}</b>`, evil),
        evil,
      ],
      footer: evil,
    });
    expect(text).not.toContain('<script');
    expect(text).not.toContain('<img');
    expect(text).toContain('&lt;script&gt;');
  });

  it('does not escape markup twice', () => {
    expect(render(html`<i>${html`<b>${'a & b'}</b>`}</i>`)).toBe('<i><b>a &amp; b</b></i>');
  });
});

describe('chartSvg', () => {
  const line = (name: string) =>
    lineChart({
      y: 'VTEC [TECU]',
      lines: [
        { name: 'observed', times: [0, 3_600_000, 7_200_000], values: [1, 2, 3] },
        { name, times: [0, 3_600_000, 7_200_000], values: [1, Number.NaN, 2], dashed: true },
      ],
    });

  it('draws to SVG that loads nothing and runs nothing, with text escaped', async () => {
    const { html: svg } = await chartSvg({ ...line(evil), title: evil, description: evil });
    expect(svg).toMatch(/^<svg role="img" aria-label="&lt;script&gt;/);
    expect(svg).not.toMatch(/<script|<img|<image|<foreignObject|<style|@import/i);
    const links = [...svg.matchAll(/https?:[^"]*/g)].map((match) => match[0]);
    expect(new Set(links)).toEqual(new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']));
  });

  it('gives different charts different identifiers, and every reference a definition', async () => {
    const clipped = (x: number) => ({
      data: { values: [{ x, y: 1 }] },
      mark: { type: 'point', clip: true },
      encoding: { x: { field: 'x', type: 'quantitative' }, y: { field: 'y', type: 'quantitative' } },
    });
    const first = (await chartSvg(clipped(1))).html;
    const second = (await chartSvg(clipped(2))).html;
    const ids = (svg: string) => [...svg.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]!);
    const references = (svg: string) => [...svg.matchAll(/url\(#([^)]*)\)/g)].map((match) => match[1]!);
    expect(ids(first).length).toBeGreaterThan(0);
    expect(ids(first).filter((id) => ids(second).includes(id))).toEqual([]);
    for (const svg of [first, second]) for (const id of references(svg)) expect(ids(svg)).toContain(id);
    expect((await chartSvg(clipped(1), { id: 'mine' })).html).toMatch(/ id="mine-/);
  });

  it('refuses a link to data, and what is not a chart, without printing', async () => {
    const link = {
      data: { url: 'https://example.org/a.json' },
      mark: 'point',
      encoding: { x: { field: 'a', type: 'quantitative' } },
    };
    await expect(chartSvg(link)).rejects.toThrow('chartSvg: expected data in the specification, got a link');
    await expect(chartSvg({ mark: 'point', data: { url: 'file:///etc/passwd' } })).rejects.toThrow(
      'chartSvg: ',
    );
    await expect(chartSvg({ what: 1 })).rejects.toThrow('chartSvg: the specification is not a valid chart');
  });

  it('draws every kind of chart, also with missing values or none at all', async () => {
    const nothing = [
      lineChart({ y: 'a', lines: [] }),
      barChart({ y: 'a', rows: [] }),
      histogramChart({ x: 'a', values: [] }),
      barChart({ y: 'a', rows: [{ group: 'g', name: 'n', value: Number.NaN }] }),
      histogramChart({ x: 'a', values: [Number.NaN, 3] }),
      barChart({ y: 'a', rows: [{ group: 'g', name: 'n', value: 1.5 }] }),
      bandChart({ y: 'a', times: [], bands: [] }),
      bandChart({
        y: 'a',
        times: [0, 1, 2, 3],
        bands: [{ name: '90 %', lower: [0, Number.NaN, 0, 0], upper: [1, 2, Number.POSITIVE_INFINITY, 1] }],
        median: [0.5, 0.5, Number.NaN, 0.5],
        observed: [0.5, Number.NaN, 0.5, 0.5],
      }),
      pitChart({ bins: [] }),
      pitChart({ bins: [{ from: 0, to: 1, share: Number.NaN, density: Number.NaN }] }),
      reliabilityChart({ curves: [{ name: 'a', said: [0.5, 1], happened: [Number.NaN, 1] }] }),
      coverageChart({ nominal: 0.9, lines: [{ name: 'a', x: [0, 1], coverage: [Number.NaN, 1] }] }),
      coverageChart({ nominal: 0.9, lines: [], x: 'days' }),
    ];
    for (const spec of nothing) {
      const { html: svg } = await chartSvg(spec);
      expect(svg).toMatch(/^<svg .*<\/svg>$/s);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});

describe('the page', () => {
  it('is one document without scripts or anything to load', () => {
    const text = page({ title: 'A', sections: [section('B', paragraph('C'))] });
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(text).not.toMatch(/<script|<link|src=|href=|url\(|@import/);
    expect(text).toContain("default-src 'none'");
  });

  it('refuses a row that does not fit its columns', () => {
    expect(() => table({ columns: ['a', 'b'], rows: [['1']] })).toThrow('row 0 must have 2 cells, got 1');
  });
});

describe('helpers', () => {
  it('writes numbers with a fixed number of decimals, and a dash for none', () => {
    expect([1.005, -0.126, -0.001, Number.NaN, Number.POSITIVE_INFINITY].map((v) => formatNumber(v))).toEqual(
      ['1.00', '−0.13', '0.00', '–', '∞'],
    );
    expect(formatNumber(12, 0)).toBe('12');
  });

  it('writes times in UTC', () => {
    const time = Date.UTC(2017, 8, 8, 6, 30);
    expect(formatTime(time)).toBe('2017-09-08 06:30 UTC');
    expect(formatTime(time, { dateOnly: true })).toBe('2017-09-08');
    expect(formatTime(Number.NaN)).toBe('–');
  });

  it('gives a model the same colour in every chart of one list', () => {
    const colors = modelColors(['a', 'b', 'c']);
    expect(new Set(Object.values(colors)).size).toBe(3);
    expect(modelColors(['a', 'b']).b).toBe(colors.b);
  });

  it('counts every finite value once in a histogram', () => {
    expect(histogram([0, 0.5, 1, 2, Number.NaN], 2)).toEqual([
      { from: 0, to: 1, count: 2 },
      { from: 1, to: 2, count: 2 },
    ]);
    fc.assert(
      fc.property(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true })),
        fc.integer({ min: 1, max: 50 }),
        (values, bins) => {
          const total = histogram(values, bins).reduce((sum, bin) => sum + bin.count, 0);
          expect(total).toBe(values.length);
        },
      ),
    );
  });
});
