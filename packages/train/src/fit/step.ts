// How fit makes one update, apart from the way it is computed: on the tape, or as a planned run of kernels.

import type { Batch, NdArray } from '@tidecast/data';
import type { ClipResult } from './clip.ts';
import { NonFiniteError } from './history.ts';
import { firstNonFinite, type RunState } from './run-state.ts';

/** What one update did. */
export interface StepResult extends Pick<ClipResult, 'norm' | 'byNorm' | 'byValue'> {
  loss: number;
}

/** What an update depends on, beside the weights. */
export interface StepArguments {
  batch: Batch;
  /** Seed of the random choices of this step. */
  seed: number;
  learningRate: number;
}

/** What a batch may bring beside inputs and targets. */
export interface Extras extends Record<'mask' | 'weight' | 'carry', boolean> {
  /** After how many steps it hands its states on. */
  carryAfter?: number;
}

/** What a batch brings. */
export function extrasOf({ mask, weight, carry, carryAfter }: Batch): Extras {
  return { mask: !!mask, weight: !!weight, carry: !!carry, ...(carry && { carryAfter }) };
}

/** Makes updates. The run's counters are the caller's, but for `progress.step`. */
export interface Stepper {
  /** Whether steps run as a plan or on the tape. */
  readonly path: 'planned' | 'tape';
  /** Why the tape: what has no planned form. */
  readonly why?: string;
  /** What it has room for. */
  readonly brings: Extras;
  /** False for a batch that brings something for which it has no room. */
  takes(batch: Batch): boolean;
  /**
   * One update.
   * @throws NonFiniteError, leaving the weights as they were, where the loss, a gradient or a new weight is not finite.
   */
  step(call: StepArguments): StepResult | Promise<StepResult>;
  /** Runs a batch that carries states but holds nothing to learn, for the states that it hands on. */
  pass(call: Pick<StepArguments, 'batch' | 'seed'>): void | Promise<void>;
  /** Brings the arrays of the run's state up to date; the model's weights always are. */
  sync(): void;
  dispose(): void;
}

/** The error of an update that is not finite: where, what, and what may help. */
export function nonFinite(
  { progress, names }: RunState,
  loss: number,
  { what, index, batch }: { what: string; index: number; batch: Batch },
): NonFiniteError {
  const { epoch, batch: done, epochs } = progress;
  const weight = index >= 0 ? names[index]! : undefined;
  const seen = weight
    ? `the loss is ${loss} and the first bad ${what} is that of ${weight}`
    : `the loss is ${loss}`;
  const place = `epoch ${epoch}, batch ${done + 1}`;
  const at = { epoch, batch: done + 1, weight, history: epochs };
  return new NonFiniteError(`fit: stopped at ${place}: ${seen}. ${advice(batch)}`, at);
}

function advice({ x, y }: Batch): string {
  const bad = ({ data }: NdArray) => firstNonFinite([data]) >= 0;
  if (bad(x)) return 'The inputs of this batch hold NaN or infinite values: drop or mask them.';
  if (bad(y))
    return 'The targets of this batch hold NaN or infinite values: drop them or give them weight 0.';
  return 'Lower the learning rate or clip the gradients. The weights are those of the last finite update.';
}
