// Samples over whole arrays.

import { describe, expect, it } from 'vitest';
import { arraySamples } from '../src/index.ts';

const array = (shape: number[], from = 0) => ({
  data: Float32Array.from({ length: shape.reduce((product, each) => product * each, 1) }, (_, i) => from + i),
  shape,
});

describe('arraySamples', () => {
  const whole = {
    x: array([3, 2, 2]),
    y: array([3, 1], 50),
    mask: array([3, 2], 60),
    weight: array([3, 1], 70),
  };

  it('gives rows in the order asked for, with repeats, and what comes with them', () => {
    const samples = arraySamples(whole);
    expect(samples).toMatchObject({ count: 3, xShape: [2, 2], yShape: [1] });
    expect(samples.batch([2, 0, 2])).toEqual({
      x: { data: Float32Array.of(8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11), shape: [3, 2, 2] },
      y: { data: Float32Array.of(52, 50, 52), shape: [3, 1] },
      mask: { data: Float32Array.of(64, 65, 60, 61, 64, 65), shape: [3, 2] },
      weight: { data: Float32Array.of(72, 70, 72), shape: [3, 1] },
    });
    expect(arraySamples({ x: whole.x, y: array([3]) }).batch([1])).toEqual({
      x: { data: Float32Array.of(4, 5, 6, 7), shape: [1, 2, 2] },
      y: { data: Float32Array.of(1), shape: [1] },
    });
  });

  it('refuses arrays that do not belong together, and examples that are not there', () => {
    expect(() => arraySamples({ ...whole, y: array([2, 1]) })).toThrow(
      'arraySamples: y must be [3, 1] with 3 values, got [2, 1] with 2. The first axis is that of the examples.',
    );
    expect(() => arraySamples({ ...whole, x: { data: new Float32Array(5), shape: [3, 2] } })).toThrow(
      'with 6 values',
    );
    expect(() => arraySamples({ ...whole, mask: array([3, 3]) })).toThrow('mask must be [3, 2]');
    expect(() => arraySamples({ ...whole, weight: array([3]) })).toThrow('weight must be [3, 1]');
    expect(() => arraySamples(whole).batch([3])).toThrow(
      'arraySamples: index 3 is out of range, there are 3 examples.',
    );
  });
});
