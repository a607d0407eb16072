// What a forecast would have said at earlier origins, asked anew from what was known then. This is how a method may learn
// from its own misses without keeping a diary: it depends on the history alone, so nothing leaks and nothing is lost.

import { asKnownAt, type Forecast, type ForecastFunction, lengthOf, type Series } from '@tidecast/data';

/** Something that goes through time once: it learns at every origin, in order, and then says what it says there. */
export interface Learner {
  /** What was forecast at an origin, and the series as it was known then. */
  learn(forecast: Forecast, history: Series): void;
}

/**
 * Leads learners through the origins `origin − n·every` after `since`, up to but without `origin`. `at` gives one that has
 * learned from all of them; the next call goes on from there if the history is still the same, and begins anew if not.
 */
export function createReplay<L extends Learner>(
  forecast: ForecastFunction,
  { every, since, create }: { every: number; since: (history: Series) => number; create: () => L },
): (history: Series, origin: number) => Promise<L> {
  let kept: { learner: L; history: Series; next: number } | undefined;
  return async (history, origin) => {
    const goesOn =
      kept && kept.next <= origin && (origin - kept.next) % every === 0 && isContinued(kept.history, history);
    const from = since(history);
    const { learner, next } =
      kept && goesOn
        ? kept
        : { learner: create(), next: origin - Math.max(0, Math.ceil((origin - from) / every) - 1) * every };
    kept = undefined;
    for (let past = next; past < origin; past += every) {
      await relive(learner, forecast, history, past);
    }
    kept = { learner, history, next: origin };
    return learner;
  };
}

/** One origin anew; where no forecast could be made (`HistoryError`) there is nothing to learn. */
async function relive(
  learner: Learner,
  forecast: ForecastFunction,
  history: Series,
  origin: number,
): Promise<void> {
  try {
    const known = asKnownAt(history, origin);
    learner.learn(await forecast(known, origin), known);
  } catch (error) {
    if (!(error instanceof Error && error.name === 'HistoryError')) throw error;
  }
}

/** True where `later` is the same series as `earlier`, with whatever became known since. */
function isContinued(earlier: Series, later: Series): boolean {
  const names = (series: Series) => series.channels.map(({ name }) => name).join('\n');
  if (earlier.start !== later.start || earlier.step !== later.step || names(earlier) !== names(later)) {
    return false;
  }
  if (lengthOf(later) < lengthOf(earlier)) return false;
  return earlier.values.every((value, i) => Number.isNaN(value) || value === later.values[i]);
}
