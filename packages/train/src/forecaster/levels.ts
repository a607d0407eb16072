// Which quantiles a forecaster gives.

import { shown } from '../check.ts';
import type { Loss } from '../losses/loss.ts';

/** Levels of the heads that know all of them. */
const COMMON = [0.05, 0.25, 0.5, 0.75, 0.95];

/** The levels of a forecaster trained on `loss` where none are asked for. */
export function defaultLevels({ head }: Pick<Loss, 'head'>): readonly number[] {
  return head ? (head.levels ?? COMMON) : [0.5];
}

/**
 * The levels of `json`.
 * @throws if they do not increase between 0 and 1, or are others than 0.5 where the outputs are the forecast itself.
 */
export function checkLevels(what: string, json: unknown, { head }: Pick<Loss, 'head'>): readonly number[] {
  const increasing = (level: unknown, k: number, all: number[]) =>
    typeof level === 'number' && level > (all[k - 1] ?? 0) && level < 1;
  if (!Array.isArray(json) || json.length === 0 || !json.every(increasing)) {
    throw new Error(`${what} must be a list that increases between 0 and 1, got ${shown(json)}.`);
  }
  if (!head && (json.length > 1 || json[0] !== 0.5)) {
    throw new Error(
      `${what} must be [0.5] for a point forecast, got ${shown(json)}. Train on a loss with a head, such as quantileLoss.`,
    );
  }
  return [...(json as number[])];
}
