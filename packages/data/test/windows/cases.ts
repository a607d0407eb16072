// Random series with every kind of channel, random specifications, and the windows they must give, by the definition:
// slow, value by value, sharing no code with the library but `availableAt`.

import * as fc from 'fast-check';
import {
  availableAt,
  type Channel,
  createSeries,
  HOUR,
  lengthOf,
  type Series,
  timeAt,
  type WindowOptions,
  type WindowSpec,
} from '../../src/index.ts';

export interface Case {
  series: Series;
  spec: WindowSpec & WindowOptions;
}

/** Whole hours, and now and then a millisecond more or less: the gate is exact. */
const latency = (min: number, max: number) =>
  fc
    .tuple(fc.integer({ min, max }), fc.constantFrom(0, 0, 0, 0, -1, 1))
    .map(([hours, ms]) => hours * HOUR + ms);

/** Any timing a channel can have, in hours. */
const anyTiming: fc.Arbitrary<Partial<Channel>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  { weight: 2, arbitrary: fc.constant({ known: 'always' as const }) },
  { weight: 2, arbitrary: latency(-12, 3).map((each) => ({ latency: each })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ interval: fc.integer({ min: 1, max: 6 }), late: latency(-24, 2) })
      .map(({ interval, late }) => ({ interval: interval * HOUR, latency: late })),
  },
);

/** A timing that is often known over the horizon. */
const earlyTiming: fc.Arbitrary<Partial<Channel>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ known: 'always' as const }) },
  { weight: 3, arbitrary: latency(-30, -1).map((each) => ({ latency: each })) },
  { weight: 1, arbitrary: anyTiming },
);

/** A series of four channels and a specification over it; roles are free to fall on any channel. */
export const anyCase: fc.Arbitrary<Case> = fc
  .record({
    step: fc.integer({ min: 1, max: 3 }),
    phase: fc.integer({ min: -30, max: 30 }),
    T: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 20, max: 45 }) }, fc.nat(19)),
    timings: fc.tuple(anyTiming, anyTiming, earlyTiming, earlyTiming),
    percentMissing: fc.constantFrom(0, 0, 3, 30),
    holes: fc.infiniteStream(fc.noBias(fc.nat(99))),
    steps: fc.integer({ min: 1, max: 5 }),
    horizon: fc.integer({ min: 1, max: 7 }),
    inputs: fc.subarray(['a', 'b', 'c']),
    future: fc.subarray(['c', 'd']),
    fixed: fc.subarray(['a', 'b', 'd']),
    targets: fc.subarray(['a', 'b'], { minLength: 1 }),
    relative: fc.option(fc.constantFrom('c', 'd'), { nil: undefined }),
    delay: fc.constantFrom(0, 0.5, 1),
    stride: fc.integer({ min: 1, max: 4 }),
    align: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
    offset: fc.option(fc.integer({ min: -5, max: 5 }), { nil: undefined, freq: 8 }),
    policy: fc.constantFrom('drop' as const, 'mask' as const),
    padding: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
  })
  .map((r) => {
    const holes = r.holes.take(4 * r.T);
    const values = Float32Array.from({ length: 4 * r.T }, (_, i) =>
      holes.next().value! < r.percentMissing ? Number.NaN : i + 1,
    );
    const series = createSeries({
      start: r.phase * HOUR,
      step: r.step * HOUR,
      shape: [4],
      channels: r.timings.map((timing, c) => ({ name: 'abcd'[c]!, unit: '1', ...timing })),
      values,
    });
    const inputs = r.inputs.length + r.future.length + r.fixed.length > 0 ? r.inputs : ['a'];
    const spec: WindowSpec & WindowOptions = {
      steps: r.steps,
      horizon: r.horizon,
      inputs,
      targets: r.targets,
      future: r.future,
      static: r.fixed,
      ...(r.relative && { relativeTo: { [r.targets[0]!]: r.relative } }),
      issueDelay: r.delay * r.step * HOUR,
      stride: r.stride,
      // Mostly offsets that some origin meets; without one, whatever comes.
      ...(r.align && { align: r.align * r.step * HOUR }),
      ...(r.align &&
        r.offset !== undefined && { alignOffset: (r.phase + (r.delay + r.offset) * r.step) * HOUR }),
      missing: r.policy,
      ...(r.padding && { minSteps: Math.min(r.padding, r.steps) }),
    };
    return { series, spec };
  });

/** One window by the definition. NaN: missing. */
export interface Expected {
  origin: number;
  /** Rows of x as they are, before masking. */
  rows: number[][];
  targets: number[];
  reference: number[];
  /** Times of all samples it covers or uses. */
  times: number[];
}

const sampleOf = (series: Series, name: string, index: number) => {
  const column = series.channels.findIndex((channel) => channel.name === name);
  const there = index >= 0 && index < lengthOf(series);
  return there ? series.values[index * series.channels.length + column]! : Number.NaN;
};
const channelOf = (series: Series, name: string) => series.channels.find((each) => each.name === name)!;

/** The window whose last input is sample `last`, and the values it uses that are not known at its origin. */
export function expectedWindow({ series, spec }: Case, last: number): Expected & { tooLate: string[] } {
  const { steps, horizon, inputs, targets, future = [], static: fixed = [], relativeTo = {} } = spec;
  const origin = timeAt(series, last) + (spec.issueDelay ?? 0);
  const times = new Set<number>();
  const tooLate: string[] = [];
  const use = (name: string, index: number) => {
    times.add(timeAt(series, index));
    if (availableAt(channelOf(series, name), timeAt(series, index)) > origin) tooLate.push(name);
    return sampleOf(series, name, index);
  };
  const rows: number[][] = [];
  for (let index = last - steps + 1; index <= last; index++) {
    times.add(timeAt(series, index));
    const row = inputs.map((name) => use(name, index));
    for (const name of future) {
      for (let k = Math.ceil(horizon / steps) - 1; k >= 0; k--)
        row.push(use(name, index + horizon - k * steps));
    }
    for (const name of fixed) {
      let known = last;
      while (known > -1000 && availableAt(channelOf(series, name), timeAt(series, known)) > origin) known--;
      row.push(use(name, known));
    }
    rows.push(index < 0 ? row.map(() => Number.NaN) : row);
  }
  const values: number[] = [];
  const reference: number[] = [];
  for (let h = 1; h <= horizon; h++) {
    for (const name of targets) {
      times.add(timeAt(series, last + h));
      const less = relativeTo[name] === undefined ? 0 : use(relativeTo[name], last + h);
      reference.push(less);
      values.push(Math.fround(sampleOf(series, name, last + h) - less));
    }
  }
  return { origin, rows, targets: values, reference, times: [...times], tooLate };
}

/** All windows of a case by the definition: those kept, how many are dropped, and what is known too late. */
export function expectedWindows(one: Case): { kept: Expected[]; dropped: number; tooLate: string[] } {
  const { series, spec } = one;
  const { steps, horizon, stride = 1, align, missing, minSteps } = spec;
  const kept: Expected[] = [];
  const tooLate: string[] = [];
  let dropped = 0;
  let first: number | undefined;
  // The series ends with the last sample that has a target.
  let end = lengthOf(series) - 1;
  while (end >= 0 && spec.targets.every((name) => Number.isNaN(sampleOf(series, name, end)))) end--;
  for (let last = (minSteps ?? steps) - 1; last + horizon <= end; last++) {
    const origin = timeAt(series, last) + (spec.issueDelay ?? 0);
    if (align && Math.abs(origin - (spec.alignOffset ?? 0)) % align !== 0) continue;
    first ??= last;
    if ((last - first) % stride !== 0) continue;
    const window = expectedWindow(one, last);
    tooLate.push(...window.tooLate);
    const whole = window.rows.map((row) => row.every((value) => !Number.isNaN(value)));
    const there = window.targets.filter((value) => !Number.isNaN(value)).length;
    const real = whole.filter(Boolean).length;
    const isKept =
      missing === 'mask'
        ? real >= (minSteps ?? 1) && there > 0
        : whole.slice(steps - real).every(Boolean) &&
          real >= (minSteps ?? steps) &&
          there === window.targets.length;
    if (isKept) kept.push(window);
    else dropped++;
  }
  return { kept, dropped, tooLate };
}
