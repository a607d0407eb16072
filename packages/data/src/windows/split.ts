// Cutting windows by time into training, validation and test, so that no sample is in two of them.

import { duration, instant } from '../series/text.ts';
import { availableAt } from '../series.ts';
import { subset } from './pool.ts';
import type { WindowSamples } from './windows.ts';

/** Where the parts begin [ms]. */
export interface SplitOptions {
  /** Validation begins here; without it there is no validation part. */
  validationFrom?: number;
  testFrom: number;
  /** Time left empty before each boundary [ms], on top of what no overlap needs; default 0. */
  purge?: number;
}

/** The parts of a split. */
export interface Split {
  train: WindowSamples;
  validation: WindowSamples;
  test: WindowSamples;
  /** Windows in no part, because they touch a boundary. */
  purged: number;
}

/**
 * Splits windows by time. A window belongs to a part only if all of it does: its first sample (also a padded one) lies
 * at or after the part's beginning, and it ends before the next part's beginning less `purge`: its last target lies
 * before that and is known by then, so look-ahead resampling and late publication do not reach across either.
 * @throws if the boundaries are out of order.
 */
export function splitByTime(samples: WindowSamples, options: SplitOptions): Split {
  const { testFrom, validationFrom = testFrom, purge = 0 } = options;
  if (!(Number.isFinite(validationFrom) && Number.isFinite(testFrom) && validationFrom <= testFrom)) {
    throw new Error(
      `splitByTime: validationFrom must not be after testFrom, got ${instant(validationFrom)} and ${instant(testFrom)}.`,
    );
  }
  if (!(purge >= 0)) throw new Error(`splitByTime: purge must be at least 0 ms, got ${duration(purge)}.`);
  const parts = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  let purged = 0;
  for (let i = 0; i < samples.count; i++) {
    const from = samples.from[i]!;
    const to = samples.to[i]!;
    const known = Math.max(...samples.targetChannels.map((channel) => availableAt(channel, to)));
    const endsBefore = (boundary: number) => to < boundary - purge && known <= boundary - purge;
    if (from >= testFrom) parts.test.push(i);
    else if (from >= validationFrom && endsBefore(testFrom)) parts.validation.push(i);
    else if (endsBefore(validationFrom)) parts.train.push(i);
    else purged++;
  }
  return {
    train: subset(samples, parts.train),
    validation: subset(samples, parts.validation),
    test: subset(samples, parts.test),
    purged,
  };
}
