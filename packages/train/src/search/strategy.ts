// How a search decides what to try next. A strategy is data plus a rule; the rule is a function of what is known so far
// and of nothing else, so that a search that is begun again with the same results decides the same.

import type { Random } from '@tidecast/data';
import type { Space, Values } from './space.ts';

/** A strategy as plain data; `type` names it in {@link strategies}. */
export interface StrategyConfig {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** One stretch of training of a trial, up to a budget. */
export interface Step {
  /** Number of the trial, in the order in which they began. */
  readonly trial: number;
  readonly values: Values;
  /** Up to where it is trained, counted from its beginning. */
  readonly budget: number;
}

/** A step that has ended. */
export interface EndedStep extends Step {
  /** Its loss by budget; the last one is that of `budget`. Empty where it failed. */
  readonly losses: readonly { readonly budget: number; readonly loss: number }[];
  /** Why it failed. */
  readonly error?: { readonly name: string; readonly message: string };
}

/** What a strategy knows when it decides. */
export interface Known {
  readonly space: Space;
  /** Budget of a trial that is trained to its end. */
  readonly maximum: number;
  /** All steps so far, in the order in which they began. */
  readonly begun: readonly Step[];
  /** Those that have ended, in the order in which they ended. */
  readonly ended: readonly EndedStep[];
  /** Random numbers for the values of a trial, the same whenever they are asked for. */
  random(trial: number): Random;
}

/** A strategy at work. */
export interface Strategy {
  /** Decides without looking at results. */
  readonly blind: boolean;
  /** Budgets at which a trial pauses to be judged, in increasing order; the last one is the maximum. */
  rungs(maximum: number): readonly number[];
  /** The next step, or undefined where there is none until another one ends. */
  next(known: Known): Step | undefined;
}

/** The lowest loss of a trial so far; infinite where it failed or has none. */
export function lowestLoss({ losses }: EndedStep): number {
  return losses.reduce((lowest, { loss }) => Math.min(lowest, loss), Number.POSITIVE_INFINITY);
}
