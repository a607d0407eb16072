// What a forecast would have said at earlier origins, asked anew from what was known then. This is how a method may learn
// from its own misses without keeping a diary: it depends on the history alone, so nothing leaks and nothing is lost.

import { asKnownAt, type Forecast, type ForecastFunction, lengthOf, type Series } from '@tidecast/data';

/** Something that goes through time once and learns at every origin, in order. */
export interface Learner {
  /** What was forecast at an origin, and the series as it was known then. */
  learn(forecast: Forecast, history: Series): void;
}

/**
 * Leads learners through the origins `origin − n·every` after `since`, up to but without `origin`. The answer is the forecast
 * at `origin` and a learner that has learned from all earlier ones; the next call goes on from there if the history is still
 * the same, and begins anew if not. An origin without a forecast (`HistoryError`) has nothing to teach.
 */
export function createReplay<L extends Learner>(
  forecast: ForecastFunction,
  { every, since, create }: { every: number; since: (history: Series) => number; create: () => L },
): (history: Series, origin: number) => Promise<{ learner: L; answer: Forecast }> {
  /** The learner, and the last forecast, of which it has not learned yet. */
  let kept: { learner: L; history: Series; origin: number; answer?: Forecast } | undefined;
  return async (history, origin) => {
    const last = kept;
    kept = undefined;
    const goesOn =
      last &&
      last.origin < origin &&
      (origin - last.origin) % every === 0 &&
      isContinued(last.history, history);
    const learner = goesOn ? last.learner : create();
    if (goesOn && last.answer) learner.learn(last.answer, last.history);
    const after = goesOn ? last.origin : since(history);
    for (let n = Math.ceil((origin - after) / every) - 1; n >= 1; n--) {
      await unlessTooEarly(async () => {
        const known = asKnownAt(history, origin - n * every);
        learner.learn(await forecast(known, origin - n * every), known);
      });
    }
    kept = { learner, history, origin };
    const answer = await forecast(history, origin);
    kept.answer = answer;
    return { learner, answer };
  };
}

async function unlessTooEarly(act: () => Promise<void>): Promise<void> {
  try {
    await act();
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
  const [before, now] = [earlier.values, later.values];
  for (let i = 0; i < before.length; i++) {
    if (before[i] !== now[i] && !Number.isNaN(before[i])) return false;
  }
  return true;
}
