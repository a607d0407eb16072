// What a network learns from: a random-access source of examples, whatever they were made of.

/** A dense array, row-major. */
export interface NdArray {
  data: Float32Array;
  shape: number[];
}

/** Some examples, stacked along the first axis B. */
export interface Batch {
  /** Inputs, `[B, ...xShape]`. Padding and missing values hold 0. */
  x: NdArray;
  /** Targets, `[B, ...yShape]`. Missing targets hold 0 and weigh 0. */
  y: NdArray;
  /** `[B, T]`: 1 where an input step is real, 0 where it is padding or missing. Absent: all real. */
  mask?: NdArray;
  /** Weight of every target value, shaped like `y`. Absent: all 1. */
  weight?: NdArray;
  /**
   * `[B]`, for sequences that go on from batch to batch: 1 where a row's recurrent states go on from those of the same row
   * of the batch before, 0 where they start from zeros. Absent: all rows start from zeros.
   */
  carry?: NdArray;
  /** After how many steps of this batch the states are taken that the next one goes on from; absent: after all. */
  carryAfter?: number;
}

/** A random-access source of training examples. */
export interface Samples {
  /** How many examples there are. */
  count: number;
  /** Shape of one input, `[T, C]` for windows. */
  xShape: readonly number[];
  /** Shape of one target, `[horizon, K]` for windows. */
  yShape: readonly number[];
  /** The only size of batches they can be cut into; absent: any. Samples whose batches `carry` states have one. */
  batchSize?: number;
  /** The examples at `indices`, stacked. @throws if an index is out of range. */
  batch(indices: ArrayLike<number>): Batch;
  /**
   * Which examples an epoch of training goes through, and in which order: `count` indices, cut into batches of
   * `batchSize` one after the other. May repeat some and leave others out. Depends on what it is told alone, so that one
   * seed reproduces a run. Absent: every example once, in a random order.
   */
  order?(epoch: EpochRequest): ArrayLike<number> | Promise<ArrayLike<number>>;
}

/** What decides the order of an epoch. */
export interface EpochRequest {
  seed: number;
  /** Counted from 1. */
  epoch: number;
  batchSize: number;
}
