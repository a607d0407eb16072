// What harness and peers say to each other: one JSON object a line. A peer first says `ready`, then answers each
// request with one line. The Python peers speak the same, in peers/measure.py.

import type { MnistSettings } from './mnist-training.ts';
import type { Point } from './points.ts';

/** The first line of a peer. */
export interface Ready {
  ready: string;
  /** Of what is measured: of the library, and of what it runs on. */
  version: string;
}

/** One training step at a point: its median time over blocks of steps. */
export interface TrainRequest extends Point {
  measure: 'train';
  /** How long to measure, about; … */
  seconds?: number;
  /** … or how many steps. */
  steps?: number;
}

/** Calls of the trained network on one window, one by one. */
export interface InferRequest extends Point {
  measure: 'infer';
  /** How many at most: it stops after two seconds. */
  calls: number;
}

/** A matrix product of `[m, k]` and `[k, n]`. */
export interface GemmRequest {
  measure: 'gemm';
  m: number;
  n: number;
  k: number;
}

/** A whole training: the windows in `x` and `y` (files of float32), and how often to go through them. */
export interface FitRequest extends Point {
  measure: 'fit';
  x: string;
  y: string;
  epochs: number;
}

/** Whole trainings, `workers` at a time, in the order of the list. */
export interface ContestRequest {
  measure: 'contest';
  jobs: readonly Point[];
  x: string;
  y: string;
  epochs: number;
  workers: number;
}

/** A whole training on the digits that `writeDigits` has put into `folder`. */
export interface DigitsRequest extends MnistSettings {
  measure: 'digits';
  folder: string;
}

export type Request = TrainRequest | InferRequest | GemmRequest | FitRequest | ContestRequest | DigitsRequest;

export interface TrainAnswer {
  /** Steps that were timed. */
  steps: number;
  /** Median time of a step [ms]. */
  ms: number;
  /** Share of the time in which the process had a core: below 1, somebody else disturbed it. */
  busy: number;
  /** The most memory the process has held so far [bytes]. */
  rss: number;
}

export interface InferAnswer {
  /** Calls that were timed. */
  calls: number;
  /** Percentiles of the time of a call [ms]. */
  p50: number;
  p99: number;
}

export interface GemmAnswer {
  /** 10⁹ floating-point operations a second. */
  gflops: number;
}

export interface FitAnswer {
  /** Time of the training [ms]. */
  ms: number;
  /** Mean training loss of the last epoch. */
  loss: number;
}

export interface ContestAnswer {
  /** Mean training loss of the last epoch, for each job. */
  losses: number[];
}

export interface DigitsAnswer {
  /** Time of each epoch [s]. */
  epochSeconds: number[];
  /** Share of the test digits that are named rightly. */
  accuracy: number;
  /** As in {@link TrainAnswer}. */
  busy: number;
}

/** What each request is answered with. */
interface Answers {
  train: TrainAnswer;
  infer: InferAnswer;
  gemm: GemmAnswer;
  fit: FitAnswer;
  contest: ContestAnswer;
  digits: DigitsAnswer;
}

/** The answer to a request. */
export type Answer<R extends Request> = Answers[R['measure']];

/** What a peer answers where it cannot: it goes on with the next request. */
export interface Refusal {
  error: string;
}
