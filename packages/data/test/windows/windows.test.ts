import { describe, expect, it } from 'vitest';
import {
  type Channel,
  calendarFeatures,
  concatSeries,
  createSeries,
  DAY,
  GAP_INPUT,
  GAP_TARGET,
  HistoryError,
  HOUR,
  joinChannels,
  lengthOf,
  resample,
  type Series,
  seasonalMean,
  sliceSeries,
  type WindowOptions,
  type WindowSpec,
  windowAt,
  windows,
} from '../../src/index.ts';

const made = (values: ArrayLike<number>, step: number, channel: Partial<Channel> = {}, start = 0) =>
  createSeries({
    start,
    step,
    shape: [1],
    channels: [{ name: 'tec', unit: 'TECU', ...channel }],
    values: Float32Array.from(values),
  });
const count = (n: number) => Array.from({ length: n }, (_, i) => i);
/** Four days of TEC every 2 hours, and Kp every 3. */
const tec = made(count(48), 2 * HOUR);
const kp = made(count(32), 3 * HOUR, { name: 'kp', unit: '1', interval: 3 * HOUR });
const rows = ({ x }: { x: { data: Float32Array; shape: number[] } }) => {
  const [, steps, columns] = x.shape as [number, number, number];
  return count(steps).map((row) => [...x.data.subarray(row * columns, (row + 1) * columns)]);
};

describe('windows', () => {
  it('cut the past and the future out of a series, issued daily or at every step', () => {
    const spec = { steps: 12, horizon: 12, inputs: ['tec'], targets: ['tec'], issueDelay: 2 * HOUR };
    const daily = windows(tec, { ...spec, align: DAY });
    expect([daily.count, ...daily.origins]).toEqual([3, DAY, 2 * DAY, 3 * DAY]);
    const { x, y, mask, weight } = daily.batch([1]);
    expect([...x.data]).toEqual(count(12).map((i) => 12 + i));
    expect([...y.data]).toEqual(count(12).map((i) => 24 + i));
    expect([mask, weight]).toEqual([undefined, undefined]);
    expect([daily.from[1], daily.to[1]]).toEqual([DAY, 3 * DAY - 2 * HOUR]);
    expect(windows(tec, spec).count).toBe(48 - 24 + 1);
    expect(windows(tec, { ...spec, stride: 12, align: DAY }).count).toBe(3);
    expect([...windows(tec, { ...spec, align: DAY, alignOffset: 6 * HOUR }).origins]).toEqual([
      1.25 * DAY,
      2.25 * DAY,
    ]);
    expect(windows(sliceSeries(tec, 0, DAY), spec).count).toBe(0);
  });

  it('take the Kp of its interval where it has ended at the origin, and refuse it where not', () => {
    const series = joinChannels(tec, resample(kp, { step: 2 * HOUR, method: 'containing' }));
    const spec = { steps: 12, horizon: 12, inputs: ['tec', 'kp'], targets: ['tec'] };
    // At 24:00 the interval 21–24 has ended; at 02:00 the interval 00–03 has not.
    expect(windows(series, { ...spec, issueDelay: 2 * HOUR, align: DAY }).count).toBe(3);
    expect(() => windows(series, { ...spec, issueDelay: 2 * HOUR })).toThrow(
      "windows: input 'kp' is known too late: its value at 1970-01-02T00:00Z is known at 1970-01-02T03:00Z, 1 h after the " +
        "origin 1970-01-02T02:00Z. Resample it by 'last-known', or choose origins at which it is known (align), or raise " +
        'issueDelay (now 2 h, at most one step of 2 h).',
    );
    expect(() => windows(series, { ...spec, align: DAY })).toThrow("'kp' is known too late");
    const known = joinChannels(tec, resample(kp, { step: 2 * HOUR, method: 'last-known' }));
    // The first row has no Kp yet: its windows are dropped. All others stay, at any origin.
    const samples = windows(known, spec);
    expect([samples.count, samples.dropped]).toEqual([23, 2]);
  });

  it('refuse what looks ahead: nearest, linear, knn and mean, where they would', () => {
    for (const method of ['nearest', 'linear', 'knn', 'mean'] as const) {
      const coarse = resample(made(count(33), 3 * HOUR), { step: 2 * HOUR, method });
      const spec = { steps: 2, horizon: 2, inputs: ['tec'], targets: ['tec'] };
      expect(() => windows(coarse, spec)).toThrow("input 'tec' is known too late");
    }
  });

  it('bring channels known ahead in shifted, so that the rows cover the horizon', () => {
    const series = joinChannels(
      made(count(20), HOUR),
      made(count(20), HOUR, { name: 'doy', known: 'always' }),
    );
    const spec = { steps: 3, inputs: ['tec'], targets: ['tec'], future: ['doy'] };
    const long = windows(series, { ...spec, horizon: 7 });
    expect(long.inputChannels).toEqual([
      { name: 'tec', role: 'past', shift: 0, unit: 'TECU' },
      { name: 'doy', role: 'future', shift: 1, unit: 'TECU' },
      { name: 'doy', role: 'future', shift: 4, unit: 'TECU' },
      { name: 'doy', role: 'future', shift: 7, unit: 'TECU' },
    ]);
    expect(rows(long.batch([0]))).toEqual([
      [0, 1, 4, 7],
      [1, 2, 5, 8],
      [2, 3, 6, 9],
    ]);
    expect(
      windows(series, { ...spec, horizon: 2 })
        .inputChannels.slice(1)
        .map(({ shift }) => shift),
    ).toEqual([2]);
  });

  it('subtract a reference that is known ahead, and give it back', () => {
    const mean = seasonalMean(tec, 'tec', { count: 1, name: 'yesterday' });
    const series = joinChannels(tec, mean);
    const spec = {
      steps: 12,
      horizon: 12,
      inputs: ['tec'],
      targets: ['tec'],
      relativeTo: { tec: 'yesterday' },
    };
    const samples = windows(series, spec);
    expect([...samples.batch([0]).y.data]).toEqual(count(12).map(() => 12));
    expect([...samples.reference([0]).data]).toEqual(count(12));
    // A horizon longer than the reference is known ahead is refused.
    expect(() => windows(series, { ...spec, horizon: 13 })).toThrow(
      "relativeTo 'yesterday' is known too late",
    );
  });

  it('repeat static channels as last known at the origin', () => {
    const slow = made(count(48), 2 * HOUR, { name: 'f107', interval: DAY });
    const spec = { steps: 2, horizon: 1, inputs: ['tec'], targets: ['tec'], static: ['f107'] };
    const samples = windows(joinChannels(tec, slow), spec);
    // Through the second day only the first day's values are known, the last of which stands at sample 11.
    const index = [...samples.origins].indexOf(DAY + 6 * HOUR);
    expect(rows(samples.batch([index]))).toEqual([
      [14, 11],
      [15, 11],
    ]);
    expect(samples.from[index]).toBe(11 * 2 * HOUR);
    expect(samples.dropped).toBe(11);
  });

  it('drop, mask or pad windows that touch missing values, and count them', () => {
    const values = count(10);
    values[4] = Number.NaN;
    const series = made(values, HOUR);
    const spec: WindowSpec = { steps: 3, horizon: 2, inputs: ['tec'], targets: ['tec'] };
    const drop = windows(series, spec);
    expect([drop.count, drop.dropped, drop.masked]).toEqual([1, 5, 0]);
    const mask = windows(series, { ...spec, missing: 'mask' });
    expect([mask.count, mask.dropped, mask.masked]).toEqual([6, 0, 5]);
    expect([...mask.gaps]).toEqual([GAP_TARGET, GAP_TARGET, GAP_INPUT, GAP_INPUT, GAP_INPUT, 0]);
    const batch = mask.batch([1, 2]);
    expect([...batch.x.data]).toEqual([1, 2, 3, 2, 3, 0]);
    expect([...batch.mask!.data]).toEqual([1, 1, 1, 1, 1, 0]);
    expect([...batch.y.data]).toEqual([0, 5, 5, 6]);
    expect([...batch.weight!.data]).toEqual([0, 1, 1, 1]);
    // Left-padded: one step is enough, wherever the others are missing before it.
    const padded = windows(series, { ...spec, minSteps: 1 });
    expect([...padded.origins].map((origin) => origin / HOUR)).toEqual([0, 1, 6, 7]);
    expect([...padded.batch([0, 2]).x.data]).toEqual([0, 0, 0, 0, 5, 6]);
    expect([...padded.batch([0, 2]).mask!.data]).toEqual([0, 0, 1, 0, 1, 1]);
  });

  it('agree with a live window whose targets do not exist yet', () => {
    const features = calendarFeatures(tec, ['day'], { extra: 12 });
    const spec = { steps: 12, horizon: 12, inputs: ['tec'], targets: ['tec'], future: ['daySin'] };
    const live = windowAt(joinChannels(tec, features), spec, tec.start + 47 * tec.step);
    expect(live.x.shape).toEqual([1, 12, 2]);
    expect(live.firstTime).toBe(4 * DAY);
    expect([...live.reference.data]).toEqual(count(12).map(() => 0));
    // The same window, once its targets are there.
    const later = concatSeries([tec, made(count(12), 2 * HOUR, {}, 4 * DAY)]);
    const samples = windows(joinChannels(later, features), spec);
    expect(samples.batch([samples.count - 1]).x).toEqual(live.x);
  });

  it('live: say what is missing, and where', () => {
    const spec: WindowSpec & WindowOptions = { steps: 3, horizon: 2, inputs: ['tec'], targets: ['tec'] };
    const holed = made([0, 1, Number.NaN, 3, 4], HOUR);
    expect(() => windowAt(holed, spec, 4 * HOUR)).toThrow(HistoryError);
    expect(() => windowAt(holed, spec, 4 * HOUR)).toThrow("input 'tec' is missing at 1970-01-01T02:00Z");
    expect([...windowAt(holed, { ...spec, missing: 'mask' }, 4 * HOUR).mask!.data]).toEqual([0, 1, 1]);
    expect(() => windowAt(holed, spec, HOUR)).toThrow('is missing at 1969-12-31T23:00Z');
    expect(() => windowAt(holed, spec, 9 * HOUR)).toThrow(
      'the series covers 1970-01-01T00:00Z to 1970-01-01T04:00Z',
    );
    expect(() => windowAt(holed, spec, 1)).toThrow('origin must be 0 h (issueDelay) after a sample');
    const short = joinChannels(tec, calendarFeatures(tec, ['day']));
    expect(() => windowAt(short, { ...spec, future: ['daySin'] }, 4 * DAY - 2 * HOUR)).toThrow(
      "future input 'daySin' is missing at 1970-01-05T02:00Z",
    );
  });

  it.each<[string, Partial<WindowSpec & WindowOptions>, string]>([
    ['no steps', { steps: 0 }, 'steps must be a whole number of at least 1, got 0'],
    ['half a horizon', { horizon: 1.5 }, 'horizon must be'],
    ['no target', { targets: [] }, 'at least one target'],
    ['no input', { inputs: [] }, 'at least one input channel'],
    ['an unknown channel', { inputs: ['tek'] }, "expected a channel 'tek', got only tec, kp"],
    ['a channel twice', { inputs: ['tec', 'tec'] }, "inputs names 'tec' twice"],
    ['a reference for no target', { relativeTo: { kp: 'tec' } }, "relativeTo names 'kp', which is not among"],
    ['a reference in another unit', { relativeTo: { tec: 'kp' } }, 'Only a channel of the same unit'],
    [
      'a delay of more than a step',
      { issueDelay: 3 * HOUR },
      'issueDelay must be between 0 and one step (2 h)',
    ],
    ['a stride of 0', { stride: 0 }, 'stride must be'],
    ['another policy', { missing: 'fill' as 'drop' }, "missing must be 'drop' or 'mask', got 'fill'"],
    ['more steps than there are', { minSteps: 13 }, 'minSteps must be a whole number from 1 to steps (12)'],
    ['origins that cannot be', { align: DAY, issueDelay: HOUR }, 'no origin falls on a multiple of 1 d'],
    ['an absurd alignment', { align: -1 }, 'align must be a positive number'],
  ])('refuse %s', (_, change, message) => {
    const series = joinChannels(tec, resample(kp, { step: 2 * HOUR, method: 'last-known' }));
    const spec = { steps: 12, horizon: 12, inputs: ['tec'], targets: ['tec'], ...change };
    expect(() => windows(series, spec)).toThrow(message);
  });

  it('refuse maps and indices out of range', () => {
    const maps: Series = { ...tec, grid: { latitudes: [0], longitudes: [0] } };
    const spec = { steps: 1, horizon: 1, inputs: ['tec'], targets: ['tec'] };
    expect(() => windows(maps, spec)).toThrow('got maps. Take stations out of them first.');
    const samples = windows(tec, spec);
    for (const index of [-1, 47, 0.5, Number.NaN]) {
      expect(() => samples.batch([index])).toThrow(`index ${index} is out of range, there are 47 windows`);
    }
  });

  it('stay positions: 100,000 windows take no copy of the values until they are asked for', () => {
    const series = made(count(100_100), HOUR);
    const samples = windows(series, { steps: 48, horizon: 24, inputs: ['tec'], targets: ['tec'] });
    expect(samples.count).toBe(lengthOf(series) - 71);
    const held = Object.values(samples).reduce((sum, each) => sum + (each?.byteLength ?? 0), 0);
    expect(held).toBeLessThan(samples.count * 32);
  });
});
