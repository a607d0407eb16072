import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  availableAt,
  createSeries,
  DAY,
  HOUR,
  splitByTime,
  type WindowSamples,
  windows,
} from '../../src/index.ts';
import { anyCase, type Expected, expectedWindows } from './cases.ts';

const series = createSeries({
  start: 0,
  step: HOUR,
  shape: [1],
  channels: [{ name: 'a', unit: '1' }],
  values: Float32Array.from({ length: 240 }, (_, i) => i),
});
const spec = { steps: 6, horizon: 3, inputs: ['a'], targets: ['a'] };

describe('splitByTime', () => {
  it('puts whole windows into parts and purges those across a boundary', () => {
    const samples = windows(series, spec);
    const split = splitByTime(samples, { validationFrom: 5 * DAY, testFrom: 7 * DAY });
    // Nine samples a window: eight positions touch each of the two boundaries.
    expect(split.purged).toBe(16);
    expect([split.train.count, split.validation.count, split.test.count]).toEqual([112, 40, 64]);
    expect(split.train.to.at(-1)).toBe(5 * DAY - HOUR);
    expect([split.validation.from[0], split.validation.to.at(-1)]).toEqual([5 * DAY, 7 * DAY - HOUR]);
    expect(split.test.from[0]).toBe(7 * DAY);
    expect([...split.test.batch([0]).x.data]).toEqual([168, 169, 170, 171, 172, 173]);
    const wider = splitByTime(samples, { validationFrom: 5 * DAY, testFrom: 7 * DAY, purge: 2 * HOUR });
    expect([wider.train.count, wider.validation.count, wider.test.count]).toEqual([110, 38, 64]);
    const two = splitByTime(samples, { testFrom: 7 * DAY });
    expect([two.train.count, two.validation.count, two.test.count]).toEqual([160, 0, 64]);
  });

  it('refuses boundaries out of order and a negative gap', () => {
    const samples = windows(series, spec);
    expect(() => splitByTime(samples, { validationFrom: DAY, testFrom: 0 })).toThrow(
      'validationFrom must not be after testFrom, got 1970-01-02T00:00Z and 1970-01-01T00:00Z',
    );
    expect(() => splitByTime(samples, { testFrom: Number.NaN })).toThrow('validationFrom must not be after');
    expect(() => splitByTime(samples, { testFrom: 0, purge: -1 })).toThrow('purge must be at least 0 ms');
  });

  it('shares no sample time between parts, and lets no target be known only after its part', () => {
    let shared = 0;
    fc.assert(
      fc.property(
        anyCase,
        fc.integer({ min: -10, max: 60 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 3 }),
        (one, validation, length, gap) => {
          let samples: WindowSamples;
          try {
            samples = windows(one.series, one.spec);
          } catch {
            return;
          }
          const kept = new Map(expectedWindows(one).kept.map((each) => [each.origin, each]));
          const validationFrom = validation * HOUR;
          const testFrom = validationFrom + length * HOUR;
          const purge = gap * HOUR;
          const split = splitByTime(samples, { validationFrom, testFrom, purge });
          const parts = [split.train, split.validation, split.test];
          expect(parts.reduce((sum, part) => sum + part.count, split.purged)).toBe(samples.count);
          const times = parts.map((part) => [...part.origins].flatMap((origin) => kept.get(origin)!.times));
          for (const [i, ends] of [validationFrom, testFrom].entries()) {
            const later = new Set(times.slice(i + 1).flat());
            expect(times[i]!.filter((time) => later.has(time))).toEqual([]);
            expect(times[i]!.every((time) => time < ends - purge)).toBe(true);
            expect([...later].every((time) => time >= ends)).toBe(true);
            for (const to of parts[i]!.to) {
              for (const channel of samples.targetChannels) {
                expect(availableAt(channel, to)).toBeLessThanOrEqual(ends - purge);
              }
            }
          }
          if (parts.filter((part) => part.count > 0).length > 1) shared++;
          // What was purged would have broken one of these.
          const inParts = new Set(parts.flatMap((part) => [...part.origins]));
          const left = [...kept.values()].filter(({ origin }) => !inParts.has(origin));
          for (const { times: own } of left) {
            const fits = (from: number, to: number) =>
              own.every((time) => time >= from && time < to - purge) && isKnownBy(own, samples, to - purge);
            expect(fits(Number.NEGATIVE_INFINITY, validationFrom)).toBe(false);
            expect(fits(validationFrom, testFrom)).toBe(false);
            expect(fits(testFrom, Number.POSITIVE_INFINITY)).toBe(false);
          }
        },
      ),
      { numRuns: 1000 },
    );
    expect(shared).toBeGreaterThan(80);
  });
});

function isKnownBy(times: Expected['times'], samples: WindowSamples, moment: number): boolean {
  return samples.targetChannels.every((channel) => availableAt(channel, Math.max(...times)) <= moment);
}
