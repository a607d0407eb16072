// Streams as data: every step once, in order, from the right state.

import type { NdArray } from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streams } from '../../src/index.ts';

/** A sequence whose input at step t is `start + t + 1`, and whose target is minus that. */
function counting(steps: number, start = 0): { x: NdArray; y: NdArray } {
  const data = Float32Array.from({ length: steps }, (_, t) => start + t + 1);
  return { x: { data, shape: [steps, 1] }, y: { data: data.map((value) => -value), shape: [steps, 1] } };
}

const listOf = (lengths: number[]) => {
  const all = lengths.map((length, i) => counting(length, 1000 * i));
  return { x: all.map(({ x }) => x), y: all.map(({ y }) => y) };
};

describe('streams', () => {
  it('one sequence in two rows, pieces of three steps', () => {
    const samples = streams(counting(12), { batchSize: 2, steps: 3 });
    expect(samples).toMatchObject({ count: 4, batchSize: 2, xShape: [3, 1], yShape: [3, 1] });
    const first = samples.batch([0, 1]);
    expect([...first.x.data]).toEqual([1, 2, 3, 7, 8, 9]);
    expect([...first.y.data]).toEqual([-1, -2, -3, -7, -8, -9]);
    expect([...first.carry!.data]).toEqual([0, 0]);
    const second = samples.batch([2, 3]);
    expect([...second.x.data]).toEqual([4, 5, 6, 10, 11, 12]);
    expect([...second.carry!.data]).toEqual([1, 1]);
    for (const batch of [first, second]) expect(Object.keys(batch).sort()).toEqual(['carry', 'x', 'y']);
  });

  it('k1 2, k2 5: the loss stands on the new steps, the state is taken after two', () => {
    const samples = streams(counting(7), { batchSize: 1, steps: 5, every: 2 });
    expect(samples.count).toBe(4);
    const rows = [0, 1, 2, 3].map((index) => samples.batch([index]));
    expect(rows.map(({ x }) => [...x.data])).toEqual([
      [0, 0, 0, 1, 2],
      [0, 1, 2, 3, 4],
      [2, 3, 4, 5, 6],
      [4, 5, 6, 7, 0],
    ]);
    expect(rows.map(({ weight }) => [...weight!.data])).toEqual([
      [0, 0, 0, 1, 1],
      [0, 0, 0, 1, 1],
      [0, 0, 0, 1, 1],
      [0, 0, 0, 1, 0],
    ]);
    expect(rows.map(({ mask }) => mask && [...mask.data])).toEqual([
      [0, 0, 0, 1, 1],
      [0, 1, 1, 1, 1],
      undefined,
      [1, 1, 1, 1, 0],
    ]);
    expect(rows.map(({ carry, carryAfter }) => [carry!.data[0], carryAfter])).toEqual([
      [0, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
  });

  it('every step weighs once, each example begins where the state stands, for any lengths, k1, k2 and rows', () => {
    const settings = fc.record({
      lengths: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 6 }),
      batchSize: fc.integer({ min: 1, max: 4 }),
      steps: fc.integer({ min: 1, max: 12 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      alone: fc.boolean(),
      seed: fc.integer(),
    });
    fc.assert(
      fc.property(settings, ({ lengths, batchSize, steps, share, alone, seed }) => {
        const every = Math.max(1, Math.round(share * steps));
        const source = alone ? counting(lengths[0]!) : listOf(lengths);
        const samples = streams(source, { batchSize, steps, every });
        const order = samples.order!({ seed, epoch: 2, batchSize }) as Uint32Array;
        expect([...order].sort((a, b) => a - b)).toEqual([...Array(samples.count).keys()]);
        const weighed: number[] = [];
        /** The next step that each row's state has not seen; 0: none yet. */
        const next = Array<number>(batchSize).fill(0);
        for (let from = 0; from < order.length; from += batchSize) {
          const {
            x,
            mask,
            weight,
            carry,
            carryAfter = steps,
          } = samples.batch(order.subarray(from, from + batchSize));
          for (let b = 0; b < batchSize; b++) {
            const real = [...Array(steps).keys()].filter((s) => !mask || mask.data[b * steps + s] === 1);
            for (const s of real) {
              if (!weight || weight.data[b * steps + s] === 1) weighed.push(x.data[b * steps + s]!);
            }
            if (real.length === 0) continue;
            const first = x.data[b * steps + real[0]!]!;
            // Where the stream has had no real step yet, its state is still the zeros that it began with.
            if (carry!.data[b] === 1 && next[b]! > 0) expect(first).toBe(next[b]);
            else expect(alone || first % 1000 === 1).toBe(true);
            const seen = real.filter((s) => s < carryAfter);
            next[b] = seen.length > 0 ? x.data[b * steps + seen.at(-1)!]! + 1 : 0;
          }
        }
        const all = (Array.isArray(source.x) ? source.x : [source.x]).flatMap(({ data }: NdArray) => [
          ...data,
        ]);
        expect(weighed.sort((a, b) => a - b)).toEqual(all.sort((a: number, b: number) => a - b));
      }),
      { numRuns: 200 },
    );
  });

  it('the sequences of a row come in a new order each epoch, the same for one seed', () => {
    const samples = streams(listOf([5, 5, 5, 5, 5, 5]), { batchSize: 1, steps: 5 });
    const order = (seed: number, epoch: number) => [
      ...(samples.order!({ seed, epoch, batchSize: 1 }) as Uint32Array),
    ];
    expect(order(1, 1)).toEqual(order(1, 1));
    expect(order(1, 1)).not.toEqual(order(1, 2));
    expect(order(1, 1)).not.toEqual(order(2, 1));
  });

  it('weights and masks of the source come along', () => {
    const weight = { data: Float32Array.of(0, 0, 0, 1), shape: [4, 1] };
    const mask = { data: Float32Array.of(1, 0, 1, 1), shape: [4] };
    const { weight: weighs, mask: real } = streams(
      { ...counting(4), weight, mask },
      { batchSize: 1, steps: 4 },
    ).batch([0]);
    expect([...weighs!.data]).toEqual([0, 0, 0, 1]);
    expect([...real!.data]).toEqual([1, 0, 1, 1]);
  });

  it('refuses what does not fit, and says what is expected', () => {
    const { x, y } = counting(4);
    const refused = (source: object, message: string, options = {}) =>
      expect(() => streams({ x, y, ...source }, { batchSize: 1, steps: 2, ...options })).toThrow(message);
    refused({ x: { ...x, shape: [4] } }, 'streams: x must be [T, C], got shape [4] with 4 values.');
    refused({ y: counting(3).y }, 'streams: y of sequence 0 must be [4, 1], got [3, 1].');
    refused({ y: [y, y] }, 'streams: y must hold 1 sequences like x, got 2.');
    refused({ x: [], y: [] }, 'streams: expected at least one sequence, got none.');
    refused({ weight: counting(3).y }, 'streams: weight of sequence 0 must be [4, 1], got [3, 1].');
    refused({}, 'streams: every must be a whole number at least 1 and at most 2, got 3.', { every: 3 });
    refused({}, 'streams: batchSize must be a whole number at least 1, got 0.', { batchSize: 0 });
    expect(() => streams({ x, y }, { batchSize: 1, steps: 2 }).batch([2])).toThrow(
      'streams: index must be a whole number at least 0 and at most 1, got 2.',
    );
  });
});
