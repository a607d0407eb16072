// What a search asks of a job, and what the job gives back.

import type { FieldValue } from './space.ts';

/** A step of a trial, as data: the input of a job. */
export interface TrialInput<Data = unknown> {
  /** Number of the trial, from 0: the same for all of its steps. */
  readonly trial: number;
  readonly values: Readonly<Record<string, FieldValue>>;
  /** Seed of the trial: for its first weights, the order of its samples, and dropout. */
  readonly seed: number;
  /** Train up to here, counted from the trial's beginning (not from the checkpoint). */
  readonly budget: number;
  /** Budgets to read the loss at, up to `budget`, in increasing order. */
  readonly readAt: readonly number[];
  /** The trial may be asked to go on from where it ends now: give a checkpoint back. */
  readonly mayGoOn: boolean;
  /** What an earlier step of the trial gave back. */
  readonly checkpoint?: Uint8Array;
  /** What `search` was given for all trials. */
  readonly data: Data;
}

/** What a job gives back. */
export interface TrialResult {
  /** Validation losses at the budgets of `readAt`. */
  readonly losses: readonly { readonly budget: number; readonly loss: number }[];
  /** To go on from. */
  readonly checkpoint?: Uint8Array;
}
