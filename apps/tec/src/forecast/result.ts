// What a forecast run hands back: everything the files and the report are made of, as plain data.

import type { Station } from '../input/stations.ts';

/** One way to forecast: a trained network or a baseline. */
export interface Method {
  /** Short name, for example `lstm` or `persistence`. */
  name: string;
  /** Name for people, for example `27-day mean`. */
  label: string;
  kind: 'network' | 'baseline';
}

/** What happened while a network was trained. */
export interface Training {
  model: string;
  parameters: number;
  seconds: number;
  /** Epoch, from 1, whose weights were kept. */
  bestEpoch: number;
  /** Loss of each epoch, on standardised values. */
  epochs: { epoch: number; loss: number; validation?: number }[];
}

/** Errors of one method over some of the scored values [TECU]. */
export interface Score {
  method: string;
  /** Number of scored values. */
  count: number;
  rmse: number;
  mae: number;
  /** Mean of forecast − observation. */
  bias: number;
  /** 1 − MSE / MSE of persistence over the same values. */
  skill: number;
}

/** Scores over parts of the test: all days, quiet and disturbed ones, each band, each hour ahead. */
export interface Scores {
  all: Score[];
  quiet: Score[];
  disturbed: Score[];
  /** By station name. */
  stations: Record<string, Score[]>;
  /** By latitude band, from north to south. */
  bands: { label: string; scores: Score[] }[];
  /** By forecast step, from 1. */
  horizon: { step: number; scores: Score[] }[];
}

/** How test days were told apart. */
export interface DayKinds {
  /** In words, for the reader. */
  rule: string;
  /** First target time of every scored origin [ms UTC]. */
  quiet: number[];
  disturbed: number[];
}

/** A part of the data by time: [ms UTC], both ends are sample times. */
export interface Part {
  name: 'train' | 'validation' | 'test';
  /** First and last origin [ms UTC]. */
  first: number;
  last: number;
  /** Examples over all stations. */
  examples: number;
}

/** What was read, in figures. */
export interface DataFacts {
  /** True for the made-up sample. */
  synthetic: boolean;
  /** One line for people: where the data came from. */
  source: string;
  files: number;
  first: number;
  last: number;
  /** Samples at the forecast's step, and those missing over all stations. */
  samples: number;
  missing: number;
  notes: string[];
  index?: string;
}

/** Everything about one run. */
export interface ForecastRun {
  created: string;
  seed: number;
  backend: string;
  versions: Record<string, string>;
  facts: DataFacts;
  stations: Station[];
  /** Input steps, forecast steps and the time between them [ms]. */
  steps: number;
  horizon: number;
  step: number;
  /** What the networks' outputs are added to, in words. */
  reference: string;
  parts: Part[];
  /** Windows left out because they touch missing values. */
  dropped: number;
  methods: Method[];
  training: Training[];
  dayKinds: DayKinds;
  scores: Scores;
  /** The last map's time [ms UTC]: nothing later went into the forecast. */
  origin: number;
  firstTime: number;
  /** TEC [TECU] by method, then station, `[horizon]`. */
  forecast: Record<string, Float32Array[]>;
  /** The last days observed: TEC [TECU] by station, from `start` on. */
  recent: { start: number; values: Float32Array[] };
  /** Counts of observed TEC in equal bins from 0 [TECU]. */
  histogram: { width: number; counts: number[] };
}
