import { describe, expect, it } from 'vitest';
import { addingBaseline, addingProblem, copyBaseline, copyTask } from '../../src/index.ts';

const indices = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('addingProblem', () => {
  const count = 4000;
  const samples = addingProblem({ steps: 7, count, seed: 1 });
  const { x, y, mask } = samples.batch(indices(count));

  it('marks one step in each half, and asks for the sum of the marked values', () => {
    expect([x.shape, y.shape, mask]).toEqual([[count, 7, 2], [count, 1], undefined]);
    const hits = new Array<number>(7).fill(0);
    for (let i = 0; i < count; i++) {
      const marked = indices(7).filter((t) => x.data[2 * (7 * i + t) + 1] === 1);
      expect(marked.length).toBe(2);
      expect(marked[0]! < 3 && marked[1]! >= 3).toBe(true);
      for (const t of marked) hits[t]!++;
      const sum = marked.reduce((total, t) => total + x.data[2 * (7 * i + t)]!, 0);
      expect(y.data[i]).toBeCloseTo(sum, 6);
    }
    // Uniform over its half: 1/3 and 1/4 of all, within five standard errors.
    for (const [t, hit] of hits.entries()) {
      const share = t < 3 ? 1 / 3 : 1 / 4;
      expect(Math.abs(hit / count - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / count));
    }
  });

  it('has values of U[0, 1], so that answering 1 has the squared error 1/6 within five standard errors', () => {
    const values = indices(7 * count).map((i) => x.data[2 * i]!);
    expect(Math.min(...values.slice(0, 5000))).toBeGreaterThanOrEqual(0);
    expect(Math.max(...values.slice(0, 5000))).toBeLessThan(1);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / values.length));
    const error = y.data.reduce((sum, target) => sum + (target - 1) ** 2, 0) / count;
    // (u + v − 1)² has the variance 1/15 − 1/36.
    expect(Math.abs(error - addingBaseline)).toBeLessThan(5 * Math.sqrt((1 / 15 - 1 / 36) / count));
  });

  it('draws every length between two, from the first step on, and masks the rest', () => {
    const mixed = addingProblem({ steps: 6, minSteps: 2, count: 500, seed: 3 });
    const batch = mixed.batch(indices(500));
    expect(batch.mask!.shape).toEqual([500, 6]);
    const lengths = new Set<number>();
    for (let i = 0; i < 500; i++) {
      const real = batch.mask!.data.subarray(6 * i, 6 * i + 6);
      const length = real.reduce((sum, each) => sum + each, 0);
      lengths.add(length);
      expect([...real]).toEqual(indices(6).map((t) => (t < length ? 1 : 0)));
      const row = batch.x.data.subarray(12 * i, 12 * i + 12);
      expect(row.subarray(2 * length).every((value) => value === 0)).toBe(true);
      expect(row.filter((_, k) => k % 2 === 1).reduce((sum, mark) => sum + mark, 0)).toBe(2);
    }
    expect([...lengths].sort()).toEqual([2, 3, 4, 5, 6]);
  });

  it('refuses lengths, counts and seeds out of bounds', () => {
    const good = { steps: 4, count: 1, seed: 1 };
    expect(() => addingProblem({ ...good, steps: 1 })).toThrow('steps must be a whole number from 2, got 1.');
    expect(() => addingProblem({ ...good, minSteps: 5 })).toThrow(
      'minSteps must be at most steps (4), got 5.',
    );
    expect(() => addingProblem({ ...good, count: 0 })).toThrow('count must be a whole number from 1, got 0.');
    expect(() => addingProblem({ ...good, seed: 0.5 })).toThrow('seed must be a whole number, got 0.5.');
    expect(() => addingProblem(good).batch([1])).toThrow('index 1 is out of range, there are 1 examples.');
  });
});

describe('copyTask', () => {
  it('shows a string, blanks and a delimiter, and asks for blanks and the string', () => {
    const samples = copyTask({ blanks: 3, symbols: 2, alphabet: 4, count: 50, seed: 2 });
    expect([samples.xShape, samples.yShape]).toEqual([
      [7, 6],
      [7, 5],
    ]);
    const { x, y } = samples.batch(indices(50));
    const codes = (data: Float32Array, width: number, row: number) =>
      indices(7).map((t) => {
        const step = [...data.subarray((7 * row + t) * width, (7 * row + t + 1) * width)];
        expect(step.filter((value) => value === 1).length).toBe(1);
        expect(step.filter((value) => value === 0).length).toBe(width - 1);
        return step.indexOf(1);
      });
    const seen = new Set<number>();
    for (let row = 0; row < 50; row++) {
      const [first, second, ...rest] = codes(x.data, 6, row);
      expect(rest).toEqual([4, 4, 5, 4, 4]);
      expect(codes(y.data, 5, row)).toEqual([4, 4, 4, 4, 4, first, second]);
      seen.add(first!).add(second!);
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3]);
  });

  it('has the published sizes by default, and their baseline 10 ln 8 / (T + 20)', () => {
    const { xShape, yShape } = copyTask({ blanks: 100, count: 1, seed: 1 });
    expect([xShape, yShape]).toEqual([
      [120, 10],
      [120, 9],
    ]);
    expect(copyBaseline({ blanks: 100 })).toBeCloseTo((10 * Math.log(8)) / 120, 12);
  });

  it('refuses sizes out of bounds', () => {
    expect(() => copyTask({ blanks: 0, count: 1, seed: 1 })).toThrow(
      'blanks must be a whole number from 1, got 0.',
    );
    expect(() => copyBaseline({ blanks: 1, alphabet: 1 })).toThrow(
      'alphabet must be a whole number from 2, got 1.',
    );
  });
});

describe('drawn examples', () => {
  const make = (seed: number) => addingProblem({ steps: 5, count: 1_000_000_000, seed });

  it('depend on seed and index alone, whatever batch they are in', () => {
    const alone = make(1).batch([999_999_999]);
    const among = make(1).batch([3, 999_999_999]);
    expect([...among.x.data.subarray(10)]).toEqual([...alone.x.data]);
    expect([...make(2).batch([999_999_999]).x.data]).not.toEqual([...alone.x.data]);
  });

  it('are all different, and visited once in an epoch', () => {
    const samples = addingProblem({ steps: 5, count: 2000, seed: 1 });
    const { x } = samples.batch(indices(2000));
    const rows = new Set(indices(2000).map((i) => x.data.subarray(10 * i, 10 * i + 10).join()));
    expect(rows.size).toBe(2000);
    expect(samples.order!({ seed: 1, epoch: 1, batchSize: 8 })).toEqual(Uint32Array.from(indices(2000)));
  });
});
