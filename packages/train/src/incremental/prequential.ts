// Test, then train: every forecast is scored before its day is learnt. It is a backtest whose forecaster learns on the
// way, so the one gate of backtests holds for what is learnt as well: the history at the origin, and nothing else.

import {
  availableAt,
  type Series,
  sliceSeries,
  subset,
  type WindowOptions,
  type WindowSamples,
  windows,
} from '@tidecast/data';
import { type BacktestOptions, type BacktestResult, backtest } from '@tidecast/eval';
import { checkNumber } from '../check.ts';
import { forecast } from '../forecaster/forecast.ts';
import type { IncrementalLearner, UpdateResult } from './incremental-learner.ts';

/** When forecasts are issued, as in a backtest, and when there is an update. */
export interface PrequentialOptions
  extends Pick<BacktestOptions, 'from' | 'to' | 'every' | 'align' | 'onProgress' | 'signal'> {
  /** Time between updates [ms]; default: at every origin. */
  learnEvery?: number;
  /** Which windows are made of what is new, by the times of their origins; default: all without gaps. */
  windows?: Omit<WindowOptions, 'stride'>;
  /** Told of each update. */
  onUpdate?(update: PrequentialUpdate): void;
}

/** An update, and the origin at which it was made. */
export interface PrequentialUpdate extends UpdateResult {
  origin: number;
}

export interface PrequentialResult {
  /** Forecasts and what came, as `backtest` gives them. */
  backtest: BacktestResult;
  updates: readonly PrequentialUpdate[];
}

/**
 * Forecasts at one origin after the other, and learns on the way. At an origin the learner is first given the windows
 * that were issued at `from` or later and whose last target is known by now, each once; then the forecast is made. So a
 * window is learnt only when its last target was observed, which is after it was forecast, and nothing is learnt of the time before
 * `from`.
 * @throws as `backtest` and `update` do, and if the learner has learnt of the time after `from` already.
 */
export async function prequential(
  learner: IncrementalLearner,
  series: Series,
  options: PrequentialOptions,
): Promise<PrequentialResult> {
  const { from, to, every, align, onProgress, signal, onUpdate, windows: choice } = options;
  const learnEvery = checkNumber('prequential: learnEvery', options.learnEvery ?? every, { min: every });
  const { forecaster, learnedTo } = learner;
  if (learnedTo > from) {
    throw new Error(
      `prequential: from must not lie before ${new Date(learnedTo).toISOString()}, up to where the learner has learnt, got ` +
        `${new Date(from).toISOString()}: it would forecast what it has seen. Begin there, or with a learner of that time.`,
    );
  }
  const { spec } = forecaster;
  const updates: PrequentialUpdate[] = [];
  let last = Number.NEGATIVE_INFINITY;

  const learn = async (history: Series, origin: number): Promise<void> => {
    if (origin - last < learnEvery) return;
    const due = newWindows(history, origin);
    if (due.count === 0) return;
    last = origin;
    const update = { origin, ...(await learner.update(due, { signal })) };
    updates.push(update);
    onUpdate?.(update);
  };

  const newWindows = (history: Series, origin: number): WindowSamples => {
    const { steps, horizon, issueDelay = 0 } = spec;
    const since = Math.max(from - issueDelay, learner.learnedTo - horizon * series.step);
    const reach = steps * series.step + lateness(series);
    const all = windows(sliceSeries(history, since - reach, Number.POSITIVE_INFINITY), {
      ...spec,
      ...choice,
    });
    const known = (time: number) =>
      Math.max(...all.targetChannels.map((channel) => availableAt(channel, time)));
    const due: number[] = [];
    for (let i = 0; i < all.count; i++) {
      const isNew = all.origins[i]! >= from && all.to[i]! > learner.learnedTo;
      if (isNew && known(all.to[i]!) <= origin) due.push(i);
    }
    return subset(all, due);
  };

  const result = await backtest(
    async (history, origin) => {
      await learn(history, origin);
      return forecast(forecaster, history, origin);
    },
    series,
    {
      ...{ from, to, every, align, onProgress, signal },
      ...{ horizon: spec.horizon, targets: spec.targets, issueDelay: spec.issueDelay },
    },
  );
  return { backtest: result, updates };
}

/** How far back the last known value of any channel may lie [ms]: static inputs look for it. */
function lateness({ channels, step }: Series): number {
  return Math.max(
    ...channels.map(({ interval = 0, latency = 0 }) => 2 * step + interval + Math.max(0, latency)),
  );
}
