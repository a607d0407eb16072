import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concatSamples,
  createSeries,
  fitSampleScalers,
  HOUR,
  scaleSamples,
  subset,
  type WindowSamples,
  windows,
} from '../../src/index.ts';

const station = (offset: number, T: number, holes: number[] = [], unit = 'TECU') =>
  createSeries({
    start: 0,
    step: HOUR,
    shape: [2],
    channels: [
      { name: 'tec', unit },
      { name: 'mean', unit, known: 'always' },
    ],
    values: Float32Array.from({ length: 2 * T }, (_, i) => (holes.includes(i) ? Number.NaN : offset + i)),
  });
const spec = {
  steps: 3,
  horizon: 2,
  inputs: ['tec'],
  targets: ['tec'],
  relativeTo: { tec: 'mean' },
  missing: 'mask' as const,
};
const parts = [
  windows(station(0, 9), spec),
  windows(station(1000, 3), spec),
  windows(station(2000, 12, [8, 20]), spec),
  windows(station(3000, 6), spec),
];
const one = (samples: WindowSamples, index: number) => ({
  batch: samples.batch([index]),
  reference: samples.reference([index]),
  origin: samples.origins[index],
  from: samples.from[index],
  to: samples.to[index],
});

describe('concatSamples and subset', () => {
  it('pool stations one after the other, also an empty one, and count', () => {
    const pool = concatSamples(...parts);
    expect(parts.map(({ count }) => count)).toEqual([5, 0, 8, 2]);
    expect(pool.count).toBe(15);
    expect(pool.masked).toBe(parts.reduce((sum, { masked }) => sum + masked, 0));
    expect(pool.masked).toBeGreaterThan(0);
    expect(pool.dropped).toBe(parts.reduce((sum, { dropped }) => sum + dropped, 0));
    expect(() => pool.batch([15])).toThrow('index 15 is out of range, there are 15 windows');
  });

  it('give any windows in any order as if each were asked for alone', () => {
    const pool = concatSamples(...parts);
    const owners = parts.flatMap((part) => Array.from({ length: part.count }, (_, i) => ({ part, i })));
    fc.assert(
      fc.property(
        fc.array(fc.nat(pool.count - 1), { minLength: 1, maxLength: 20 }),
        fc.infiniteStream(fc.nat()),
        (chosen, picks) => {
          const some = subset(pool, chosen);
          const again = chosen.map(() => picks.next().value! % chosen.length);
          const { x, y, mask, weight } = some.batch(again);
          const reference = some.reference(again);
          for (const [b, pick] of again.entries()) {
            const { part, i } = owners[chosen[pick]!]!;
            const want = one(part, i);
            const cut = (data: Float32Array, size: number) => [...data.subarray(b * size, (b + 1) * size)];
            expect(cut(x.data, 3)).toEqual([...want.batch.x.data]);
            expect(cut(y.data, 2)).toEqual([...want.batch.y.data]);
            expect(cut(reference.data, 2)).toEqual([...want.reference.data]);
            expect(mask ? cut(mask.data, 3) : [1, 1, 1]).toEqual([...(want.batch.mask?.data ?? [1, 1, 1])]);
            expect(weight ? cut(weight.data, 2) : [1, 1]).toEqual([...(want.batch.weight?.data ?? [1, 1])]);
            expect([some.origins[pick], some.from[pick], some.to[pick]]).toEqual([
              want.origin,
              want.from,
              want.to,
            ]);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keep working on scaled samples', () => {
    const pool = concatSamples(...parts);
    const scalers = fitSampleScalers('standard', pool);
    const all = Array.from({ length: pool.count }, (_, i) => i);
    const scaled = concatSamples(...parts.map((part) => scaleSamples(part, scalers)));
    expect(scaled.batch(all)).toEqual(scaleSamples(pool, scalers).batch(all));
  });

  it('refuse other layouts, nothing, and indices out of range', () => {
    expect(() => concatSamples()).toThrow('at least one set of windows');
    expect(() => concatSamples(parts[0]!, windows(station(0, 9), { ...spec, steps: 2 }))).toThrow(
      'one layout',
    );
    expect(() => concatSamples(parts[0]!, windows(station(0, 9, [], 'm'), spec))).toThrow('one layout');
    expect(() => concatSamples(parts[0]!, windows(station(0, 9), { ...spec, relativeTo: {} }))).toThrow(
      'Give the channels the same names (renameChannel)',
    );
    expect(() => subset(parts[0]!, [5])).toThrow('subset: index 5 is out of range, there are 5 examples');
    expect(() => subset(parts[0]!, [0]).batch([1])).toThrow('index 1 is out of range, there are 1 examples');
    // As many as before, but not the ones that the order means.
    const ordered = { ...parts[0]!, order: () => [4, 3, 2, 1, 0] };
    expect(() => subset(ordered, [0, 0, 1, 1, 2])).toThrow('subset: the samples have an order of their own');
  });
});
