// What a run tells while it goes and when it ends. Nothing here depends on the clock, so that two runs with one
// seed give equal histories.

/** One epoch of training. */
export interface EpochRecord {
  /** Counted from 1. */
  epoch: number;
  /** Mean training loss over the epoch's batches, each as it was before its update, by the weight of its targets. */
  loss: number;
  /** Loss on the validation samples after the epoch, without dropout. */
  validationLoss?: number;
  /** Learning rate of the last update. */
  learningRate: number;
  /** Updates in which gradients were scaled down to `clip.norm`. */
  clippedByNorm: number;
  /** Updates in which a gradient was cut at `clip.value`. */
  clippedByValue: number;
  /** Batches without any target to learn from (all weights 0); they change nothing. */
  skipped: number;
}

/** Why a run ended. */
export type EndReason = 'finished' | 'early-stopping' | 'aborted' | 'failed';

/** A whole run. */
export interface History {
  epochs: EpochRecord[];
  reason: EndReason;
  /** Epoch with the lowest validation loss, where early stopping watches it. */
  bestEpoch?: number;
  /** Its validation loss. */
  bestLoss?: number;
}

/** What `onProgress` is told. */
export type ProgressEvent =
  | {
      kind: 'start';
      epochs: number;
      /** Batches in one epoch. */
      batches: number;
      /** Where it starts: epoch 1, or where the resumed checkpoint stood. */
      epoch: number;
      /** Number of trained values. */
      parameters: number;
      /** How steps run: `planned` as one fixed run of kernels, or on the tape. */
      path: 'planned' | 'tape';
      /** Why on the tape: what has no planned form, such as a layer of your own. */
      why?: string;
    }
  /** The path changed: a batch was the first to bring a mask, and a layer has no planned form with one. */
  | { kind: 'path'; path: 'planned' | 'tape'; why?: string }
  | {
      kind: 'batch';
      epoch: number;
      /** Counted from 1 within the epoch. */
      batch: number;
      batches: number;
      /** Loss of this batch before the update; NaN for a skipped batch. */
      loss: number;
      /** Norm of all gradients before clipping. */
      gradientNorm: number;
      learningRate: number;
      clippedByNorm: boolean;
      clippedByValue: boolean;
    }
  | ({
      kind: 'epoch';
      epochs: number /** True where this is the best epoch so far. */;
      best: boolean;
    } & EpochRecord)
  | { kind: 'restore'; epoch: number; validationLoss: number }
  /** Always the last one, also where the run throws. */
  | { kind: 'end'; history: History };

/** Training met a loss, gradient or weight that is NaN or infinite. The model holds its last finite weights. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
  readonly epoch: number;
  /** Counted from 1; 0 while validating. */
  readonly batch: number;
  /** First weight that is itself, or whose gradient is, not finite; absent where only the loss is not. */
  readonly weight?: string;
  /** The epochs before. */
  readonly history: EpochRecord[];

  constructor(
    message: string,
    at: { epoch: number; batch: number; weight?: string; history: readonly EpochRecord[] },
  ) {
    super(message);
    this.epoch = at.epoch;
    this.batch = at.batch;
    this.weight = at.weight;
    this.history = [...at.history];
  }
}
