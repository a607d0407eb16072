// Every strategy by name: how one comes back from the data that a search is described by.

import { lookUp } from '../check.ts';
import { createAsha } from './asha.ts';
import { createGrid, createRandomSearch } from './blind.ts';
import type { Space } from './space.ts';
import type { Strategy, StrategyConfig } from './strategy.ts';
import { createTpe } from './tpe.ts';

/** Every strategy by the `type` of its config. */
export const strategies: Readonly<Record<string, (config: StrategyConfig, space: Space) => Strategy>> = {
  grid: createGrid,
  random: createRandomSearch,
  asha: createAsha,
  tpe: createTpe,
};

/** The strategy that a config describes. @throws if its type is unknown or a setting out of bounds. */
export function createStrategy(config: StrategyConfig, space: Space): Strategy {
  return lookUp('search: strategy.type', strategies, config?.type)(config, space);
}
