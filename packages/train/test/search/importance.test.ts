import { createRandom } from '@tidecast/data';
import { chartSvg } from '@tidecast/eval/report';
import { describe, expect, it } from 'vitest';
import {
  choice,
  importance,
  importanceChart,
  marginalMeans,
  parallelChart,
  type SearchRow,
  type Space,
  uniform,
} from '../../src/index.ts';
import { growForest, treeVariances } from '../../src/search/regression-forest.ts';

const space: Space = { a: choice([0, 1]), b: choice(['x', 'y', 'z']) };

/** Every combination, with the loss of a table `[a][b]`. */
function rowsOf(losses: number[][]): SearchRow[] {
  return losses.flatMap((row, a) =>
    row.map((loss, b) => ({ trial: 3 * a + b, values: { a, b: ['x', 'y', 'z'][b]! }, budget: 1, loss })),
  );
}

describe('importance over a complete grid', () => {
  it('is the analysis of variance by hand', () => {
    // Means by a: 2 and 5, by b: 3, 3, 4.5; in all 3.5.
    // Variances: a (1.5² + 1.5²)/2 = 2.25; b (0.25 + 0.25 + 1)/3 = 0.5.
    const rows = rowsOf([
      [1, 2, 3],
      [5, 4, 6],
    ]);
    const total = [1, 2, 3, 5, 4, 6].reduce((sum, each) => sum + (each - 3.5) ** 2, 0) / 6;
    const { fields, together, method } = importance(rows, space);
    expect(method).toBe('grid');
    expect(fields.map(({ field }) => field)).toEqual(['a', 'b']);
    expect(fields[0]!.alone).toBeCloseTo(2.25 / total, 12);
    expect(fields[1]!.alone).toBeCloseTo(0.5 / total, 12);
    expect(together).toBeCloseTo(1 - 2.75 / total, 12);
    expect(marginalMeans(rows, 'b')).toEqual([
      { value: 'x', loss: 3, count: 2 },
      { value: 'y', loss: 3, count: 2 },
      { value: 'z', loss: 4.5, count: 2 },
    ]);
  });

  it('is all together where the loss is an exclusive or', () => {
    const rows = rowsOf([
      [0, 1, 0.5],
      [1, 0, 0.5],
    ]);
    const { fields, together } = importance(rows, space);
    expect(fields.map(({ alone }) => alone)).toEqual([0, 0]);
    expect(together).toBe(1);
  });

  it('has the budget as a field where there are several', () => {
    const rows = [1, 10].flatMap((budget) =>
      rowsOf([
        [1, 1, 1],
        [1, 1, 1],
      ]).map((row) => ({ ...row, budget, loss: 1 / budget })),
    );
    const [first] = importance(rows, space).fields;
    expect(first!.field).toBe('budget');
    expect(first!.alone).toBeCloseTo(1, 12);
  });
});

describe('importance over a forest', () => {
  const square: Space = { x: uniform(0, 1), y: uniform(0, 1), nothing: uniform(0, 1) };
  const sample = (count: number, of: (x: number, y: number) => number, seed = 1) => {
    const random = createRandom(seed);
    return Array.from({ length: count }, (_, trial): SearchRow => {
      const [x, y, nothing] = [random.uniform(), random.uniform(), random.uniform()];
      return { trial, values: { x, y, nothing }, budget: 1, loss: of(x, y) };
    });
  };

  it('finds the shares 0.9 and 0.1 of 3x + y from 300 points within 0.05', () => {
    const { fields, together, method } = importance(
      sample(300, (x, y) => 3 * x + y),
      square,
    );
    expect(method).toBe('forest');
    expect(fields.map(({ field }) => field)).toEqual(['x', 'y', 'nothing']);
    expect(Math.abs(fields[0]!.alone - 0.9)).toBeLessThan(0.05);
    expect(Math.abs(fields[1]!.alone - 0.1)).toBeLessThan(0.05);
    expect(fields[2]!.alone).toBeLessThan(0.01);
    expect(together).toBeLessThan(0.05);
  });

  it('finds that a product of centred fields works together: at least 0.8 from 500 points', () => {
    const { together } = importance(
      sample(500, (x, y) => (x - 0.5) * (y - 0.5)),
      square,
    );
    expect(together).toBeGreaterThan(0.8);
  });

  it('takes logarithms, leaves failures out, and does not change with the order of the rows by more than 0.05', () => {
    const rows = sample(200, (x, y) => Math.exp(6 * x + y));
    const failed: SearchRow = {
      trial: 999,
      values: rows[0]!.values,
      budget: 1,
      loss: null,
      error: 'Error: no',
    };
    const { fields } = importance([...rows, failed], square, { logarithm: true });
    expect(fields[0]).toMatchObject({ field: 'x' });
    expect(fields[0]!.alone).toBeGreaterThan(0.9);
    const turned = importance([...rows].reverse(), square, { logarithm: true });
    expect(Math.abs(turned.fields[0]!.alone - fields[0]!.alone)).toBeLessThan(0.05);
  });

  it('leaves nothing to explain where all losses are the same', () => {
    const rows = rowsOf([Array(3).fill(0.1), Array(3).fill(0.1)]);
    for (const some of [rows, rows.slice(1)]) {
      const { fields, together } = importance(some, space);
      expect([...fields.map(({ alone }) => alone), together]).toEqual([0, 0, 0]);
    }
  });

  it('refuses a table without two losses', () => {
    expect(() => importance([], square)).toThrow('importance: expected at least 2 rows with a loss, got 0.');
  });

  it('takes exact variances of a tree: a box of 1 over a quarter of the square, by hand', () => {
    const boxes = [
      { low: [0, 0], high: [0.5, 0.5], value: 1 },
      { low: [0, 0.5], high: [0.5, 1], value: 0 },
      { low: [0.5, 0], high: [1, 1], value: 0 },
    ];
    // Mean 1/4, variance 3/16; the mean over y is 1/2 or 0: variance 1/16.
    expect(treeVariances(boxes)).toEqual({ total: 3 / 16, fields: [1 / 16, 1 / 16] });
  });

  it('grows trees whose leaves fill the square exactly once', () => {
    const random = createRandom(5);
    const points = Array.from({ length: 60 }, () => [random.uniform(), random.uniform()]);
    const targets = points.map(([x, y]) => x! * y!);
    for (const boxes of growForest(points, targets, { trees: 5, random })) {
      for (let i = 0; i < 50; i++) {
        const at = [random.uniform(), random.uniform()];
        const around = boxes.filter(({ low, high }) =>
          at.every((each, f) => low[f]! <= each && each < high[f]!),
        );
        expect(around).toHaveLength(1);
      }
    }
  });
});

describe('charts of a search', () => {
  it('draw', async () => {
    const rows = rowsOf([
      [1, 2, 3],
      [5, 4, 6],
    ]);
    for (const spec of [importanceChart(importance(rows, space)), parallelChart(rows, space)]) {
      expect((await chartSvg(spec)).html).toContain('<svg');
    }
  });
});
