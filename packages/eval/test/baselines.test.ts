import { createSeries, DAY, HistoryError, HOUR, type Series } from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hourlyMean, persistence, recurrence } from '../src/baselines.ts';

const STEP = 6 * HOUR;

/** Samples every 6 h from 1970-01-01; channel `a` is the sample's number, `b` its negative. */
function counting(days: number, change?: (values: Float32Array) => void): Series {
  const values = Float32Array.from({ length: days * 8 }, (_, i) => (i % 2 === 0 ? i / 2 : -(i - 1) / 2));
  change?.(values);
  return createSeries({
    start: 0,
    step: STEP,
    shape: [2],
    channels: [
      { name: 'a', unit: 'm' },
      { name: 'b', unit: 'm' },
    ],
    values,
  });
}

const a = { targets: ['a'], horizon: 4 };

describe('persistence', () => {
  it('repeats the same hour yesterday', async () => {
    const forecast = await persistence(a)(counting(3), 2 * DAY - STEP);
    expect(forecast).toMatchObject({ origin: 2 * DAY - STEP, firstTime: 2 * DAY, step: STEP, levels: [0.5] });
    expect(Array.from(forecast.values)).toEqual([4, 5, 6, 7]);
  });

  it('goes back as many days as it takes beyond the first day', async () => {
    const forecast = await persistence({ ...a, horizon: 9 })(counting(3), 2 * DAY - STEP);
    expect(Array.from(forecast.values)).toEqual([4, 5, 6, 7, 4, 5, 6, 7, 4]);
  });

  it('repeats the last input with a period of one step, also when issued a step later', async () => {
    const naive = { ...a, horizon: 3, period: STEP };
    expect(Array.from((await persistence(naive)(counting(3), DAY)).values)).toEqual([4, 4, 4]);
    const late = await persistence({ ...naive, issueDelay: STEP })(counting(3), DAY);
    expect(late.firstTime).toBe(DAY);
    expect(Array.from(late.values)).toEqual([3, 3, 3]);
  });

  it('does not take a value that is known only after the origin', async () => {
    const series = counting(5);
    const delayed = createSeries({
      ...series,
      channels: [{ name: 'a', unit: 'm', latency: DAY + STEP }, series.channels[1]!],
    });
    const forecast = await persistence(a)(delayed, 3 * DAY - STEP);
    // Known at the origin: samples up to 1 day and 6 h before it, numbers up to 6.
    expect(Array.from(forecast.values)).toEqual([4, 5, 6, 3]);
  });

  it('keeps the order of several targets', async () => {
    const forecast = await persistence({ targets: ['b', 'a'], horizon: 2 })(counting(3), 2 * DAY - STEP);
    expect(Array.from(forecast.values)).toEqual([-4, 4, -5, 5]);
    expect(forecast.channels.map((channel) => channel.name)).toEqual(['b', 'a']);
  });

  it('gives NaN for a missing value, and says so where nothing is left', async () => {
    const hole = counting(3, (values) => {
      values[10] = Number.NaN;
    });
    expect(Array.from((await persistence(a)(hole, 2 * DAY - STEP)).values)).toEqual([4, Number.NaN, 6, 7]);
    const forecast = persistence(a);
    expect(() => forecast(counting(3), -STEP)).toThrow(HistoryError);
    expect(() => forecast(counting(3), -DAY)).toThrow(/all are missing; the history begins at 1970-01-01/);
  });

  it('refuses what it cannot do, and says what it expected', () => {
    expect(() => persistence({ targets: [], horizon: 1 })).toThrow('targets must name at least one');
    expect(() => persistence({ targets: ['a'], horizon: 0 })).toThrow(
      'horizon must be a whole number of steps',
    );
    expect(() => persistence({ ...a, issueDelay: -1 })).toThrow('issueDelay must be 0 or more');
    expect(() => persistence({ ...a, issueDelay: DAY })(counting(3), DAY)).toThrow(
      'issueDelay must be at most one',
    );
    expect(() => persistence({ ...a, period: HOUR })(counting(3), DAY)).toThrow('whole number of steps');
    expect(() => persistence(a)(counting(3), DAY + HOUR)).toThrow('must be the time of a sample');
    expect(() => persistence({ ...a, targets: ['c'] })(counting(3), DAY)).toThrow("expected a channel 'c'");
  });
});

describe('recurrence', () => {
  it('takes the value 27 days before each step', async () => {
    const forecast = await recurrence(a)(counting(30), 28 * DAY - STEP);
    expect(Array.from(forecast.values)).toEqual([4, 5, 6, 7]);
  });
});

describe('hourlyMean', () => {
  it('is the mean of the hour over the days before', async () => {
    const forecast = await hourlyMean({ ...a, days: 3 })(counting(6), 5 * DAY - STEP);
    // Days 2, 3, 4: numbers 8, 12, 16 at the first hour.
    expect(Array.from(forecast.values)).toEqual([12, 13, 14, 15]);
  });

  it('leaves out missing days down to minDays, and gives NaN below', async () => {
    const hole = counting(6, (values) => {
      values[2 * 8] = Number.NaN;
      values[3 * 8] = Number.NaN;
      values[2 * 8 + 2] = Number.NaN;
    });
    const forecast = await hourlyMean({ ...a, days: 3, minDays: 2 })(hole, 5 * DAY - STEP);
    expect(Array.from(forecast.values)).toEqual([Number.NaN, 15, 14, 15]);
  });

  it('asks for half of its days by default', async () => {
    await expect(async () => hourlyMean(a)(counting(20), 13 * DAY - STEP)).rejects.toThrow(HistoryError);
    const forecast = await hourlyMean(a)(counting(20), 14 * DAY - STEP);
    expect(forecast.values[0]).toBe(26);
  });

  it('with one day is persistence', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 5, max: 30 }),
        fc.integer({ min: 1, max: 12 }),
        async (sample, horizon) => {
          const options = { targets: ['a', 'b'], horizon };
          const mean = await hourlyMean({ ...options, days: 1 })(counting(10), sample * STEP);
          const last = await persistence(options)(counting(10), sample * STEP);
          expect(mean).toEqual(last);
        },
      ),
    );
  });

  it('refuses a count of days that makes no sense', () => {
    expect(() => hourlyMean({ ...a, days: 0 })).toThrow('days must be a whole number from 1, got 0');
    expect(() => hourlyMean({ ...a, days: 3, minDays: 4 })).toThrow(
      'minDays must be a whole number from 1 to 3',
    );
  });
});
