import {
  type Channel,
  createRandom,
  createSeries,
  DAY,
  type ForecastFunction,
  HistoryError,
  HOUR,
  lengthOf,
  type Series,
  timeAt,
} from '@tidecast/data';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adaptiveConformal,
  adaptiveSteps,
  backtest,
  bandOf,
  conformal,
  conformalQuantile,
  coverageOverTime,
  createAdaptiveLevel,
  fitConformal,
  persistence,
  scoreProbabilistic,
} from '../../src/index.ts';

describe('createAdaptiveLevel', () => {
  it('moves by γ·(α − err)', () => {
    const level = createAdaptiveLevel({ alpha: 0.1, gamma: 0.05 });
    level.update(0.5); // held at 0.1
    expect(level.value).toBeCloseTo(0.1 + 0.05 * 0.1, 14);
    level.update(0.05); // missed
    expect(level.value).toBeCloseTo(0.105 + 0.05 * (0.1 - 1), 14);
    level.update(0.06); // a level of 0.06 just misses: the band holds levels below `coveredUpTo`
    expect(level.value).toBeCloseTo(0.06 - 0.045, 14);
  });

  it('misses α of any sequence within (max(α, 1 − α) + γ)/(γ·T), also of the most hostile one', () => {
    const random = createRandom(2);
    const hostile = (level: number) => (level > 0 ? Math.max(1e-9, level - 1e-9) : 1e-9);
    const wild = () => random.uniform() ** 4;
    for (const gamma of [0.005, 0.05]) {
      for (const next of [hostile, wild, () => 1, () => 1e-9]) {
        const alpha = 0.1;
        const level = createAdaptiveLevel({ alpha, gamma });
        let missed = 0;
        const T = 3000;
        for (let t = 0; t < T; t++) {
          const coveredUpTo = next(level.value);
          if (level.value >= coveredUpTo) missed++;
          level.update(coveredUpTo);
        }
        expect(Math.abs(missed / T - alpha)).toBeLessThanOrEqual((0.9 + gamma) / (gamma * T) + 1e-12);
      }
    }
  });

  it('with one step among several γ of the same size is the simple form', () => {
    const one = createAdaptiveLevel({ alpha: 0.2, gamma: 0.03 });
    const several = createAdaptiveLevel({ alpha: 0.2, gamma: [0.03, 0.03, 0.03] });
    const random = createRandom(5);
    for (let t = 0; t < 200; t++) {
      const value = random.uniform();
      one.update(value);
      several.update(value);
      expect(several.value).toBeCloseTo(one.value, 12);
    }
  });

  it('with several γ leans to the large ones after a jump, and to the small ones in peace', () => {
    const random = createRandom(6);
    const run = (shift: (t: number) => number, gamma: number | readonly number[]) => {
      const level = createAdaptiveLevel({ alpha: 0.1, gamma });
      let loss = 0;
      for (let t = 0; t < 2000; t++) {
        const value = Math.min(1, Math.max(1e-6, random.uniform() * shift(t)));
        loss += 0.1 * (value - level.value) - Math.min(0, value - level.value);
        level.update(value);
      }
      return loss;
    };
    const jumping = (t: number) => (Math.floor(t / 500) % 2 === 0 ? 3 : 0.2);
    const calm = () => 1;
    expect(run(jumping, adaptiveSteps)).toBeLessThan(run(jumping, 0.001));
    expect(run(calm, adaptiveSteps)).toBeLessThan(run(calm, 0.128));
  });

  it('refuses levels and steps that make no sense', () => {
    expect(() => createAdaptiveLevel({ alpha: 1, gamma: 0.1 })).toThrow('between 0 and 1, got 1');
    expect(() => createAdaptiveLevel({ alpha: 0.1, gamma: [] })).toThrow('one or more positive numbers');
    expect(() => createAdaptiveLevel({ alpha: 0.1, gamma: -1 })).toThrow('got [-1]');
  });
});

const STEP = 6 * HOUR;
const daily = { targets: ['a'], horizon: 4, issueDelay: STEP };

/** Noise whose size grows fivefold over `days`, four samples a day. */
function drifting(days: number, seed: number, channel: Partial<Channel> = {}): Series {
  const random = createRandom(seed);
  return createSeries({
    start: 0,
    step: STEP,
    shape: [1],
    channels: [{ name: 'a', unit: 'm', ...channel }],
    values: Float32Array.from(
      { length: 4 * days },
      (_, i) => (1 + (4 * i) / (4 * days)) * random.normal() + 10,
    ),
  });
}

const run = (forecast: ForecastFunction, series: Series, from: number, to: number) =>
  backtest(forecast, series, { ...daily, from: from * DAY, to: to * DAY, every: DAY });

describe('adaptiveConformal', () => {
  it('gives the bands of a plain loop that is written down at once', async () => {
    const series = drifting(60, 1);
    const gamma = 0.05;
    const adaptive = adaptiveConformal(persistence(daily), { every: DAY, gamma, levels: [0.1, 0.9] });
    const result = await run(adaptive, series, 0, 60);
    // The first forecast is from day 1; the widest band needs 4 scores, so the first band is from day 5.
    expect(result.origins[0]).toBe(5 * DAY);
    const value = (day: number, h: number) => series.values[4 * day + h]!;
    for (let h = 0; h < 4; h++) {
      const scores: number[] = [];
      let level = 0.2;
      for (let day = 1; day < 60; day++) {
        const n = scores.length;
        const center = value(day - 1, h);
        if (n >= 4) {
          const ranked = conformalQuantile(scores, 1 - level);
          const threshold = ranked === Number.POSITIVE_INFINITY ? Math.max(...scores) : ranked;
          const at = ((day - 5) * 4 + h) * 3;
          expect(result.quantiles[at]).toBe(Math.fround(center - threshold));
          expect(result.quantiles[at + 2]).toBe(Math.fround(center + threshold));
        }
        const score = Math.abs(value(day, h) - center);
        if (n > 0) {
          const missed = score > conformalQuantile(scores, 1 - level) ? 1 : 0;
          level += gamma * (0.2 - missed);
        }
        scores.push(score);
      }
    }
  });

  it('gives the same in whatever order it is asked, and side by side', async () => {
    const series = drifting(40, 2);
    const make = () => adaptiveConformal(persistence(daily), { every: DAY, levels: [0.1, 0.9] });
    const ordered = await run(make(), series, 20, 40);
    const one = make();
    const days = [33, 21, 39, 38, 21, 30];
    const answers = await Promise.all(
      days.map(async (day) => {
        const result = await run(one, series, day, day + 1);
        return Array.from(result.quantiles);
      }),
    );
    for (const [i, day] of days.entries()) {
      expect(answers[i]).toEqual(Array.from(ordered.quantiles.subarray((day - 20) * 12, (day - 19) * 12)));
    }
  });

  it('begins anew where the history is another one', async () => {
    const adaptive = adaptiveConformal(persistence(daily), { every: DAY, levels: [0.1, 0.9] });
    const other = drifting(40, 4);
    await run(adaptive, drifting(40, 3), 20, 30);
    const after = await run(adaptive, other, 30, 40);
    const fresh = await run(
      adaptiveConformal(persistence(daily), { every: DAY, levels: [0.1, 0.9] }),
      other,
      30,
      40,
    );
    expect(after.quantiles).toEqual(fresh.quantiles);
  });

  it('asks the forecast only about what was known, and learns a step only once it is over', async () => {
    const channel = fc.record({ latency: fc.constantFrom(0, HOUR, DAY, 3 * DAY) });
    const cases = fc.record({
      channel,
      day: fc.integer({ min: 12, max: 18 }),
      calibrated: fc.boolean(),
      seed: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ channel, day, calibrated, seed }) => {
        const series = drifting(20, seed, channel);
        const origin = day * DAY;
        const future = series.values.map((value, i) =>
          timeAt(series, i) + channel.latency > origin ? value * -3 - 7 : value,
        );
        const asked = new Set<number>();
        const spy: ForecastFunction = (history, at) => {
          asked.add(at);
          for (let i = 0; i < lengthOf(history); i++) {
            if (timeAt(history, i) + channel.latency > at && !Number.isNaN(history.values[i]!)) {
              throw new Error(`sample ${i} was not known at ${at}`);
            }
          }
          return persistence({ ...daily, period: DAY })(history, at);
        };
        const calibration = calibrated ? await run(persistence(daily), series, 0, 8) : undefined;
        const answer = (of: Series) =>
          run(adaptiveConformal(spy, { every: DAY, levels: [0.25, 0.75], calibration }), of, day, day + 1);
        const before = await answer(series);
        const after = await answer(createSeries({ ...series, values: future }));
        expect(before.skipped).toEqual([]);
        expect(after.quantiles).toEqual(before.quantiles);
        const first = Math.ceil(channel.latency / DAY) * DAY;
        expect(Math.min(...asked)).toBe(calibrated ? 8 * DAY : first);
      }),
      { numRuns: 40 },
    );
  });

  it('begins with the scores of a calibration', async () => {
    const series = drifting(30, 8);
    const calibration = await run(persistence(daily), series, 1, 21);
    const wanted = { levels: [0.1, 0.9] };
    const fixed = await run(conformal(persistence(daily), fitConformal(calibration, wanted)), series, 21, 22);
    // A level that hardly moves gives the bands of split conformal prediction.
    const adaptive = adaptiveConformal(persistence(daily), {
      ...wanted,
      calibration,
      every: DAY,
      gamma: 1e-9,
    });
    expect((await run(adaptive, series, 21, 22)).quantiles).toEqual(fixed.quantiles);
    await expect(run(adaptive, series, 10, 11)).rejects.toThrow(
      'origins must not lie before 1970-01-21T18:00',
    );
  });

  it('remembers only so many scores', async () => {
    const series = drifting(40, 9);
    const adaptive = adaptiveConformal(persistence(daily), {
      every: DAY,
      levels: [0.1, 0.9],
      gamma: 1e-9,
      memory: 10,
    });
    const { quantiles } = await run(adaptive, series, 30, 31);
    const scores = Array.from({ length: 10 }, (_, i) => {
      const day = 20 + i;
      return Math.abs(series.values[4 * day]! - series.values[4 * (day - 1)]!);
    });
    expect(quantiles[2]).toBe(Math.fround(series.values[4 * 29]! + conformalQuantile(scores, 0.8)));
  });

  it('holds 90 % of a series whose noise grows fivefold within 2 %, where split conformal holds under 85 %', async () => {
    const days = 900;
    const series = drifting(days, 11);
    const wanted = { levels: [0.05, 0.95] };
    const base = persistence(daily);
    const calibration = await run(base, series, 1, 200);
    const fixed = await run(conformal(base, fitConformal(calibration, wanted)), series, 200, days);
    const adaptive = await run(
      adaptiveConformal(base, { ...wanted, calibration, every: DAY }),
      series,
      200,
      days,
    );
    const coverage = (result: typeof fixed) => bandOf(scoreProbabilistic(result)[0]!.pooled, 0.9).coverage;
    expect(coverage(fixed)).toBeLessThan(0.85);
    expect(Math.abs(coverage(adaptive) - 0.9)).toBeLessThan(0.02);
    const spans = coverageOverTime(adaptive, { nominal: 0.9, period: 100 * DAY });
    for (const span of spans) expect(Math.abs(span.coverage - 0.9)).toBeLessThan(0.06);
  });

  it('says when it has too little to go by, and passes on what the forecast throws', async () => {
    const series = drifting(30, 10);
    const adaptive = adaptiveConformal(persistence(daily), { every: DAY });
    const result = await run(adaptive, series, 1, 30);
    expect(result.origins[0]).toBe(10 * DAY);
    expect(result.skipped[1]!.reason).toMatch(/needs 9 earlier forecasts .* of a from 1970-01-03.*, got 1/);
    const broken = adaptiveConformal(
      () => {
        throw new Error('broken');
      },
      { every: DAY },
    );
    await expect(run(broken, series, 20, 21)).rejects.toThrow('broken');
    const silent = adaptiveConformal(
      () => {
        throw new HistoryError('nothing yet');
      },
      { every: DAY },
    );
    expect((await run(silent, series, 20, 21)).skipped[0]!.reason).toBe('nothing yet');
    expect(() => adaptiveConformal(persistence(daily), { every: 0 })).toThrow(
      'every must be a positive time',
    );
    for (const memory of [0, 10.5, Number.NaN]) {
      expect(() => adaptiveConformal(persistence(daily), { every: DAY, memory })).toThrow(
        `memory must be a whole number, at least 1, got ${memory}.`,
      );
    }
    const forgetful = adaptiveConformal(persistence(daily), { every: DAY, memory: 8 });
    await expect(run(forgetful, series, 20, 21)).rejects.toThrow(
      'adaptiveConformal: memory must be at least 9 scores, as the widest band needs, got 8.',
    );
  });
});
