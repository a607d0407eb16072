import { describe, expect, it } from 'vitest';
import { summarize } from '../src/measure.ts';
import { blocksFor } from '../src/peers/serve.ts';
import { gridPoints, lstmStepFlops } from '../src/points.ts';
import { digits, geometricMean, median, percentile } from '../src/statistics.ts';
import { compare, markdown, ratioTable, timeTable } from '../src/tables.ts';

describe('statistics', () => {
  it('takes the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(() => median([])).toThrow(/at least one/);
  });

  it('takes the geometric mean', () => {
    expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
    expect(geometricMean([0.5, 2])).toBeCloseTo(1, 12);
    expect(() => geometricMean([1, 0])).toThrow(/positive/);
    expect(() => geometricMean([])).toThrow(/positive/);
  });

  it('takes percentiles that were measured', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(percentile(values, 0.5)).toBe(50);
    expect(percentile(values, 0.99)).toBe(99);
    expect(percentile([7], 0.99)).toBe(7);
  });

  it('prints three digits without an exponent', () => {
    expect([0.012345, 1.2345, 12.345, 123.45, 12345].map(digits)).toEqual([
      '0.0123',
      '1.23',
      '12.3',
      '123',
      '12345',
    ]);
  });
});

describe('points', () => {
  it('are 24 for each network', () => {
    expect(gridPoints()).toHaveLength(96);
    expect(gridPoints({ cells: ['gru'] })).toHaveLength(24);
  });

  it('count the operations of a step as loops would', () => {
    const [units, batch, T, C] = [3, 2, 4, 2];
    let flops = 0;
    for (let t = 0; t < T; t++) {
      flops += 2 * batch * (C + units) * 4 * units; // Gates from [x, h].
      flops += 2 * (C + units) * batch * 4 * units; // Their weights' gradient.
      flops += 2 * batch * 4 * units * units; // The gradient by h.
    }
    flops += 3 * 2 * batch * units * 12; // The dense layer: forward, by its weights, by h.
    expect(lstmStepFlops({ cell: 'lstm', units, batch, T })).toBe(flops);
  });
});

describe('blocksFor', () => {
  it('cuts the time into seven blocks', () => {
    expect(blocksFor({ seconds: 0.7 }, 1)).toEqual({ blocks: 7, each: 100 });
  });
  it('takes three steps at least, each a block, where they are long', () => {
    expect(blocksFor({ seconds: 0.3 }, 400)).toEqual({ blocks: 3, each: 1 });
    expect(blocksFor({ seconds: 0.3 }, 60)).toEqual({ blocks: 5, each: 1 });
  });
  it('takes the steps that were asked for, or a few more', () => {
    expect(blocksFor({ steps: 30 }, 1)).toEqual({ blocks: 7, each: 5 });
    expect(blocksFor({ steps: 1 }, 1)).toEqual({ blocks: 1, each: 1 });
  });
});

describe('summarize', () => {
  const round = (ms: number, busy: number) => ({ ms, busy, steps: 10, rss: 0 });
  it('leaves disturbed rounds out', () => {
    const answers = [round(1, 1), round(9, 0.5), round(1.2, 0.99), round(1.1, 0.97)];
    expect(summarize(answers)).toEqual({ steps: 30, ms: 1.1, disturbed: false });
  });
  it('counts the time on the core where all were disturbed, and says so', () => {
    expect(summarize([round(2, 0.5), round(4, 0.3), round(2, 0.7)])).toEqual({
      steps: 30,
      ms: 1.2,
      disturbed: true,
    });
  });
});

describe('tables', () => {
  const at = (peer: string, units: number, ms: number) =>
    ({ peer, cell: 'lstm', units, batch: 32, steps: 1, ms }) as never;
  const results = [
    at('tidecast', 5, 1),
    at('jax', 5, 8),
    at('tidecast', 10, 4),
    at('jax', 10, 2),
    at('jax', 20, 7),
  ];

  it('compare only points that both have measured', () => {
    expect(compare(results, { cell: 'lstm', peer: 'jax', base: 'tidecast' })).toEqual({
      mean: expect.closeTo(2, 12),
      lowest: 0.5,
      lowestAt: '10/32',
      points: 2,
    });
    expect(compare(results, { cell: 'gru', peer: 'jax', base: 'tidecast' })).toBeUndefined();
  });

  it('print ratios and times', () => {
    expect(ratioTable(results, 'tidecast')).toBe(
      '| tidecast beside | jax |\n| --- | ---: |\n| lstm | **2.00×** (0.500× at 10/32) |',
    );
    expect(timeTable(results, 'lstm').split('\n').at(-1)).toBe('| 20/32 | – | 7.00 |');
  });

  it('are Markdown', () => {
    expect(markdown(['a', 'b'], [['1', '2']])).toBe('| a | b |\n| --- | ---: |\n| 1 | 2 |');
  });
});
