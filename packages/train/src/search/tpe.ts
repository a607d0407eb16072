// The tree-structured Parzen estimator: it models where good trials lie and where bad ones do, field by field, and tries
// next where the first outweighs the second most.

import type { Random } from '@tidecast/data';
import { checkNumber } from '../check.ts';
import { createParzen } from './parzen.ts';
import { drawValues, type Field, valuesAt } from './space.ts';
import { lowestLoss, type Step, type Strategy, type StrategyConfig } from './strategy.ts';

/** How {@link tpe} models and draws. */
export interface TpeOptions {
  /** How many combinations are tried. */
  trials: number;
  /** Random ones at the start; default 10. */
  startup?: number;
  /** Draws from the good ones' density for each field, of which the most promising is taken; default 24. */
  candidates?: number;
  /** Share of the trials that count as good, at most 25 of them; default 0.15, as in the paper. */
  good?: number;
}

/**
 * The tree-structured Parzen estimator (Bergstra et al. 2011, NeurIPS, section 4): l(x) is the density of the best trials,
 * g(x) that of the others; each field takes the candidate with the greatest l(x)/g(x). Trials under way count among the
 * others, so that places do not all try the same.
 */
export function tpe(options: TpeOptions): StrategyConfig {
  return { type: 'tpe', ...options };
}

/** Most trials that count as good. */
const MAX_GOOD = 25;

export function createTpe(config: StrategyConfig): Strategy {
  const trials = checkNumber('tpe: trials', config.trials, { min: 1, integer: true });
  const startup = checkNumber('tpe: startup', config.startup ?? 10, { min: 1, integer: true });
  const candidates = checkNumber('tpe: candidates', config.candidates ?? 24, { min: 1, integer: true });
  const share = checkNumber('tpe: good', config.good ?? 0.15, { above: 0, below: 1 });
  return {
    blind: false,
    rungs: (maximum) => [maximum],
    next({ begun, ended, space, maximum, random }): Step | undefined {
      const trial = begun.length;
      if (trial >= trials) return undefined;
      const stream = random(trial);
      if (trial < startup || ended.length === 0) {
        return { trial, values: drawValues(space, stream), budget: maximum };
      }
      const ranked = [...ended].sort((a, b) => order(lowestLoss(a), lowestLoss(b)) || a.trial - b.trial);
      const count = Math.min(MAX_GOOD, Math.ceil(share * ranked.length));
      const good = ranked.slice(0, count);
      const isGood = new Set(good.map((each) => each.trial));
      const bad = begun.filter((each) => !isGood.has(each.trial));
      const pick = (name: string, field: Field) =>
        promising(name, field, { good, bad, candidates, random: stream });
      return { trial, values: valuesAt(space, pick), budget: maximum };
    },
  };
}

/** The coordinate, among draws from the good ones, where good outweighs bad most. */
function promising(
  name: string,
  field: Field,
  parts: { good: readonly Step[]; bad: readonly Step[]; candidates: number; random: Random },
): number {
  const { candidates, random } = parts;
  const of = (steps: readonly Step[]) =>
    createParzen(
      field,
      steps.flatMap(({ values }) => (values[name] === undefined ? [] : [values[name]])),
    );
  const [good, bad] = [of(parts.good), of(parts.bad)];
  let best = 0.5;
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < candidates; i++) {
    const coordinate = good.draw(random);
    const gain = Math.log(good.density(coordinate)) - Math.log(bad.density(coordinate));
    if (gain > highest) [best, highest] = [coordinate, gain];
  }
  return best;
}

/** Compares losses of which both may be infinite. */
function order(a: number, b: number): number {
  return a === b ? 0 : a - b;
}
