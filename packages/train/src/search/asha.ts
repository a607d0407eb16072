// Asynchronous successive halving: many trials on a small budget, and only the best of them on a larger one.

import { checkNumber } from '../check.ts';
import { drawValues } from './space.ts';
import { type EndedStep, lowestLoss, type Step, type Strategy, type StrategyConfig } from './strategy.ts';

/** How {@link asha} halves. */
export interface AshaOptions {
  /** How many combinations are begun. */
  trials: number;
  /** Budget of the lowest rung r; the rungs are r·ηᵏ, rounded, and the maximum. Default 1. */
  minimum?: number;
  /** Reduction factor η: of each rung, the best 1/η go on to the next. Default 4. */
  reduction?: number;
}

/**
 * The asynchronous successive halving algorithm (Li et al. 2020, MLSys, algorithm 2): a free place goes to a trial among
 * the best 1/η of the highest rung that has one to promote, else to a new random combination on the lowest rung. A
 * promoted trial goes on from its checkpoint.
 */
export function asha(options: AshaOptions): StrategyConfig {
  return { type: 'asha', ...options };
}

export function createAsha(config: StrategyConfig): Strategy {
  const { minimum = 1, reduction = 4 } = config;
  const lowest = checkNumber('asha: minimum', minimum, { min: 1, integer: true });
  const eta = checkNumber('asha: reduction', reduction, { min: 2 });
  const trials = checkNumber('asha: trials', config.trials, { min: 1, integer: true });

  const rungs = (maximum: number): number[] => {
    checkNumber('asha: minimum', lowest, { max: maximum });
    const budgets: number[] = [];
    for (let budget = lowest; budget < maximum; budget *= eta) budgets.push(Math.round(budget));
    budgets.push(maximum);
    const needed = Math.ceil(eta ** (budgets.length - 1));
    if (trials < needed) {
      throw new Error(
        `asha: trials must be at least ${needed}, so that one of them gets to the top of ${budgets.length} rungs ` +
          `(${budgets.join(', ')}), got ${trials}. Begin more trials or raise the minimum.`,
      );
    }
    return budgets;
  };

  return {
    blind: false,
    rungs,
    next({ begun, ended, space, maximum, random }): Step | undefined {
      const budgets = rungs(maximum);
      for (let rung = budgets.length - 2; rung >= 0; rung--) {
        const here = ended.filter(({ budget }) => budget === budgets[rung]);
        const above = new Set(
          begun.filter(({ budget }) => budget === budgets[rung + 1]).map((step) => step.trial),
        );
        const best = rank(here).slice(0, Math.floor(here.length / eta));
        const promoted = best.find((step) => !above.has(step.trial) && Number.isFinite(lowestLoss(step)));
        if (promoted) {
          return { trial: promoted.trial, values: promoted.values, budget: budgets[rung + 1]! };
        }
      }
      const trial = begun.reduce((count, step) => Math.max(count, step.trial + 1), 0);
      if (trial >= trials) return undefined;
      return { trial, values: drawValues(space, random(trial)), budget: budgets[0]! };
    },
  };
}

/** Best first; a rung is judged by the lowest loss up to its budget. */
function rank(steps: readonly EndedStep[]): EndedStep[] {
  return [...steps].sort((a, b) => lowestLoss(a) - lowestLoss(b) || a.trial - b.trial);
}
