// What every reader of geophysical indices takes and gives back, whatever the file's format.

import type { Series } from '../series.ts';

/** The file formats known here; see {@link readIndices}. */
export type IndexFormat =
  | 'gfz-daily'
  | 'gfz-3h'
  | 'gfz-json'
  | 'gfz-csv'
  | 'kp-wdc'
  | 'celestrak'
  | 'celestrak-csv'
  | 'omni2'
  | 'dst-wdc';

/** An index, and the name of its series in {@link Indices} and of its channel. */
export type IndexName = 'kp' | 'ap' | 'f107' | 'f107Adjusted' | 'dst';

/** Something odd that was passed over. */
export interface IndexWarning {
  /** Line in the file, from 1; absent where it concerns the whole file. */
  line?: number;
  message: string;
}

/** How to read a file of indices. */
export interface IndexOptions {
  /**
   * Time [ms] between the end of an interval and the publication of its value, for every index or by name;
   * default 0. It becomes the `latency` of the channels.
   */
  latency?: number | Partial<Record<IndexName, number>>;
  /**
   * Skip damaged rows, and sort rows that are out of order, with a warning each. Default false: they throw.
   * A file without one readable row throws either way.
   */
  lenient?: boolean;
}

/**
 * The indices of one file. Each series has one channel, named like its key; missing values are NaN.
 * A value belongs to the interval that starts at the time of its sample and is known at the interval's end:
 * ask `availableAt(series.channels[0], time)`.
 */
export interface Indices {
  format: IndexFormat;
  /** Kp [1] in exact thirds (3− is 8/3), every 3 hours. */
  kp?: Series;
  /** ap [2 nT], every 3 hours. */
  ap?: Series;
  /** F10.7 as observed [sfu], daily: measured at about 20 UT, given to the whole UT day. For the ionosphere. */
  f107?: Series;
  /** F10.7 adjusted to a distance of 1 au from the Sun [sfu], daily. */
  f107Adjusted?: Series;
  /** Dst [nT], hourly means. */
  dst?: Series;
  /**
   * Where the file tells: 1 for a definitive value, 0 for a preliminary one, for every sample of that series.
   * A definitive value was published weeks after its interval and may differ from the nowcast of the time.
   */
  definitive: Partial<Record<IndexName, Uint8Array>>;
  /** Rows read: days, hours or 3-hour intervals, as the format has it. */
  rows: number;
  /** What was in the file and is not in the series. */
  skipped: {
    /** Rows that are predictions, not observations. */
    predicted: number;
    /** Days whose F10.7 is interpolated by the publisher (which uses later days): NaN here. */
    interpolated: number;
    /** Damaged rows and rows given twice (lenient reading only). */
    damaged: number;
  };
  /** At most 100; the last one tells how many more there were. */
  warnings: IndexWarning[];
}
