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

/** A random-access source of training examples, of which batches may have to be waited for. */
export interface SampleSource {
  /** How many examples there are. */
  count: number;
  /** Shape of one input, `[T, C]` for windows. */
  xShape: readonly number[];
  /** Shape of one target, `[horizon, K]` for windows. */
  yShape: readonly number[];
  /** The only size of batches they can be cut into; absent: any. Samples whose batches `carry` states have one. */
  batchSize?: number;
  /**
   * The examples at `indices`, stacked. Training says which `draw` it asks for, and examples may differ by it, as pictures
   * do that are augmented; without one they are as they are. The same call gives the same batch.
   * Where it is a promise, training asks for the next batches before their turn.
   * @throws if an index is out of range.
   */
  batch(indices: ArrayLike<number>, draw?: Draw): Batch | Promise<Batch>;
  /**
   * Which examples an epoch of training goes through, and in which order: `count` indices, cut into batches of
   * `batchSize` one after the other. May repeat some and leave others out. Depends on what it is told alone, so that one
   * seed reproduces a run. Absent: every example once, in a random order.
   */
  order?(epoch: EpochRequest): ArrayLike<number> | Promise<ArrayLike<number>>;
}

/** A random-access source of training examples that are there at once, as all are that sit in memory. */
export interface Samples extends SampleSource {
  /** See {@link SampleSource}. */
  batch(indices: ArrayLike<number>, draw?: Draw): Batch;
}

/** What decides the random part of examples. */
export interface Draw {
  seed: number;
  /** Counted from 1. */
  epoch: number;
  /** Place of the first of the indices in the order of the epoch, so that an example that comes twice is drawn twice. */
  position: number;
}

/** `change` of a batch: at once, or as soon as it is there. */
export function changeBatch<B extends Batch | Promise<Batch>>(batch: B, change: (batch: Batch) => Batch): B {
  return (batch instanceof Promise ? batch.then(change) : change(batch)) as B;
}

/** What decides the order of an epoch. */
export interface EpochRequest {
  seed: number;
  /** Counted from 1. */
  epoch: number;
  batchSize: number;
}
