import { arraySamples } from '@tidecast/data';
import { describe, expect, it } from 'vitest';
import { drawRows, offer, type ReplayBuffer } from '../../src/incremental/replay-buffer.ts';
import { rowSamples, rowsOf } from '../../src/incremental/rows.ts';

/** Examples that hold their own number, from `first`. */
function numbered(count: number, first = 0) {
  const data = Float32Array.from({ length: count }, (_, i) => first + i);
  return arraySamples({ x: { data, shape: [count, 1] }, y: { data, shape: [count, 1] } });
}

const empty = (capacity: number, strategy: 'reservoir' | 'recent', seed = 1): ReplayBuffer => ({
  ...{ capacity, strategy, seed, seen: 0, rows: [] },
});
const numbers = ({ rows }: Pick<ReplayBuffer, 'rows'>) => rows.map(({ x }) => x[0]!);

describe('a reservoir', () => {
  it('keeps each of 40 examples with probability 10/40: 2000 seeds within 4 standard errors', () => {
    const counts = new Array<number>(40).fill(0);
    for (let seed = 0; seed < 2000; seed++) {
      for (const value of numbers(offer(empty(10, 'reservoir', seed), numbered(40)))) counts[value]!++;
    }
    const p = 10 / 40;
    const error = Math.sqrt(2000 * p * (1 - p));
    for (const count of counts) expect(Math.abs(count - 2000 * p)).toBeLessThan(4 * error);
  });

  it('does not depend on how what comes is cut into pieces', () => {
    const whole = offer(empty(10, 'reservoir'), numbered(100));
    let pieces = empty(10, 'reservoir');
    for (let i = 0; i < 100; i += 7) pieces = offer(pieces, numbered(Math.min(7, 100 - i), i));
    expect(pieces).toEqual(whole);
    expect(whole.seen).toBe(100);
  });

  it('keeps all while there is room, and leaves the buffer before as it was', () => {
    const before = offer(empty(10, 'reservoir'), numbered(4));
    const after = offer(before, numbered(3, 4));
    expect(numbers(after)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(numbers(before)).toEqual([0, 1, 2, 3]);
  });
});

it('the recent ones are the last ones', () => {
  const buffer = offer(offer(empty(5, 'recent'), numbered(13)), numbered(4, 13));
  expect(numbers(buffer).sort((a, b) => a - b)).toEqual([12, 13, 14, 15, 16]);
});

it('a draw holds different rows, all where there are fewer, and is the same for the same number', () => {
  const buffer = offer(empty(20, 'recent'), numbered(20));
  const draw = numbers({ rows: drawRows(buffer, 8, 3) });
  expect(new Set(draw).size).toBe(8);
  expect(numbers({ rows: drawRows(buffer, 8, 3) })).toEqual(draw);
  expect(numbers({ rows: drawRows(buffer, 8, 4) })).not.toEqual(draw);
  expect(drawRows(buffer, 50, 1)).toHaveLength(20);
});

it('rows give back their examples, with masks and weights of 1 where others have some', () => {
  const array = (shape: number[], value: number) => ({
    data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value),
    shape,
  });
  const masked = arraySamples({
    x: array([2, 3, 1], 5),
    y: array([2, 2], 6),
    mask: { data: new Float32Array([1, 0, 1, 1, 1, 0]), shape: [2, 3] },
    weight: array([2, 2], 0.5),
  });
  const plain = arraySamples({ x: array([1, 3, 1], 7), y: array([1, 2], 8) });
  const rows = [...rowsOf(plain, [0]), ...rowsOf(masked, [1, 0])];
  const samples = rowSamples(rows, { xShape: [3, 1], yShape: [2] });
  expect(samples.batch([1, 0])).toEqual({
    x: { data: new Float32Array([5, 5, 5, 7, 7, 7]), shape: [2, 3, 1] },
    y: { data: new Float32Array([6, 6, 8, 8]), shape: [2, 2] },
    mask: { data: new Float32Array([1, 1, 0, 1, 1, 1]), shape: [2, 3] },
    weight: { data: new Float32Array([0.5, 0.5, 1, 1]), shape: [2, 2] },
  });
  expect(samples.batch([0]).mask).toBeUndefined();
});
