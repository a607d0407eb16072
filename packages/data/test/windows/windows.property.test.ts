import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asKnownAt,
  availableAt,
  createSeries,
  lengthOf,
  type Series,
  timeAt,
  type WindowSamples,
  windowAt,
  windows,
} from '../../src/index.ts';
import { anyCase, type Case, expectedWindow, expectedWindows } from './cases.ts';

const runs = { numRuns: 1000 };

/** The windows of a case, or why there are none. */
function attempt({ series, spec }: Case): WindowSamples | Error {
  try {
    return windows(series, spec);
  } catch (error) {
    return error as Error;
  }
}

const zeroed = (value: number) => (Number.isNaN(value) ? 0 : value);

/** The series with every value not known at `origin` changed. */
function withOtherFuture(series: Series, origin: number): Series {
  const size = series.channels.length;
  const values = series.values.map((value, i) => {
    const channel = series.channels[i % size]!;
    return availableAt(channel, timeAt(series, Math.floor(i / size))) > origin ? 1e6 + i : value;
  });
  return createSeries({ ...series, values });
}

describe('windows, under any series and specification', () => {
  it('are refused exactly if some origin would use a value known only after it', () => {
    let refused = 0;
    let made = 0;
    fc.assert(
      fc.property(anyCase, (one) => {
        const samples = attempt(one);
        const { tooLate } = expectedWindows(one);
        if (samples instanceof Error) {
          if (samples.message.includes('no origin falls on')) return;
          expect(samples.message).toContain('is known too late');
          expect(tooLate).toContain(/'([a-d])'/.exec(samples.message)![1]);
          refused++;
        } else {
          expect(tooLate).toEqual([]);
          if (samples.count > 0) made++;
        }
      }),
      runs,
    );
    // Both outcomes must be common, or this says nothing.
    expect(refused).toBeGreaterThan(150);
    expect(made).toBeGreaterThan(150);
  });

  it('hold exactly the values of the definition, masked and counted', () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const samples = attempt(one);
        if (samples instanceof Error) return;
        const { kept, dropped } = expectedWindows(one);
        expect(samples.count).toBe(kept.length);
        expect(samples.dropped).toBe(dropped);
        expect([...samples.origins]).toEqual(kept.map(({ origin }) => origin));
        const all = kept.map((_, i) => i);
        const { x, y, mask, weight } = samples.batch(all);
        const reference = samples.reference(all);
        const C = samples.inputChannels.length;
        expect(x.shape).toEqual([kept.length, one.spec.steps, C]);
        expect(y.shape).toEqual([kept.length, one.spec.horizon, one.spec.targets.length]);
        expect(reference.shape).toEqual(y.shape);
        const real = kept.flatMap(({ rows }) => rows.map((row) => (row.some(Number.isNaN) ? 0 : 1)));
        const rows = kept.flatMap(({ rows }) => rows);
        expect([...x.data]).toEqual(rows.flatMap((row, i) => row.map((value) => (real[i] ? value : 0))));
        expect([...y.data]).toEqual(kept.flatMap(({ targets }) => targets.map(zeroed)));
        expect([...reference.data]).toEqual(kept.flatMap((each) => each.reference));
        expect(mask ? [...mask.data] : undefined).toEqual(real.includes(0) ? real : undefined);
        const there = kept.flatMap(({ targets }) => targets.map((value) => (Number.isNaN(value) ? 0 : 1)));
        expect(weight ? [...weight.data] : undefined).toEqual(there.includes(0) ? there : undefined);
        const incomplete = kept.filter((each) => [...each.rows.flat(), ...each.targets].some(Number.isNaN));
        expect(samples.masked).toBe(incomplete.length);
      }),
      runs,
    );
  });

  it('never change with what was not known at their origin, and are what a live forecast gets', () => {
    let compared = 0;
    fc.assert(
      fc.property(anyCase, fc.nat(), ({ series, spec }, pick) => {
        const samples = attempt({ series, spec });
        if (samples instanceof Error || samples.count === 0) return;
        const index = pick % samples.count;
        const origin = samples.origins[index]!;
        const { x, mask } = samples.batch([index]);
        const reference = samples.reference([index]);
        const full = mask?.data.includes(0) ? mask : undefined;
        for (const history of [series, withOtherFuture(series, origin), asKnownAt(series, origin)]) {
          const live = windowAt(history, spec, origin);
          expect(live.x).toEqual(x);
          expect(live.mask).toEqual(full);
          expect(live.reference).toEqual(reference);
          expect(live.firstTime).toBe(origin - spec.issueDelay! + series.step);
        }
        compared++;
      }),
      runs,
    );
    expect(compared).toBeGreaterThan(150);
  });

  it('say where they reach: from their first sample to their last target', () => {
    fc.assert(
      fc.property(anyCase, (one) => {
        const samples = attempt(one);
        if (samples instanceof Error) return;
        for (const [i, { times }] of expectedWindows(one).kept.entries()) {
          expect(samples.from[i]).toBe(Math.min(...times));
          expect(samples.to[i]).toBe(Math.max(...times));
        }
      }),
      runs,
    );
  });

  it('a live window at any origin is as in training, or refused with a sentence', () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: -3, max: 45 }), ({ series, spec }, last) => {
        const origin = timeAt(series, last) + spec.issueDelay!;
        const isInside = last >= 0 && last < lengthOf(series);
        const tooLate = isInside ? expectedWindow({ series, spec }, last).tooLate : [];
        try {
          const live = windowAt(series, spec, origin);
          expect([isInside, tooLate]).toEqual([true, []]);
          expect([...live.x.data].every(Number.isFinite)).toBe(true);
        } catch (error) {
          expect((error as Error).message).toMatch(/^(windows|windowAt): .*\.$/);
          expect((error as Error).message.includes('is known too late')).toBe(tooLate.length > 0);
          expect((error as Error).constructor.name).toMatch(/^(Error|HistoryError)$/);
        }
      }),
      runs,
    );
  });
});
