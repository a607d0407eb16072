// The strategies that look at no result: every combination, or a number of random ones.

import { checkNumber } from '../check.ts';
import {
  applies,
  drawValues,
  type Field,
  type FieldValue,
  type Space,
  sizeOf,
  type Values,
} from './space.ts';
import type { Strategy, StrategyConfig } from './strategy.ts';

/** Most combinations that a grid may have. */
const MAX_COMBINATIONS = 1_000_000;

/** Every combination of the values of all fields, the last field changing fastest. Real fields have no grid: use a choice. */
export function grid(): StrategyConfig {
  return { type: 'grid' };
}

/** `trials` combinations drawn at random, each independent of all others (Bergstra and Bengio 2012, JMLR 13). */
export function random(options: { trials: number }): StrategyConfig {
  return { type: 'random', ...options };
}

export function createGrid(_config: StrategyConfig, space: Space): Strategy {
  const all = combinations(space);
  return {
    blind: true,
    rungs: (maximum) => [maximum],
    next({ begun: { length: trial }, maximum }) {
      const values = all[trial];
      return values && { trial, values, budget: maximum };
    },
  };
}

export function createRandomSearch(config: StrategyConfig): Strategy {
  const trials = checkNumber('random: trials', config.trials, { min: 1, integer: true });
  return {
    blind: true,
    rungs: (maximum) => [maximum],
    next({ begun: { length: trial }, maximum, space, random }) {
      if (trial >= trials) return undefined;
      return { trial, values: drawValues(space, random(trial)), budget: maximum };
    },
  };
}

/** Every combination once; fields that do not apply are absent and multiply nothing. */
function combinations(space: Space): Values[] {
  let all: Values[] = [{}];
  for (const [name, field] of Object.entries(space)) {
    if (!Number.isFinite(sizeOf(field))) {
      throw new Error(`grid: space.${name} must have a list of values, got a range. Use choice([…]).`);
    }
    const list = valuesOf(field);
    all = all.flatMap((values) =>
      applies(field, values) ? list.map((value) => ({ ...values, [name]: value })) : [values],
    );
    if (all.length > MAX_COMBINATIONS) {
      throw new Error(`grid: expected at most ${MAX_COMBINATIONS} combinations, got more. Use random().`);
    }
  }
  return all;
}

function valuesOf(field: Field): readonly FieldValue[] {
  if (field.type === 'choice') return field.values;
  return Array.from({ length: sizeOf(field) }, (_, i) => field.min + i);
}
