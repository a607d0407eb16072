import {
  availableAt,
  type Channel,
  createSeries,
  DAY,
  type Forecast,
  type ForecastFunction,
  HistoryError,
  HOUR,
  lengthOf,
  type Series,
  timeAt,
} from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backtest } from '../src/backtest.ts';
import { persistence } from '../src/baselines.ts';

const STEP = 6 * HOUR;

function counting(days: number, channels: Channel[] = [{ name: 'a', unit: 'm' }]): Series {
  const C = channels.length;
  const values = Float32Array.from({ length: days * 4 * C }, (_, i) => Math.floor(i / C) + 1000 * (i % C));
  return createSeries({ start: 0, step: STEP, shape: [C], channels, values });
}

const daily = { from: 0, to: 100 * DAY, every: DAY, horizon: 4, targets: ['a'], issueDelay: STEP };

/** A forecast of ones, in the right places. */
function ones(history: Series, origin: number, change?: Partial<Forecast>): Forecast {
  return {
    origin,
    firstTime: origin,
    step: STEP,
    channels: [history.channels[0]!],
    levels: [0.5],
    values: new Float32Array(4).fill(1),
    ...change,
  };
}

describe('backtest', () => {
  it('sets the forecast from each origin beside what came', async () => {
    const result = await backtest(persistence(daily), counting(4), daily);
    expect(result.origins).toEqual([DAY, 2 * DAY, 3 * DAY]);
    expect(result.firstTimes).toEqual(result.origins);
    expect(Array.from(result.forecast)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    expect(Array.from(result.observed)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(result).toMatchObject({ horizon: 4, step: STEP, targets: [{ name: 'a', unit: 'm' }] });
  });

  it('tells which origins were skipped, and why', async () => {
    const result = await backtest(persistence(daily), counting(4), daily);
    expect(result.skipped[0]!.origin).toBe(0);
    expect(result.skipped[0]!.reason).toMatch(/^persistence: needs values/);
    expect(result.skipped.slice(1).every(({ reason }) => reason.startsWith('no target was observed'))).toBe(
      true,
    );
  });

  it('issues at align + n · every, and the first step comes one step after the last input', async () => {
    const options = { ...daily, issueDelay: 0, align: -STEP, horizon: 2 };
    const result = await backtest(persistence(options), counting(4), options);
    expect(result.origins).toEqual([DAY - STEP, 2 * DAY - STEP, 3 * DAY - STEP]);
    expect(result.firstTimes).toEqual([DAY, 2 * DAY, 3 * DAY]);
  });

  it('keeps origins from `from` until just before `to`', async () => {
    const some = { ...daily, from: 2 * DAY, to: 3 * DAY };
    expect((await backtest(persistence(some), counting(5), some)).origins).toEqual([2 * DAY]);
    const later = { ...some, from: 2 * DAY + 1, to: 3 * DAY + 1 };
    expect((await backtest(persistence(later), counting(5), later)).origins).toEqual([3 * DAY]);
  });

  it('is not held up by origins far outside the series', async () => {
    const wide = { ...daily, from: -1e15, to: 1e15 };
    expect((await backtest(persistence(wide), counting(4), wide)).origins).toHaveLength(3);
  });

  it('takes the median of a forecast with several levels', async () => {
    const forecast: ForecastFunction = (history, origin) =>
      ones(history, origin, {
        levels: [0.1, 0.5, 0.9],
        values: Float32Array.of(0, 0, 0, 0, 1, 2, 3, 4, 9, 9, 9, 9),
      });
    const result = await backtest(forecast, counting(2), { ...daily, from: DAY });
    expect(Array.from(result.forecast)).toEqual([1, 2, 3, 4]);
  });

  it('keeps every level beside each value, and that of a point forecast too', async () => {
    const forecast: ForecastFunction = (history, origin) =>
      ones(history, origin, {
        levels: [0.1, 0.5, 0.9],
        values: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
      });
    const result = await backtest(forecast, counting(2), { ...daily, from: DAY });
    expect(result.levels).toEqual([0.1, 0.5, 0.9]);
    expect(Array.from(result.quantiles)).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
    const point = await backtest(persistence(daily), counting(4), daily);
    expect(point.levels).toEqual([0.5]);
    expect(point.quantiles).toEqual(point.forecast);
  });

  it('refuses forecasts whose levels change on the way', async () => {
    const forecast: ForecastFunction = (history, origin) =>
      origin < DAY
        ? ones(history, origin)
        : ones(history, origin, { levels: [0.5, 0.9], values: new Float32Array(8) });
    await expect(backtest(forecast, counting(3), daily)).rejects.toThrow(
      'must have the same levels, 0.5, got 0.5, 0.9 from the origin 1970-01-02',
    );
  });

  it('skips an origin on a HistoryError alone; any other error ends it', async () => {
    const failing =
      (error: Error): ForecastFunction =>
      async () => {
        throw error;
      };
    const result = await backtest(failing(new HistoryError('too short')), counting(2), daily);
    expect(result.origins).toEqual([]);
    expect(result.skipped[0]).toEqual({ origin: 0, reason: 'too short' });
    await expect(backtest(failing(new Error('broken')), counting(2), daily)).rejects.toThrow('broken');
  });

  it('refuses a forecast that is not about what was asked', async () => {
    const answer = (change: Partial<Forecast>) =>
      backtest((history, origin) => ones(history, origin, change), counting(2), daily);
    await expect(answer({ origin: 1 })).rejects.toThrow('the origin 1970-01-01T00:00:00.000Z');
    await expect(answer({ firstTime: STEP })).rejects.toThrow('is issueDelay the same?');
    await expect(answer({ step: HOUR })).rejects.toThrow('steps of 21600000 ms, got 3600000 ms');
    await expect(answer({ channels: [{ name: 'b', unit: '1' }] })).rejects.toThrow('the channels a, got b');
    await expect(answer({ levels: [0.5, 0.4], values: new Float32Array(8) })).rejects.toThrow(
      'increasing levels between 0 and 1, got 0.5, 0.4',
    );
    await expect(answer({ levels: [0.4] })).rejects.toThrow('the level 0.5, got 0.4');
    await expect(answer({ values: new Float32Array(3) })).rejects.toThrow('1 × 4 × 1 values, got 3');
  });

  it('refuses options that make no sense', async () => {
    const run = (change: Partial<typeof daily> & { align?: number }) =>
      backtest(persistence(daily), counting(4), { ...daily, ...change });
    await expect(run({ from: 1, to: 1 })).rejects.toThrow('from must be a time before to');
    await expect(run({ from: Number.NaN })).rejects.toThrow('from must be a time before to');
    await expect(run({ every: HOUR })).rejects.toThrow('every must be a whole number of steps');
    await expect(run({ align: HOUR })).rejects.toThrow('Set align or issueDelay');
    await expect(run({ horizon: 0.5 })).rejects.toThrow('horizon must be a whole number');
    await expect(run({ targets: [] })).rejects.toThrow('at least one channel');
    await expect(run({ targets: ['x'] })).rejects.toThrow("expected a channel 'x'");
    await expect(run({ issueDelay: DAY })).rejects.toThrow('issueDelay must be between 0 and one step');
  });

  it('reports progress and stops on the signal', async () => {
    const seen: number[] = [];
    const options = {
      ...daily,
      to: 4 * DAY,
      onProgress: ({ done, total }: { done: number; total: number }) => seen.push(done / total),
    };
    await backtest(persistence(daily), counting(4), options);
    expect(seen).toEqual([0.25, 0.5, 0.75, 1]);
    const controller = new AbortController();
    const stopping = {
      ...daily,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    };
    await expect(backtest(persistence(daily), counting(4), stopping)).rejects.toThrow('enough');
  });
});

describe('the gate against leakage', () => {
  const channel = fc.record(
    {
      interval: fc.constantFrom(3 * HOUR, DAY),
      latency: fc.constantFrom(-DAY, -HOUR, 0, HOUR, 2 * DAY),
      known: fc.constant('always' as const),
    },
    { requiredKeys: [] },
  );
  const cases = fc.record({
    parts: fc.array(channel, { minLength: 1, maxLength: 3 }),
    issueDelay: fc.constantFrom(0, STEP),
    days: fc.integer({ min: 3, max: 6 }),
  });
  const build = (parts: Partial<Channel>[], days: number) =>
    counting(
      days,
      parts.map((part, i) => ({ name: i === 0 ? 'a' : `other${i}`, unit: '1', ...part })),
    );

  it('never shows a forecast a value that became available after its origin, and shows all others', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ parts, issueDelay, days }) => {
        const series = build(parts, days);
        const C = series.channels.length;
        const known = (origin: number, i: number, c: number) =>
          availableAt(series.channels[c]!, timeAt(series, i)) <= origin;
        const asked = new Set<number>();
        const spy: ForecastFunction = (history, origin) => {
          asked.add(origin);
          for (let i = 0; i < lengthOf(series); i++) {
            for (let c = 0; c < C; c++) {
              const seen = i < lengthOf(history) ? history.values[i * C + c]! : Number.NaN;
              const expected = known(origin, i, c) ? series.values[i * C + c]! : Number.NaN;
              if (!Object.is(seen, expected)) throw new Error(`${i}, ${c} from ${origin}: ${seen}`);
            }
          }
          return ones(history, origin, { firstTime: origin - issueDelay + STEP });
        };
        const result = await backtest(spy, series, { ...daily, issueDelay });
        expect(result.origins).toEqual([...asked]);
        const unasked = result.skipped.filter(({ reason }) => reason.startsWith('asKnownAt'));
        for (const { origin } of unasked) {
          for (let c = 0; c < C; c++) expect(known(origin, 0, c)).toBe(false);
        }
        expect(asked.size + unasked.length).toBeGreaterThan(0);
      }),
    );
  });

  it('gives the same forecast whatever happens later', async () => {
    await fc.assert(
      fc.asyncProperty(cases, fc.integer({ min: 1, max: 5 }), async ({ parts, issueDelay, days }, day) => {
        const series = build(parts, days);
        const origin = Math.min(day, days - 1) * DAY;
        const C = series.channels.length;
        const values = series.values.map((value, i) => {
          const time = timeAt(series, Math.floor(i / C));
          return availableAt(series.channels[i % C]!, time) > origin ? value * -3 - 7 : value;
        });
        const digest: ForecastFunction = (history, at) => {
          let sum = 0;
          for (const [i, value] of history.values.entries())
            if (!Number.isNaN(value)) sum += value * Math.sin(i + 1);
          return ones(history, at, {
            firstTime: at - issueDelay + STEP,
            values: new Float32Array(4).fill(sum),
          });
        };
        const options = { ...daily, from: origin, to: origin + 1, issueDelay };
        const before = await backtest(digest, series, options);
        const after = await backtest(digest, createSeries({ ...series, values }), options);
        expect(after.forecast).toEqual(before.forecast);
      }),
    );
  });

  it('scores against the untouched series', async () => {
    const series = counting(3);
    const scribble: ForecastFunction = (history, origin) => {
      history.values.fill(-1);
      return ones(history, origin);
    };
    const result = await backtest(scribble, series, { ...daily, from: DAY });
    expect(Array.from(result.observed)).toEqual([4, 5, 6, 7, 8, 9, 10, 11]);
  });
});
